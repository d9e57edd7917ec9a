import type { AliveMessage, DeadMessage, SuspectMessage } from '../../src/codec/index.ts';
import type { Parts } from '../../src/memberlist/assemble.ts';
import { assemble, resolvePorts } from '../../src/memberlist/assemble.ts';
import type { MemberlistDelegates, MemberlistOptions } from '../../src/memberlist/index.ts';
import { resolveMemberlistConfig } from '../../src/memberlist/index.ts';
import type { MemberRecord } from '../../src/memberlist/member.ts';
import { StateRules } from '../../src/memberlist/state-rules.ts';
import type { Address } from '../../src/runtime/index.ts';
import { hostToBytes, SeededRandom } from '../../src/runtime/index.ts';
import { createMemoryRuntime, MemoryNetwork, VirtualClock } from '../../src/simulator/index.ts';

/*
 * The state rules on a table of their own: no sockets and no tickers. Claims go in; the table, the
 * broadcast queue and the events are looked at. What the rules ask of others is kept in `asked`.
 */

/** A question to an endpoint that a test answers by hand. */
export interface Question {
  readonly name: string;
  readonly endpoint: Address;
  readonly answer: (isThere: boolean) => void;
}

/** The rules of a node called `me` at 10.0.0.1. */
export class RulesBench {
  readonly clock = new VirtualClock();
  readonly parts: Parts;
  readonly rules: StateRules;
  /** `join a`, `suspect a`, …, in order. */
  readonly events: string[] = [];
  readonly asked: Question[] = [];
  /** Suspects that are asked themselves before the doubt ends. */
  readonly lastLooks: { readonly name: string; readonly answer: () => void; isOver: boolean }[] =
    [];
  /** Claims shown to whom they contradict: `alive a 3 to 10.0.0.2`. */
  readonly shown: string[] = [];
  nudges = 0;

  constructor(options: MemberlistOptions = {}, delegates: MemberlistDelegates = {}) {
    const network = new MemoryNetwork({ clock: this.clock, random: new SeededRandom(1) });
    const runtime = createMemoryRuntime({ network, host: '10.0.0.1', seed: 1 });
    const config = resolveMemberlistConfig({ nodeName: 'me', ...options });
    this.parts = assemble(config, resolvePorts(runtime), delegates);
    const { core } = this.parts;
    this.rules = new StateRules(core, {
      verifyEndpoint: (node, answer) => this.asked.push({ ...node, answer }),
      askSuspect: ({ name }, answer) => {
        const look = { name, answer, isOver: false };
        this.lastLooks.push(look);
        return () => {
          look.isOver = true;
        };
      },
      show: ({ type, node, incarnation }, { host }) => {
        this.shown.push(`${type} ${node} ${incarnation} to ${host}`);
      },
      nudge: () => {
        this.nudges += 1;
      },
      nudgeNewcomers: () => {
        this.nudges += 1;
      },
    });
    for (const name of ['join', 'suspect', 'fail', 'leave', 'update'] as const) {
      core.events.listeners.on(name, (member) => this.events.push(`${name} ${member.name}`));
    }
    core.events.listeners.on('nameConflict', ({ existing, claimed }) => {
      this.events.push(`conflict ${existing.name} ${claimed.host}`);
    });
    core.events.listeners.on('warning', ({ code }) => this.events.push(code));
    core.local.amend({
      addressBytes: hostToBytes('10.0.0.1'),
      address: { host: '10.0.0.1', port: 7946 },
    });
    this.rules.announce(new Uint8Array(0));
    this.forget();
  }

  /** Forgets what was seen so far: events, and what is queued. */
  forget(): void {
    this.events.length = 0;
    this.nudges = 0;
    this.parts.core.queue.clear();
  }

  /** The record of a node; fails when there is none. */
  record(name: string): MemberRecord {
    const record = this.parts.core.table.get(name);
    if (record === undefined) throw new Error(`no record of ${name}`);
    return record;
  }

  /** `alive 3` and the like. */
  stateOf(name: string): string {
    const record = this.parts.core.table.get(name);
    return record === undefined ? 'unknown' : `${record.state} ${record.incarnation}`;
  }

  /** What waits to be gossiped, as `alive a 3`, without counting a transmit for long. */
  queued(): string[] {
    const { queue, wire } = this.parts.core;
    return queue
      .getBroadcasts(0, 1_000_000)
      .map((bytes) => wire.decodePacketMessage(bytes))
      .map((claim) => {
        return 'incarnation' in claim
          ? `${claim.type} ${claim.node} ${claim.incarnation}`
          : claim.type;
      })
      .sort();
  }
}

/** An alive claim of a node at 10.0.0.2, unless changed. */
export function alive(
  node: string,
  incarnation: number,
  o: Partial<AliveMessage> = {},
): AliveMessage {
  return {
    type: 'alive',
    node,
    incarnation,
    address: hostToBytes('10.0.0.2'),
    port: 7946,
    metadata: new Uint8Array(0),
    versions: Uint8Array.of(1, 5, 2, 0, 0, 0),
    startId: startId(1),
    ...o,
  };
}

/** A suspicion, by `other` unless said otherwise. */
export function suspect(node: string, incarnation: number, from = 'other'): SuspectMessage {
  return { type: 'suspect', node, incarnation, from };
}

/** A death, told by `other`; from the node itself it is a leave. */
export function dead(node: string, incarnation: number, from = 'other'): DeadMessage {
  return { type: 'dead', node, incarnation, from };
}

/** Four bytes that name one start of a process. */
export function startId(n: number): Uint8Array {
  return new Uint8Array(4).fill(n);
}
