import type { NetworkDBOptions } from '../networkdb/index.ts';
import type { Address } from '../runtime/index.ts';
import type { LinkSettings } from './links.ts';
import type { SimNode, SimProcess } from './process.ts';
import type { TraceOptions } from './trace.ts';

/*
 * What calls of a world are given, and the words and addresses for it.
 */

/** How a world is made. */
export interface WorldOptions {
  /** Decides everything that is random; any integer. */
  readonly seed: number;
  /** Options of every node that `spawn` starts. */
  readonly config: NetworkDBOptions;
  /** Settings of every link. */
  readonly network: Partial<LinkSettings>;
  readonly trace: TraceOptions;
  /** Whether checkers watch every node. Default false. */
  readonly checks?: boolean;
}

/** How long to wait for a condition. */
export interface UntilOptions {
  /** Virtual milliseconds after which the wait fails. Default 60000. */
  readonly withinMs?: number;
  /** Says in the failure what did not come true. */
  readonly what?: string;
  /** Whether the scenario may end before it; else a wait that nobody has awaited fails the simulation. Default false. */
  readonly mayOutlast?: boolean;
}

/** A place in the simulated network: a process, its name, or the address of a host. */
export type Place = SimProcess | string;

const SOURCE_LENGTH = 80;

/** The source of a condition, on one line, for whoever reads that it did not hold. */
export function sourceOf(condition: () => boolean): string {
  const source = String(condition).replaceAll(/\s+/g, ' ');
  const isLong = source.length > SOURCE_LENGTH;
  return `the condition ${isLong ? `${source.slice(0, SOURCE_LENGTH - 1)}…` : source}`;
}

/** What was given to be noted, as text: the trace of a test that fails must not fail itself. */
export function textOf(given: unknown): string {
  if (typeof given === 'string') return given;
  try {
    const text = JSON.stringify(given) as string | undefined;
    return text ?? String(given);
  } catch {
    return String(given);
  }
}

/** Where a newcomer joins: at the oldest of those that are open, or as it was told. */
export function joinTargets(
  join: readonly (SimNode | string)[] | false | undefined,
  nodes: readonly SimNode[],
): string[] {
  if (join === false) return [];
  if (join !== undefined) return join.map(targetOf);
  const oldest = nodes.find(({ openDb }) => openDb !== null);
  return oldest === undefined ? [] : [targetOf(oldest)];
}

/** What is to be joined, as `NetworkDB.join` takes it. */
function targetOf(target: SimNode | string): string {
  if (typeof target === 'string') return target;
  const { host, port } = target.db.localMember;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An endpoint of a record: `host:port`, or `[v6]:port`. */
export function addressOf(endpoint: string): Address {
  const at = endpoint.lastIndexOf(':');
  return {
    host: endpoint.slice(0, at).replace(/^\[|\]$/g, ''),
    port: Number(endpoint.slice(at + 1)),
  };
}

/** A place as the trace has it. */
export function placeName(place: Place): string {
  return typeof place === 'string' ? place : place.name;
}
