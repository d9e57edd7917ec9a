import assert from 'node:assert/strict';

import type { Checker } from '../../../src/simulator/checkers/checker.ts';
import type { Fact, MemberFact, SizeFact } from '../../../src/simulator/checkers/facts.ts';

/* Histories made by hand, for checkers. Time passes by one millisecond from fact to fact. */

/** A fact without its time. */
type Timeless<F> = F extends unknown ? Omit<F, 'atMs' | 'ownMs'> & { ownMs?: number } : never;
export type Event = Timeless<Fact>;

const HOSTS: Readonly<Record<string, string>> = { a: '10.0.0.1:7946', b: '10.0.0.2:7946' };

/** A process starts under its name, and issues incarnation 1. */
export function start(life: string, endpoint?: string): Event[] {
  const name = life.replace(/'.*/, '');
  const at = endpoint ?? HOSTS[name] ?? '10.0.0.9:7946';
  const keeps = { keepsMs: 60_000, tickMs: 5_000 };
  return [{ kind: 'start', life, name, endpoint: at, ...keeps }, own(life, 1)];
}

/** A process issues an incarnation. */
export function own(life: string, incarnation: number, state: 'alive' | 'left' = 'alive'): Event {
  return { ...holds(life, life.replace(/'.*/, ''), state, incarnation), isOwn: true };
}

/** A process holds another for something. */
export function holds(
  life: string,
  node: string,
  state: MemberFact['state'],
  incarnation: number,
  endpoint = HOSTS[node] ?? '10.0.0.9:7946',
): Timeless<MemberFact> {
  return { kind: 'member', life, node, state, incarnation, endpoint, isOwn: false };
}

const PLACE = { network: 'prod', table: 't', key: 'k' } as const;

/** What a write was. */
export interface Written {
  readonly time: number;
  readonly value?: string;
  readonly isDeleted?: boolean;
  readonly isHidden?: boolean;
  readonly key?: string;
}

/** A process holds an entry. */
export function entry(life: string, owner: string, written: Written): Event {
  const { time, value = `v${time}`, isDeleted = false, isHidden = false, key = 'k' } = written;
  const bytes = new TextEncoder().encode(value);
  return { kind: 'entry', life, ...PLACE, key, owner, time, isDeleted, isHidden, value: bytes };
}

/** A process forgets an entry. */
export function forgets(life: string, owner: string, written: Written, ownMs?: number): Event {
  const by = ownMs === undefined ? {} : { ownMs };
  return { ...entry(life, owner, written), ...by, kind: 'entryForgotten' } as Event;
}

/** An owner's entries are visible, hidden or gone for a process. */
export function ownerIs(
  life: string,
  owner: string,
  state: 'present' | 'hidden' | 'gone',
  ownMs?: number,
): Event {
  const by = ownMs === undefined ? {} : { ownMs };
  return { kind: 'owner', life, network: PLACE.network, owner, state, ...by };
}

/** A process tells that it is on the network, or is not. */
export function tellsOf(life: string, state: 'joined' | 'left', time: number): Event {
  const node = life.replace(/'.*/, '');
  return { ...hasOn(life, node, state, time), isOwn: true } as Event;
}

/** A process holds another for one that is on the network, or is not. */
export function hasOn(
  life: string,
  node: string,
  state: 'joined' | 'left' | 'forgotten',
  time: number,
): Event {
  return { kind: 'attachment', life, node, network: PLACE.network, state, time, isOwn: false };
}

/** The tables of a process see a node so. */
export function sees(
  life: string,
  node: string,
  state: 'active' | 'failed' | 'left' | 'forgotten',
  o: { readonly time?: number; readonly ownMs?: number } = {},
): Event {
  const endpoint = HOSTS[node] ?? '10.0.0.9:7946';
  return { kind: 'node', life, node, state, time: 0, endpoint, ...o };
}

/** Both are on the network, at time 1, and know it of each other. */
export function together(first: string, second: string): Event[] {
  return [
    ...[
      ...start(first),
      ...start(second),
      tellsOf(first, 'joined', 1),
      tellsOf(second, 'joined', 1),
    ],
    ...[sees(first, second, 'active'), sees(second, first, 'active')],
    ...[hasOn(first, second, 'joined', 1), hasOn(second, first, 'joined', 1)],
  ];
}

/** How much there is of something. */
export function size(sort: SizeFact['sort'], count: number, cap = 10): Event {
  return { kind: 'size', life: 'a', what: `${sort} things`, size: count, cap, sort };
}

/** Tells a checker of a history. */
export function feed(checker: Checker, ...events: readonly (Event | readonly Event[])[]): void {
  let atMs = 0;
  for (const event of events.flat()) {
    atMs += 1;
    checker.see({ ownMs: atMs, ...event, atMs });
  }
}

/** The last event of the history must be refused, and none before it. */
export function assertRefused(
  make: () => Checker,
  expected: RegExp,
  ...history: readonly (Event | readonly Event[])[]
): void {
  const events = history.flat();
  feed(make(), events.slice(0, -1));
  const error = { code: 'ERR_CHECK_FAILED', message: expected };
  assert.throws(() => {
    feed(make(), events);
  }, error);
}
