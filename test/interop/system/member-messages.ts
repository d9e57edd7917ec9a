/*
 * What a member in a process of its own is told, and what it answers. Bytes travel as hex.
 */

/** How the member is started; the process gets it as its only argument. */
export interface MemberSetup {
  readonly nodeName?: string;
  readonly bindAddress: string;
  readonly bindPort: number;
  readonly wire: 'protobuf' | 'memberlist';
  readonly profile: 'lan' | 'local';
  readonly keys: readonly string[];
}

/** One thing to do. */
export type MemberCommand =
  | { readonly do: 'join'; readonly targets: readonly string[] }
  | { readonly do: 'joinNetwork'; readonly network: string }
  | { readonly do: 'set'; readonly at: EntryPlace; readonly value: string }
  | { readonly do: 'delete'; readonly at: EntryPlace }
  | { readonly do: 'state' }
  | { readonly do: 'leave' };

export interface EntryPlace {
  readonly network: string;
  readonly table: string;
  readonly key: string;
}

/** An entry of a table, its value in hex. */
export interface EntryState extends EntryPlace {
  readonly value: string;
  readonly owner: string;
}

/** What the member knows at a moment. */
export interface MemberState {
  readonly name: string;
  /** Names of alive and suspect members, itself included. */
  readonly members: readonly string[];
  readonly knownNetworks: readonly string[];
  readonly networks: readonly string[];
  readonly entries: readonly EntryState[];
  /** `join a`, `fail b` and the like since the start, in order. */
  readonly events: readonly string[];
  readonly counters: Readonly<Record<string, number>>;
}

/** A command with the number that its answer carries. */
export interface MemberRequest {
  readonly id: number;
  readonly command: MemberCommand;
}

export interface MemberAnswer {
  readonly id: number;
  readonly state?: MemberState;
  readonly error?: string;
}
