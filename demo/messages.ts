/*
 * What the demo's main process and its members say to each other over Node's IPC channel. The channel
 * carries orders and observations only; everything the members know of each other travels through the
 * cluster itself. Keys go over the channel too, so that they stand on no command line.
 */

/** The network that all members join. */
export const NETWORK = 'demo';

/** The tables of the demo. */
export const TABLES = ['endpoints', 'dataset', 'writes'] as const;

/** Name of one of them. */
export type TableName = (typeof TABLES)[number];

/** What a member publishes about itself. */
export interface Endpoint {
  readonly host: string;
  readonly addresses: readonly string[];
  readonly ports: { readonly gossip: number };
  readonly pid: number;
  readonly node: string;
  readonly memory: { readonly rssBytes: number; readonly hostBytes: number };
}

/** A write that a member has made; `digest` is null for a delete. */
export interface Written {
  readonly table: TableName;
  readonly key: string;
  readonly digest: string | null;
}

/** An entry as a member sees it, its value as a digest. */
export interface SeenEntry {
  readonly key: string;
  readonly owner: string;
  readonly digest: string;
}

/** Every entry a member sees. */
export type Dump = Readonly<Record<TableName, readonly SeenEntry[]>>;

/** A table in a {@link Snapshot}. */
export interface TableView {
  readonly entries: number;
  readonly hash: string;
}

/** A key of the ring in a {@link Snapshot}. */
export interface KeyView {
  readonly fingerprint: string;
  readonly isPrimary: boolean;
  readonly heardMembers: number;
}

/** A member in a {@link Snapshot}. */
export interface MemberView {
  readonly name: string;
  readonly state: string;
  readonly port: number;
}

/** One member's view of everything, at one moment. */
export interface Snapshot {
  readonly members: readonly MemberView[];
  /** Members on the network of the demo, this one included. */
  readonly peers: number;
  readonly tables: Readonly<Record<TableName, TableView>>;
  /** Process id by member, from the endpoint records this member holds. */
  readonly pids: Readonly<Record<string, number>>;
  readonly keys: readonly KeyView[];
  readonly healthScore: number;
  /** Writes of the load this member has made so far. */
  readonly writes: number;
  readonly rssBytes: number;
  /** Processor time used since the start, user and system together. */
  readonly cpuMs: number;
}

/** What the main process can ask of a member: what goes in and what comes back. */
export interface Calls {
  /** Binds the sockets on loopback; the member is alone until it joins. */
  start: {
    input: { readonly name: string; readonly port: number; readonly key: Uint8Array };
    reply: { readonly port: number };
  };
  /** Joins the cluster. */
  join: { input: { readonly targets: readonly string[] }; reply: number };
  /** Joins the network and opens the tables. */
  enter: { input: null; reply: null };
  publishEndpoint: { input: null; reply: readonly Written[] };
  publishDataset: { input: null; reply: readonly Written[] };
  startWrites: { input: null; reply: null };
  /** Ends the load of writes; the reply is all it has done, in order. */
  stopWrites: { input: null; reply: readonly Written[] };
  key: {
    input: { readonly step: 'add' | 'use' | 'remove'; readonly key: Uint8Array };
    reply: null;
  };
  snapshot: { input: null; reply: Snapshot };
  dump: { input: null; reply: Dump };
  /** Leaves the cluster; the process ends by itself afterwards. */
  leave: { input: null; reply: null };
  /** Closes without a word to the cluster; the process ends by itself afterwards. */
  close: { input: null; reply: null };
}

/** Name of a call. */
export type CallName = keyof Calls;

/** A call on its way to a member. */
export type Request = {
  [Name in CallName]: {
    readonly id: number;
    readonly call: Name;
    readonly input: Calls[Name]['input'];
  };
}[CallName];

/** What a member says has happened to another. */
export type MemberEvent = 'join' | 'suspect' | 'fail' | 'leave' | 'nameConflict';

/** What comes back from a member: answers, and events unasked. */
export type Report =
  | { readonly kind: 'reply'; readonly id: number; readonly reply: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly reason: string }
  | { readonly kind: 'event'; readonly event: MemberEvent; readonly subject: string };
