import { CheckError } from './checker.ts';
import type {
  AttachmentFact,
  Fact,
  FarewellFact,
  MemberFact,
  NodeFact,
  OwnerFact,
  StartFact,
} from './facts.ts';
import { factText } from './facts.ts';

/*
 * Who may rightly be given up, with all that it published, from what nodes have said of themselves:
 *
 *   off a network       who has told, at that very time, that it is off
 *   out of the cluster  who has said good-bye, at that very time or with that incarnation; whose address another name
 *                       bears now; who has been gone for a day
 *
 * A node that takes part may be given up rightly all the same. A good-bye may be that of an earlier process of the name,
 * heard late; word of a process that crashed may come after word of the one that has its address now. Each such word
 * counts once at each observer.
 */

/** A node as an observer's tables see it. */
interface Seen {
  readonly state: NodeFact['state'];
  /** When it left the state active, by the observer's own clock; null while it is active. */
  readonly goneSinceMs: number | null;
}

/** What one process holds of others. */
interface View {
  readonly start: StartFact;
  /** Networks that it has told it is on, or is not. */
  readonly own: Map<string, boolean>;
  readonly members: Map<string, MemberFact>;
  readonly nodes: Map<string, Seen>;
  /** By node and network. */
  readonly attachments: Map<string, AttachmentFact>;
  /** Of each node the time of the good-bye that was acted on last. */
  readonly farewells: Map<string, number>;
}

/** Follows who is there for whom. */
export class Departures {
  readonly #views = new Map<string, View>();
  readonly #guests = new Set<string>();
  /** Where processes of a name have run. */
  readonly #endpoints = new Map<string, Set<string>>();
  /** Attachments that processes have told of themselves. */
  readonly #announced = new Set<string>();
  /** By name. */
  readonly #farewells = new Map<string, Set<number>>();

  /** @throws CheckError when somebody is given up, or taken for one that is there, for no reason */
  see(fact: Fact): void {
    if (fact.kind === 'start') this.#started(fact);
    else if (fact.kind === 'end') this.#views.delete(fact.life);
    else if (fact.kind === 'member') this.#views.get(fact.life)?.members.set(fact.node, fact);
    else if (fact.kind === 'memberForgotten') {
      this.#views.get(fact.life)?.members.delete(fact.node);
    } else if (fact.kind === 'farewell') this.#saidGoodBye(fact);
    else if (fact.kind === 'attachment') this.#attached(fact);
    else if (fact.kind === 'node') this.#nodeChanged(fact);
  }

  /** The name is borne by somebody whom nobody watches. */
  meet(guest: string): void {
    this.#guests.add(guest);
  }

  /** Whether what the name says of itself is known, because all its processes are watched. */
  isWatched(name: string): boolean {
    return this.#endpoints.has(name) && !this.#guests.has(name);
  }

  /** Whether a process may forget all that an owner published on a network. */
  mayDrop({ life, network, owner, ownMs }: OwnerFact): boolean {
    const view = this.#views.get(life);
    if (view === undefined || view.own.get(network) === false) return true;
    if (owner === view.start.name) return false;
    if (!this.isWatched(owner)) return true;
    if (view.attachments.get(pairId(owner, network))?.state === 'left') return true;
    return isGone(view, owner, ownMs);
  }

  /** Whether a process may take what an owner writes on a network: both are on it, as far as it knows. */
  mayTake(life: string, network: string, owner: string): boolean {
    const view = this.#views.get(life);
    if (view === undefined || owner === view.start.name || !this.isWatched(owner)) return true;
    const isOn = view.attachments.get(pairId(owner, network))?.state === 'joined';
    return isOn && view.own.get(network) === true;
  }

  #started(fact: StartFact): void {
    const { life, name, endpoint } = fact;
    const empty = { members: new Map(), nodes: new Map(), attachments: new Map() };
    this.#views.set(life, { start: fact, own: new Map(), farewells: new Map(), ...empty });
    this.#endpoints.set(name, (this.#endpoints.get(name) ?? new Set<string>()).add(endpoint));
  }

  #saidGoodBye({ node, time }: FarewellFact): void {
    this.#farewells.set(node, (this.#farewells.get(node) ?? new Set<number>()).add(time));
  }

  #attached(fact: AttachmentFact): void {
    const { life, node, network, state, time, isOwn } = fact;
    const view = this.#views.get(life);
    if (isOwn) {
      this.#announced.add(announcedId(fact));
      view?.own.set(network, state === 'joined');
      return;
    }
    if (view === undefined) return;
    const id = pairId(node, network);
    const held = view.attachments.get(id);
    if (state === 'forgotten') view.attachments.delete(id);
    else view.attachments.set(id, fact);
    if (!this.isWatched(node)) return;
    if (state === 'forgotten') {
      if (held?.state !== 'joined' || isGone(view, node, fact.ownMs)) return;
      fail(fact, 'a node that is there is not taken off a network');
    }
    if (!this.#announced.has(announcedId(fact))) {
      fail(fact, `${node} has not told that it has ${state} ${network} at time ${time}`);
    }
    if (held !== undefined && held.time >= time) {
      fail(fact, `what a node tells of a network is never older, and it was of time ${held.time}`);
    }
  }

  #nodeChanged(fact: NodeFact): void {
    const { life, node, state, ownMs } = fact;
    const view = this.#views.get(life);
    if (view === undefined) return;
    const before = view.nodes.get(node);
    if (node !== view.start.name && this.isWatched(node)) {
      if (state === 'left') this.#checkLeft(view, fact);
      if (state === 'forgotten' && !isLongGone(view, before, ownMs)) {
        fail(fact, 'a node is remembered for a day');
      }
    }
    if (state === 'forgotten') {
      view.nodes.delete(node);
      view.farewells.delete(node);
      return;
    }
    const goneSinceMs = state === 'active' ? null : (before?.goneSinceMs ?? ownMs);
    view.nodes.set(node, { state, goneSinceMs });
  }

  #checkLeft(view: View, fact: NodeFact): void {
    const { node, time, endpoint } = fact;
    if (view.members.get(node)?.state === 'left') return;
    const isSaid = this.#farewells.get(node)?.has(time) === true;
    if (isSaid && time > (view.farewells.get(node) ?? -1)) {
      view.farewells.set(node, time);
      return;
    }
    for (const [name, member] of view.members) {
      const isThere = member.state === 'alive' || member.state === 'suspect';
      if (name === node || member.endpoint !== endpoint || !isThere) continue;
      if (!this.isWatched(name) || this.#endpoints.get(name)?.has(endpoint) === true) return;
    }
    fail(fact, `${node} has said no good-bye that is news, and nobody else is at its address`);
  }
}

/** Milliseconds after which a node that is gone is forgotten. */
const NODE_MS = 86_400_000;

/** Whether it has left the cluster, or is gone for so long that nothing of it is remembered. */
function isGone(view: View, node: string, ownMs: number): boolean {
  const seen = view.nodes.get(node);
  return seen?.state === 'left' || isLongGone(view, seen, ownMs);
}

/**
 * Whether a node was gone for a day at a moment of the observer's own clock. What is counted in ticks may be short by two:
 * one that was about to come when the count began, and one that follows a stall at once.
 */
function isLongGone({ start }: View, seen: Seen | undefined, ownMs: number): boolean {
  if (seen === undefined || seen.goneSinceMs === null) return false;
  return ownMs - seen.goneSinceMs >= NODE_MS - 2 * start.tickMs;
}

function fail(fact: Fact, expected: string): never {
  throw new CheckError({ checker: 'tables', expected, found: factText(fact).trim() });
}

function pairId(node: string, network: string): string {
  return JSON.stringify([node, network]);
}

function announcedId({ node, network, state, time }: AttachmentFact): string {
  return JSON.stringify([node, network, state, time]);
}
