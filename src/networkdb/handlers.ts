import type { NetworkEvent, NodeEvent, TableEventReader } from '../codec/index.ts';
import type { Address } from '../runtime/index.ts';
import type { ByteRange } from './byte-range.ts';
import type { Collisions } from './collisions.ts';
import type { Conflicts } from './conflicts.ts';
import type { EarlyEvent, EarlyEvents } from './early-events.ts';
import type { EntryVersion, StoredEntry } from './entry.ts';
import { compareVersions } from './entry.ts';
import type { EventPath } from './event-path.ts';
import type { Ghosts } from './ghosts.ts';
import type { LamportClock } from './lamport.ts';
import { isValidName } from './names.ts';
import { MAX_RESIDUAL_MS } from './options.ts';
import type { Overruled } from './overruled.ts';
import type { Publisher } from './publisher.ts';
import type { TableState } from './transitions.ts';

/*
 * What each event from the cluster does. Every handler runs to its end at once. Events come in any
 * order, repeated, late and forged; whatever is not news or cannot be right is dropped and counted by
 * reason, never thrown.
 */

/** Why an inbound event or message was dropped. */
export type DropReason =
  | 'malformed'
  | 'type'
  | 'kind'
  | 'name'
  | 'value'
  | 'time'
  | 'nodeUnknown'
  | 'notAttached'
  | 'ownerUnknown'
  | 'ownerLeaving'
  | 'stale'
  | 'limit'
  | 'waiting'
  | 'depth';

/** What the handlers work on. */
export interface HandlerParts {
  readonly state: TableState;
  readonly publisher: Publisher;
  readonly early: EarlyEvents;
  readonly ghosts: Ghosts;
  readonly conflicts: Conflicts;
  readonly collisions: Collisions;
  readonly overruled: Overruled;
  /** Handles kept events again, in order, as gossip. */
  readonly replay: (events: readonly EarlyEvent[]) => void;
  /** Something strange that somebody should look at. */
  readonly warn: (reason: 'lamport-jump', fields: Readonly<Record<string, unknown>>) => void;
}

/** Counts something that was dropped. */
export function drop(state: TableState, reason: DropReason): void {
  state.counters.add(`tables.dropped.${reason}`);
}

/**
 * A node came or says good-bye.
 *
 * @remarks networkdb: node event. Joins only move clocks, since the membership tells who is alive.
 */
export function handleNodeEvent(parts: HandlerParts, event: NodeEvent, inner: Uint8Array): void {
  const { state, publisher } = parts;
  if (event.kind === 'invalid') return drop(state, 'kind');
  const time = witnessed(parts, state.networkClock, event.time, event.node);
  if (time === null || event.node === state.localName) return;
  const record = state.nodes.get(event.node);
  if (record === undefined) return drop(state, 'nodeUnknown');
  if (record.time >= time) return drop(state, 'stale');
  record.time = time;
  if (record.state !== 'active' || event.kind === 'join') return;
  state.depart(record);
  publisher.relayNodeEvent(inner);
}

/**
 * A node joined or left a network.
 *
 * @remarks networkdb: network event. About ourselves nobody else decides: see `ghosts.ts`.
 */
export function handleNetworkEvent(
  parts: HandlerParts,
  event: NetworkEvent,
  inner: Uint8Array,
  path: EventPath,
): void {
  const { state, early, publisher } = parts;
  const { node, network, kind } = event;
  if (kind === 'invalid') return drop(state, 'kind');
  if (!isValidName('network', network)) return drop(state, 'name');
  const time = witnessed(parts, state.networkClock, event.time, node);
  if (time === null) return;
  if (node === state.localName) return parts.ghosts.answerAttachment(event, time);
  const known = state.attachments.peer(node, network);
  if (known === undefined) {
    if (kind === 'leave') return drop(state, 'notAttached');
    if (!state.nodes.isActive(node)) {
      early.keep({ kind: 'network', node, network, inner });
      return drop(state, 'nodeUnknown');
    }
    if (!hasRoomForAttachment(state, node, network)) return drop(state, 'limit');
  } else if (known.time >= time) {
    return drop(state, 'stale');
  }
  if (kind === 'join') state.attach(node, network, time);
  else state.detach(node, network, time);
  if (path === 'gossip' || path === 'stream') publisher.relayNetworkEvent(network, node, inner);
  if (kind === 'join') parts.replay(early.takeWrites(node, network));
}

/**
 * Somebody wrote to a table.
 *
 * @remarks networkdb: table event. The winner rule is `compareVersions`. Events of a failed owner, passed
 * on by others, are stored and stay hidden. An unknown delete leaves a tombstone too, or a late create
 * would revive what was deleted.
 *
 * @param event - reads another one as soon as this returns: who keeps it takes a copy
 */
export function handleTableEvent(
  parts: HandlerParts,
  event: TableEventReader,
  inner: ByteRange,
  path: EventPath,
  from?: Address,
): void {
  const { state, early, publisher } = parts;
  const { network, table, key, owner } = event;
  const problem = problemOf(event, state.options.limits.maxValueBytes);
  if (problem !== null) return drop(state, problem);
  if (owner === state.localName) {
    const claimedTime = judged(parts, state.tableClock, event.time, owner);
    if (claimedTime === null) return;
    const own = state.store.get(network, table, key);
    if (from !== undefined && isSame(event, claimedTime, own)) publisher.heardAgain(event, from);
    else parts.ghosts.answerWrite(event.toEvent(), claimedTime);
    return;
  }
  const time = witnessed(parts, state.tableClock, event.time, owner);
  if (time === null) return;
  if (state.attachments.joined(network) === undefined) return drop(state, 'notAttached');
  // The time was found to be a number that can be used, so that the event is a version as it stands.
  const version = event as TableEventReader & EntryVersion;
  const attachment = state.attachments.peer(owner, network);
  if (attachment === undefined) {
    early.keep({ kind: 'table', node: owner, network, inner: inner.view() });
    parts.overruled.told(version);
    return drop(state, 'ownerUnknown');
  }
  if (attachment.isLeaving) return drop(state, 'ownerLeaving');
  const held = state.store.get(network, table, key);
  const { isDeleted } = event;
  if (!wins(parts, event, version, held)) {
    if (from !== undefined && isSame(event, time, held)) publisher.heardAgain(event, from);
    else if (held !== undefined) parts.overruled.passedOver(version, held);
    return drop(state, 'stale');
  }
  const residualMs = residualOf(state, event);
  // What has no more than a tick to live has been forgotten here already, or changes nothing.
  if (held === undefined && residualMs > 0 && residualMs <= state.options.reapPeriodMs) {
    return drop(state, 'stale');
  }
  if (held === undefined && state.store.occupied >= state.options.limits.maxEntries) {
    return drop(state, 'limit');
  }
  const expiresAt = residualMs === 0 ? 0 : state.countdown.after(residualMs);
  // Only what comes with a whole sync stands together with others: see `kept-pages.ts`.
  const written = path === 'bulk-sync' ? version : { time, owner, isDeleted, value: event.value };
  state.write(event, written, expiresAt, 'remote', held ?? null);
  state.counters.add('tables.accepted');
  // What the first exchange brings is known to all others. News is not: its writer may have reached nobody else.
  const isSynced = state.attachments.joined(network)?.isSynced === true;
  if (!isSynced && path !== 'gossip') return;
  // A young one may have overtaken its create, which others have: Go leaves that to the next exchange. An
  // old one was forgotten here, and would go round for ever.
  const isUnknownDelete = held === undefined && isDeleted;
  if (isUnknownDelete && residualMs <= state.options.reapEntryMs / 6) return;
  publisher.relayWrite(event, inner.view(), path, from);
}

function wins(
  parts: HandlerParts,
  event: TableEventReader,
  version: EntryVersion,
  held: StoredEntry | undefined,
): boolean {
  if (held === undefined) return true;
  const order = compareVersions(version, held);
  const isNewer = order > 0;
  if (version.time === held.time && order !== 0) {
    const [winner, loser] = isNewer ? [version, held] : [held, version];
    const isOneOwner = winner.owner === loser.owner;
    if (!isOneOwner) parts.conflicts.note(event, winner, loser);
    // A tombstone of the time and owner of a live entry is forged, and its owner has nothing to say to it.
    if (!isOneOwner || winner.isDeleted === loser.isDeleted) {
      parts.collisions.met({ address: event, winner, loser });
    }
  }
  return isNewer;
}

function isSame(event: TableEventReader, time: number, held: StoredEntry | undefined): boolean {
  const { owner, value } = event;
  const version = { time, owner, isDeleted: event.kind === 'delete', value };
  return held !== undefined && compareVersions(version, held) === 0;
}

function problemOf(event: TableEventReader, maxValueBytes: number): DropReason | null {
  if (event.kind === 'invalid') return 'kind';
  if (!isValidName('network', event.network)) return 'name';
  if (!isValidName('table', event.table) || !isValidName('key', event.key)) return 'name';
  return event.valueBytes > maxValueBytes ? 'value' : null;
}

/** Milliseconds until the entry is forgotten, 0 for never; what peers ask for is bounded. */
function residualOf(state: TableState, event: TableEventReader): number {
  const isOwnerFailed = state.nodes.isFailed(event.owner);
  if (event.kind !== 'delete' && !isOwnerFailed) return 0;
  if (event.residualReapSeconds <= 0) return state.options.reapEntryMs;
  return Math.min(event.residualReapSeconds * 1000, MAX_RESIDUAL_MS);
}

function hasRoomForAttachment(state: TableState, node: string, network: string): boolean {
  const { maxNetworks, maxNetworksPerNode } = state.options.limits;
  const { attachments } = state;
  if (attachments.networkCountOf(node) >= maxNetworksPerNode) return false;
  return attachments.knowsNetwork(network) || attachments.peerNetworkCount < maxNetworks;
}

/** The time as a number if the clock can use it. */
function judged(
  parts: HandlerParts,
  clock: LamportClock,
  time: number | bigint,
  node: string,
): number | null {
  const verdict = clock.judge(time);
  if (verdict === 'ok') return Number(time);
  drop(parts.state, 'time');
  if (verdict === 'jump') parts.warn('lamport-jump', { node, time, clock: clock.time });
  return null;
}

function witnessed(
  parts: HandlerParts,
  clock: LamportClock,
  time: number | bigint,
  node: string,
): number | null {
  const usable = judged(parts, clock, time, node);
  if (usable !== null) clock.witness(usable);
  return usable;
}
