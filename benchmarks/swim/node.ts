/* A member in a process of its own, as its parent sees it; the same for both sides. */

/** How a member is made: ours as it is, ours at the intervals of swim, swim as it is. */
export const KINDS = ['ours', 'ours-fast', 'swim'] as const;
export type Kind = (typeof KINDS)[number];

/** What a member tells whenever anything of it changes. */
export interface View {
  /** Others that it counts as members, by name, with their metadata. */
  readonly members: Readonly<Record<string, string>>;
  /** Others that it has called faulty so far, one for each time. */
  readonly faulty: readonly string[];
}

/** What a member has cost so far. */
export interface Cost {
  readonly packets: number;
  readonly bytes: number;
  readonly cpuMs: number;
}

/** A member in another process. */
export interface RingNode {
  /** Host and port. */
  readonly name: string;
  /** As it was told last. */
  readonly view: View;
  /** Whether it has ever had another one as a member that said this of itself. */
  hasSeen(name: string, metadata: string): boolean;
  /** Begins, alone or beside another one. */
  join(seed: string | null): void;
  setMetadata(text: string): void;
  /** Keeps its event loop busy for so long. */
  stall(durationMs: number): void;
  cost(): Promise<Cost>;
  /** Ends it without a word. */
  kill(): void;
}

/** What a process with a member is told. */
export type Order =
  | { readonly do: 'join'; readonly seed: string | null }
  | { readonly do: 'metadata'; readonly text: string }
  | { readonly do: 'stall'; readonly durationMs: number }
  | { readonly do: 'cost' };

/** What it tells. */
export type Told = { readonly name: string } | { readonly view: View } | { readonly cost: Cost };

/** What every member says of itself at first. */
export const FIRST_METADATA = 'first';
