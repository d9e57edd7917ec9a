/*
 * What the runner and the programs that host members say to each other: one JSON object a line. The Go side of it is
 * `../go/line/line.go`; the program of ours is `our-peer.ts`. Both kinds know the same verbs, so that a
 * scenario can be played with the roles exchanged.
 */

/** Anything a line can hold besides its fixed members. */
export type Fields = Readonly<Record<string, unknown>>;

/** How a member is made. Names are those of the Go program; keys are hexadecimal, durations milliseconds. */
export interface NodeOptions {
  readonly address: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly keys: readonly string[];
  readonly label: string;
  readonly compression: boolean;
  readonly protocolVersion: number;
  readonly delegateVersion: number;
  readonly metadata: string;
  /** Length of the state handed over in each push/pull. */
  readonly stateBytes: number;
  readonly probeIntervalMs: number;
  readonly probeTimeoutMs: number;
  readonly pushPullIntervalMs: number;
  readonly gossipIntervalMs: number;
  readonly suspicionMult: number;
}

/** One request; each verb reads the members it knows. */
export interface Request {
  readonly id: number;
  readonly node: string;
  readonly do: string;
  readonly targets?: readonly string[];
  readonly to?: string;
  readonly text?: string;
  readonly bytes?: number;
  readonly key?: string;
  readonly network?: string;
  readonly table?: string;
  readonly value?: string;
  readonly count?: number;
  readonly options?: NodeOptions;
}

/** The answer to the request of the same id; with `error` it failed. */
export interface Reply extends Fields {
  readonly id: number;
  readonly error?: string;
  /** Code of an error of ours. */
  readonly code?: string;
}

/** Something that happened, unasked. */
export interface PeerEvent extends Fields {
  readonly event: string;
  readonly node: string;
}

/** A member as a program lists it. */
export interface ListedMember {
  readonly name: string;
  readonly metadata: string;
}
