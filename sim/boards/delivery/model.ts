/*
 * Figures of memberlist's rules as computed from Go's code: 200 ms ticks, three peers, a budget of
 * 4 x ceil(log10(N + 1)) sends that each recipient costs one of; no help from piggyback or push/pull.
 */

/** What the model says of a ring. */
export interface ModelRow {
  readonly nodes: number;
  /** Share of runs in which a live node never learns of the event, by percent of packets lost. */
  readonly missed: Readonly<Record<string, { readonly share: number; readonly isBelow?: true }>>;
  /** Milliseconds until all nodes know, without loss. */
  readonly allMs: { readonly p50: number; readonly p99: number };
}

const row = (nodes: number, missed: readonly number[], p50: number, p99: number): ModelRow => {
  const [none = 0, some = 0, many = 0] = missed;
  const percents = { 0: { share: none }, 10: { share: some }, 25: { share: many } };
  return { nodes, missed: percents, allMs: { p50, p99 } };
};

/** The published rows. */
export const MODEL: readonly ModelRow[] = [
  row(5, [0.0053, 0.016, 0.07], 165, 358),
  row(9, [0.064, 0.113, 0.249], 275, 584),
  row(25, [0.0047, 0.012, 0.045], 455, 769),
  row(99, [0.028, 0.066, 0.205], 669, 1001),
  row(128, [0.0007, 0.0024, 0.015], 703, 1006),
  {
    nodes: 1000,
    missed: { 0: { share: 0.0002, isBelow: true }, 10: { share: 0.0005 }, 25: { share: 0.005 } },
    allMs: { p50: 986, p99: 1298 },
  },
];

/** The row of a ring of so many, if there is one. */
export function modelOf(nodes: number): ModelRow | undefined {
  return MODEL.find((each) => each.nodes === nodes);
}

/** Sends of a table event that Go's NetworkDB makes per node: one budget for a tick of three sends. */
export function goTableSends(nodes: number): number {
  return 12 * Math.ceil(Math.log10(nodes + 1));
}
