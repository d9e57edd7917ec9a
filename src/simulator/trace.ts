import type { Address, LogFields, Logger } from '../runtime/index.ts';
import type { RunningHash } from '../runtime/node/index.ts';
import { nodeSha256 } from '../runtime/node/index.ts';
import { checkArgument, checkOptions } from './arguments.ts';

/*
 * What happened in a run, in order. Two things are kept apart: the hash, which covers everything including
 * each packet's bytes and never forgets, and the lines for people, of which the newest are kept.
 */

/**
 * What a line is about: what becomes of a `process` and what it notes; how a node sees another `member`; faults and
 * settings of the `network` and the name service; a `log` line of a node; a `note` of the scenario; a `packet`, a
 * `stream` or an `entry` of a table, if they are kept.
 */
export type TraceKind =
  'process' | 'member' | 'network' | 'log' | 'note' | 'packet' | 'stream' | 'entry';

/** One thing that happened. */
export interface TraceLine {
  /** Virtual milliseconds since the start. */
  readonly atMs: number;
  readonly kind: TraceKind;
  /** The process it happened in; empty for what happened to the network. */
  readonly process: string;
  readonly text: string;
}

/** Which lines to take; every field that is left out lets all pass. */
export interface TraceFilter {
  /** Lines of this process; none for a name that no process bore. */
  readonly process?: string;
  readonly kinds?: readonly TraceKind[];
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Only lines whose text has this in it. */
  readonly text?: string;
}

/** What to keep of a run. */
export interface TraceOptions {
  /** Lines kept; older ones are forgotten. Default 100000. */
  readonly maxLines?: number;
  /** A line for every packet too; the hash covers them anyway. Default false. */
  readonly packets?: boolean;
  /** A line for every stream that opens: joins, push/pulls, bulk syncs, what is too large for a packet. Default false. */
  readonly streams?: boolean;
  /**
   * A line for every entry that a node of the world writes or deletes, or takes over from another node. Default
   * false.
   */
  readonly writes?: boolean;
  /** Log lines of the processes from this level on; `none` keeps none. Default `info`. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'none';
}

const FILTER_FIELDS = ['process', 'kinds', 'fromMs', 'toMs', 'text'];
const KINDS: readonly TraceKind[] = [
  ...(['process', 'member', 'network', 'log'] as const),
  ...(['note', 'packet', 'stream', 'entry'] as const),
];
const UNHASHED_BYTES = 65_536;
/** Time, length, and of each endpoint the length of its host and its port; hosts are IP literals. */
const PACKET_HEAD_BYTES = 8 + 4 + 2 * 3;

const encoder = new TextEncoder();

const LEVELS = ['debug', 'info', 'warn', 'error', 'none'] as const;

/** The record of one run. */
export class Trace {
  readonly #now: () => number;
  readonly #maxLines: number;
  readonly #hasPackets: boolean;
  /** Whether streams have lines. @internal */
  readonly hasStreams: boolean;
  /** Whether entries of tables have lines. @internal */
  readonly hasWrites: boolean;
  readonly #logLevel: number;
  readonly #hash: RunningHash = nodeSha256();
  /** What is to be hashed next: one call for many packets, since the call costs more than the hash. */
  readonly #unhashed = new Uint8Array(UNHASHED_BYTES);
  readonly #unhashedView = new DataView(this.#unhashed.buffer);
  #unhashedLength = 0;
  #lines: TraceLine[] = [];
  #packetCount = 0;

  constructor(now: () => number, options: TraceOptions = {}) {
    this.#now = now;
    this.#maxLines = options.maxLines ?? 100_000;
    this.#hasPackets = options.packets ?? false;
    this.hasStreams = options.streams ?? false;
    this.hasWrites = options.writes ?? false;
    this.#logLevel = LEVELS.indexOf(options.logLevel ?? 'info');
  }

  /** Notes something. */
  add(kind: TraceKind, who: string, text: string): void {
    this.#hashed(`${this.#now()} ${kind} ${who} ${text}\n`);
    this.#keep(kind, who, text);
  }

  /** Notes a packet as it is sent. */
  addPacket(from: Address, to: Address, bytes: Uint8Array): void {
    this.#packetCount += 1;
    this.#hashPacket(from, to, bytes);
    if (!this.#hasPackets) return;
    const text = `${from.host}:${from.port} > ${to.host}:${to.port} ${bytes.length} bytes`;
    this.#keep('packet', '', text);
  }

  /** Notes a stream as it opens. */
  addStream(from: Address, to: Address): void {
    this.add('stream', '', `${from.host}:${from.port} > ${to.host}:${to.port}`);
  }

  /** A logger whose lines go here. */
  logger(who: string): Logger {
    const at = (level: (typeof LEVELS)[number]) => {
      if (LEVELS.indexOf(level) < this.#logLevel) return () => undefined;
      return (fields: LogFields, message: string) => {
        this.add('log', who, `${level} ${message}${shownFields(fields)}`);
      };
    };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }

  /** Packets sent so far. */
  get packetCount(): number {
    return this.#packetCount;
  }

  /**
   * SHA-256 in hex over everything that has happened so far, each packet's bytes included. Equal for two runs of one
   * seed.
   */
  get hash(): string {
    this.#flush();
    return this.#hash.digest();
  }

  /** The lines that were kept, oldest first. @throws StateError with `ERR_ARGUMENT_INVALID` for a filter that is none */
  lines(filter: TraceFilter = {}): readonly TraceLine[] {
    checkFilter(filter);
    return this.#lines.filter((line) => matches(line, filter)).map((line) => Object.freeze(line));
  }

  /** The same as text, a line each. @throws as {@link Trace.lines} */
  toText(filter: TraceFilter = {}): string {
    return this.lines(filter)
      .map((line) => {
        const at = (line.atMs / 1000).toFixed(3).padStart(10);
        return `${at} ${line.kind.padEnd(7)} ${line.process.padEnd(8)} ${line.text}`;
      })
      .join('\n');
  }

  /** A line as UTF-8. */
  #hashed(text: string): void {
    const mostBytes = 3 * text.length;
    if (this.#unhashedLength + mostBytes > UNHASHED_BYTES) this.#flush();
    if (mostBytes > UNHASHED_BYTES) this.#hash.update(text);
    else this.#unhashedLength += this.#writeText(text);
  }

  /** Bytes written. Most lines are short and plain, for which a loop is quicker than the encoder. */
  #writeText(text: string): number {
    const bytes = this.#unhashed;
    const start = this.#unhashedLength;
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return encoder.encodeInto(text, bytes.subarray(start)).written;
      bytes[start + i] = code;
    }
    return text.length;
  }

  /** Time, both endpoints and the bytes, each of a length that is told or known. */
  #hashPacket(from: Address, to: Address, bytes: Uint8Array): void {
    const headBytes = PACKET_HEAD_BYTES + from.host.length + to.host.length;
    if (this.#unhashedLength + headBytes + bytes.length > UNHASHED_BYTES) this.#flush();
    this.#unhashedView.setFloat64(this.#unhashedLength, this.#now());
    this.#unhashedView.setUint32(this.#unhashedLength + 8, bytes.length);
    this.#unhashedLength += 12;
    this.#addEndpoint(from);
    this.#addEndpoint(to);
    if (this.#unhashedLength + bytes.length > UNHASHED_BYTES) {
      this.#flush();
      this.#hash.update(bytes);
      return;
    }
    this.#unhashed.set(bytes, this.#unhashedLength);
    this.#unhashedLength += bytes.length;
  }

  #addEndpoint({ host, port }: Address): void {
    let at = this.#unhashedLength;
    this.#unhashed[at] = host.length;
    for (let i = 0; i < host.length; i += 1) this.#unhashed[(at += 1)] = host.charCodeAt(i);
    this.#unhashedView.setUint16(at + 1, port);
    this.#unhashedLength = at + 3;
  }

  #flush(): void {
    if (this.#unhashedLength === 0) return;
    this.#hash.update(this.#unhashed.subarray(0, this.#unhashedLength));
    this.#unhashedLength = 0;
  }

  #keep(kind: TraceKind, who: string, text: string): void {
    this.#lines.push({ atMs: this.#now(), kind, process: who, text });
    if (this.#lines.length > 2 * this.#maxLines) this.#lines = this.#lines.slice(-this.#maxLines);
  }
}

/** Where two runs part. */
export interface TraceDifference {
  /** Index among the kept lines. */
  readonly index: number;
  readonly left: TraceLine | null;
  readonly right: TraceLine | null;
}

/**
 * The first line in which two traces differ; null when all kept lines are equal. The hashes may differ all the same:
 * packets are lines only with the option `packets`.
 *
 * @throws StateError with `ERR_ARGUMENT_INVALID` for what is no trace: of a result it is `result.trace`
 */
export function compareTraces(left: Trace, right: Trace): TraceDifference | null {
  checkTrace('left', left);
  checkTrace('right', right);
  const [a, b] = [left.lines(), right.lines()];
  const length = Math.max(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const [one, other] = [a[index] ?? null, b[index] ?? null];
    if (JSON.stringify(one) !== JSON.stringify(other)) return { index, left: one, right: other };
  }
  return null;
}

function checkTrace(argument: string, value: unknown): void {
  checkArgument(value instanceof Trace, argument, value, 'a Trace, as `trace` of a result is');
}

function checkFilter(filter: TraceFilter): void {
  checkOptions('trace filter', filter, FILTER_FIELDS);
  const { kinds } = filter;
  for (const field of ['process', 'text'] as const) {
    const value: unknown = filter[field];
    checkArgument(value === undefined || typeof value === 'string', field, value, 'text');
  }
  for (const field of ['fromMs', 'toMs'] as const) {
    const value: unknown = filter[field];
    const isTime = typeof value === 'number' && !Number.isNaN(value);
    checkArgument(value === undefined || isTime, field, value, 'a number of milliseconds');
  }
  const { fromMs = -Infinity, toMs = Infinity } = filter;
  checkArgument(fromMs <= toMs, 'toMs', toMs, `no less than fromMs, which is ${fromMs}`);
  const isList = kinds === undefined || Array.isArray(kinds);
  checkArgument(isList, 'kinds', kinds, 'an array');
  for (const kind of kinds ?? []) {
    checkArgument(KINDS.includes(kind), 'kinds', kind, `some of ${KINDS.join(', ')}`);
  }
}

function matches(line: TraceLine, filter: TraceFilter): boolean {
  const { kinds, fromMs = -Infinity, toMs = Infinity, text = '' } = filter;
  if (filter.process !== undefined && line.process !== filter.process) return false;
  if (kinds !== undefined && !kinds.includes(line.kind)) return false;
  return line.atMs >= fromMs && line.atMs <= toMs && line.text.includes(text);
}

function shownFields(fields: LogFields): string {
  const parts = Object.entries(fields).map(([name, value]) => `${name}=${shown(value)}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** Errors and odd values without stacks, which differ between versions of Node. */
function shown(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner instanceof Error ? inner.message : typeof inner === 'bigint' ? String(inner) : inner,
  );
}
