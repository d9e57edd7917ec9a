import type { PushPullMessage, PushPullNode, StreamMessage } from '../codec/index.ts';
import type { Address, GossipError, Timer } from '../runtime/index.ts';
import {
  formatAddress,
  GossipError as GossipErrorClass,
  hostFromBytes,
  randomFraction,
  StateError,
  Ticker,
} from '../runtime/index.ts';
import { findIncompatible } from './compatibility.ts';
import type { Core } from './core.ts';
import { callHook, requireBytes } from './core.ts';
import { pushPullScaleMs } from './formulas.ts';
import { warnOfLimit } from './limit-warnings.ts';
import type { Member } from './member.ts';
import { MergedRecords, SaidRecords } from './settled-records.ts';
import type { PathOf } from './state-rules.ts';
import { asExchange } from './state-rules.ts';
import { FirstContacts } from './first-contacts.ts';
import { goesRound } from './neighbours.ts';
import { watchStateSize } from './state-size.ts';
import type { StreamClient } from './stream-client.ts';
import type { ServedStream } from './stream-server.ts';

/** Hears how an exchange ended. */
export type PushPullCallback = (error: GossipError | null) => void;

/** What push/pull needs from other parts. */
export interface PushPullHooks {
  /** Merges some records, in their order. @returns whether there was nothing to do, as long as nothing changes */
  readonly merge: (nodes: readonly PushPullNode[], pathOf: PathOf) => boolean;
  /** Gossips what we hold of a member. */
  readonly spread: (name: string) => void;
}

/**
 * Full exchange of member records and of the state of the layer above: how a node joins, and how
 * what gossip missed is repaired.
 *
 * A merge happens only after the whole message was read and found compatible, in slices, so that a
 * ring of thousands does not block the loop.
 *
 * Each round also tries one of the recently dead. After a partition both halves hold each other for
 * dead and have no news left to tell; one exchange makes everyone who is wrongly dead refute it.
 *
 * @remarks memberlist pushPullNode; SWIM leaves anti-entropy out. The reunion is ours: in Go the halves of a
 * partition that outlasted the suspicions never find each other again
 */
export class PushPull {
  readonly #core: Core;
  readonly #client: StreamClient;
  readonly #hooks: PushPullHooks;
  readonly #ticker: Ticker | null;
  readonly #turns = new Set<Timer>();
  #followUp: Timer | null = null;
  readonly #firstContacts: FirstContacts;
  #isBusy = false;
  #isReuniting = false;
  #serving = 0;
  readonly #said: SaidRecords;
  readonly #merged: MergedRecords;

  constructor(core: Core, client: StreamClient, hooks: PushPullHooks) {
    this.#core = core;
    this.#client = client;
    this.#hooks = hooks;
    this.#firstContacts = new FirstContacts(core, hooks.spread);
    this.#said = new SaidRecords(core);
    this.#merged = new MergedRecords(core);
    const { intervalMs } = core.config.pushPull;
    this.#ticker =
      intervalMs === false
        ? null
        : new Ticker(core.ports, {
            intervalMs: () => pushPullScaleMs(intervalMs, core.table.size),
            onTick: () => {
              this.#round();
            },
          });
  }

  start(): void {
    this.#ticker?.start();
  }

  stop(): void {
    this.#ticker?.stop();
    this.#followUp?.cancel();
    this.#followUp = null;
    for (const turn of this.#turns) turn.cancel();
    this.#turns.clear();
  }

  /**
   * Exchanges everything with one node and merges what it holds.
   *
   * @param isJoin - tells the layers above on both sides that this is a first contact
   * @returns a function that gives up; `done` then hears nothing
   */
  exchange(to: Address, isJoin: boolean, done: PushPullCallback): () => void {
    const { config, counters, ports } = this.#core;
    counters.add('pushPulls.started');
    ports.logger.debug({ ...to, isJoin }, 'a push/pull begins');
    const options = { wantsReply: true, timeoutMs: config.limits.streamTimeoutMs };
    let isWanted = true;
    const contact = isJoin ? this.#firstContacts.begin() : null;
    const tell: PushPullCallback = (error) => {
      contact?.end();
      if (isWanted) done(error);
    };
    const giveUp = this.#client.exchange(to, this.#localState(isJoin), options, (error, reply) => {
      if (error !== null) return tell(error);
      if (reply?.type !== 'pushPull') {
        const text = `${formatAddress(to)} answered a push/pull with something else`;
        return tell(new GossipErrorClass('ERR_REMOTE', text, { reply: reply?.type }));
      }
      this.#merge(reply, isJoin, contact?.pathsOf(reply.nodes) ?? asExchange, tell);
    });
    return () => {
      isWanted = false;
      contact?.end();
      giveUp();
    };
  }

  /**
   * Serves a peer's request. It counts as being served until its stream has ended and what it brought is
   * merged, so that what waits to be merged is bounded too.
   *
   * @returns the reply: our state as it was before theirs is merged
   */
  serve(request: PushPullMessage, stream: ServedStream): StreamMessage {
    const { config, counters, ports } = this.#core;
    const { maxConcurrentPushPulls: limit } = config.limits;
    if (this.#serving >= limit) {
      counters.add('pushPulls.refused');
      const text = `${limit} push/pulls are being served; more are refused`;
      warnOfLimit(this.#core, 'limits.maxConcurrentPushPulls', text, { limit });
      return { type: 'error', reason: 'busy', text: 'too many push/pulls at once' };
    }
    counters.add('pushPulls.served');
    const reply = this.#localState(request.join);
    this.#serving += 1;
    let unfinished = 2;
    const finishOne = (): void => {
      unfinished -= 1;
      if (unfinished === 0) this.#serving -= 1;
    };
    stream.whenClosed(finishOne);
    // Who joins and knows nobody speaks of itself.
    const pathOf = request.join && request.nodes.length === 1 ? asNewcomer : asExchange;
    this.#merge(request, request.join, pathOf, (error) => {
      finishOne();
      if (error === null) return;
      counters.add('pushPulls.incompatible');
      ports.logger.warn({ code: error.code, ...error.fields }, 'a served push/pull was not merged');
    });
    return reply;
  }

  /**
   * One more exchange soon, after a join: of nodes that join at the same moment each may miss the others, and
   * the next regular round would be half a minute away.
   *
   * Not in a large ring where word of newcomers goes round (`newcomers.ts`): its neighbours tell a joiner whom it
   * missed, and a thousand who start together would tell one another a thousand times what all know. The first
   * regular round comes within half a minute there too, since its time was drawn while we were alone.
   */
  followUp(): void {
    if (this.#ticker === null || this.#followUp !== null) return;
    const { config, ports, table } = this.#core;
    if (goesRound(config) && table.size > MOST_FOLLOWED_UP) return;
    const { clock, random } = ports;
    const delayMs = FOLLOW_UP_MS * (1 + randomFraction(random));
    this.#followUp = clock.schedule(delayMs, () => {
      this.#followUp = null;
      this.#round();
    });
  }

  #round(): void {
    this.#tryReunion();
    if (this.#isBusy) return;
    const [target] = this.#core.table.pick(
      1,
      (record) => record.state === 'alive' && !record.isLocal,
    );
    if (target === undefined) return;
    this.#isBusy = true;
    this.exchange(target.address, false, (error) => {
      this.#isBusy = false;
      if (error === null) return;
      this.#core.counters.add('pushPulls.failed');
      this.#core.ports.logger.warn({ node: target.name, code: error.code }, 'push/pull failed');
    });
  }

  #tryReunion(): void {
    if (this.#isReuniting) return;
    const { config, counters, ports, table } = this.#core;
    if (!table.hasDead()) return;
    const since = ports.clock.now() - config.gossip.toTheDeadMs;
    const [target] = table.pick(1, (record) => {
      return record.state === 'dead' && record.stateChangedAt > since;
    });
    if (target === undefined) return;
    this.#isReuniting = true;
    counters.add('pushPulls.reunionsTried');
    this.exchange(target.address, false, (error) => {
      this.#isReuniting = false;
      if (error === null) counters.add('pushPulls.reunions');
    });
  }

  #localState(isJoin: boolean): PushPullMessage {
    const { delegates } = this.#core;
    const state = callHook(
      this.#core,
      'localState',
      () => requireBytes(delegates.user?.localState?.(isJoin) ?? NO_BYTES, 'localState'),
      NO_BYTES,
    );
    const nodes = this.#said.now(isJoin);
    const message = { type: 'pushPull', join: isJoin, nodes, userState: state } as const;
    watchStateSize(this.#core, 'sent', message);
    return message;
  }

  #merge(message: PushPullMessage, isJoin: boolean, pathOf: PathOf, done: PushPullCallback): void {
    const { nodes, userState } = message;
    watchStateSize(this.#core, 'received', message);
    if (!isJoin && this.#merged.has(nodes)) {
      this.#core.counters.add('pushPulls.unchanged');
      this.#mergeUserState(userState, isJoin);
      return done(null);
    }
    const error = this.#incompatibility(nodes) ?? this.#refusal(nodes, isJoin);
    if (error !== null) return done(error);
    const { version } = this.#core.table;
    const merge: Merge = { nodes, pathOf, isOldNews: true };
    this.#mergeSlice(merge, 0, () => {
      if (merge.isOldNews) this.#merged.add(nodes, version);
      this.#mergeUserState(userState, isJoin);
      done(null);
    });
  }

  #mergeUserState(userState: Uint8Array, isJoin: boolean): void {
    if (userState.length === 0) return;
    const { user } = this.#core.delegates;
    const merge = (): void => user?.mergeRemoteState?.(userState, isJoin);
    callHook(this.#core, 'mergeRemoteState', merge, undefined);
  }

  #mergeSlice(merge: Merge, start: number, done: () => void): void {
    const { nodes, pathOf } = merge;
    const end = start + MERGE_SLICE;
    if (!this.#hooks.merge(nodes.slice(start, end), pathOf)) merge.isOldNews = false;
    this.#core.counters.add('pushPulls.slices');
    if (end >= nodes.length) return done();
    const turn = this.#core.ports.clock.afterPendingInput(() => {
      this.#turns.delete(turn);
      this.#mergeSlice(merge, end, done);
    });
    this.#turns.add(turn);
  }

  #refusal(nodes: readonly PushPullNode[], isJoin: boolean): GossipError | null {
    const { admission } = this.#core.delegates;
    if (!isJoin || admission?.admitMerge === undefined) return null;
    const members = nodes.map((node) => remoteMember(node, this.#core.local.name));
    if (callHook(this.#core, 'admitMerge', () => admission.admitMerge?.(members) ?? true, false))
      return null;
    this.#core.counters.add('pushPulls.mergeRefused');
    return new StateError('ERR_MERGE_REFUSED', 'the admission delegate refused to merge', {
      nodes: members.length,
    });
  }

  #incompatibility(nodes: readonly PushPullNode[]): GossipError | null {
    const outsider = findIncompatible(nodes, this.#core.table.all());
    if (outsider === null) return null;
    return new GossipErrorClass('ERR_REMOTE', `${outsider.name} speaks no version all understand`, {
      node: outsider.name,
      versions: [...outsider.versions],
    });
  }
}

/** What is being merged. */
interface Merge {
  readonly nodes: readonly PushPullNode[];
  readonly pathOf: PathOf;
  /** Whether there was nothing to do so far. */
  isOldNews: boolean;
}

const asNewcomer: PathOf = () => 'newcomer';

function remoteMember(node: PushPullNode, localName: string): Member {
  const { name, state, incarnation, metadata, port } = node;
  const host = hostFromBytes(node.address) ?? '';
  return Object.freeze({
    name,
    host,
    port,
    state,
    incarnation,
    metadata: metadata.slice(),
    isLocal: name === localName,
  });
}

/** Least wait until the exchange that follows a join; at most twice that. */
const FOLLOW_UP_MS = 500;
/** Members up to which a join is followed up everywhere: below it exchanges cost little, and stay frequent. */
const MOST_FOLLOWED_UP = 32;
/** Records merged between two turns of the loop. */
const MERGE_SLICE = 128;
const NO_BYTES = new Uint8Array(0);
