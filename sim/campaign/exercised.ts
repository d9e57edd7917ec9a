/*
 * What a campaign must really have exercised, so that idle runs do not pass as good ones. A band of 300 good runs
 * misses one of these numbers with a chance of less than 1 in 10,000, as computed from the plans where they decide alone
 * (keys, runs that forget) and from the counts of some 500 runs: a lower one proves as much, and never cries wolf.
 */

/** From so many runs on everything must have come up. */
export const ENOUGH_RUNS = 300;

/**
 * How often each must have come up in {@link ENOUGH_RUNS} runs, at least; what is below 1 is asked of larger
 * campaigns alone.
 */
const LEAST: Readonly<Record<string, number>> = {
  crashes: 40,
  'crashes while paused': 2,
  leaves: 20,
  pauses: 20,
  newcomers: 60,
  'returns under the old name': 7,
  'returns under another name': 1,
  'returns at another host': 2,
  'returns with the old disk': 5,
  'returns with no disk': 2,
  'splits of all': 3,
  'splits of packets': 3,
  'splits of streams': 3,
  'cuts oneWay': 10,
  'cuts both': 4,
  'packets clogged': 100,
  'pieces of streams clogged': 20,
  'lookups that failed': 10,
  'lookups that were late': 10,
  'clock rates': 15,
  'clock jumps': 15,
  'keys added': 15,
  'keys used': 5,
  'keys removed': 3,
  'networks left': 20,
  'writes: create': 300,
  'writes: update': 40,
  'writes: set': 300,
  'writes: delete': 25,
  races: 50,
  'large values': 50,
  'watches compared': 100,
  'tables read': 500,
  'runs that forgot': 5,
  'packets lost': 1_000,
  'packets cut': 500,
  'packets doubled': 1_000,
  'packets reordered': 1_000,
  'packets with jitter': 8_000,
  'packets above the mtu': 80,
  suspicions: 200,
  refutations: 50,
  'suspects asked': 50,
  'suspects that answered': 0.5,
  'members declared dead': 100,
  'returns of the lost': 20,
  'bulk syncs': 1_000,
  'write conflicts': 10,
  'entries reaped': 0.5,
  'ghosts answered': 1,
  'early events replayed': 50,
  'name conflicts': 0.5,
  'checked: member': 2_000,
  'checked: entry': 3_000,
  'checked: owner': 300,
  'checked: size': 50_000,
  'checked: residue': 2_000,
};

/** What did not come up often enough in so many runs, a line each. */
export function idleOf(counts: Readonly<Record<string, number>>, runs: number): readonly string[] {
  return Object.entries(LEAST).flatMap(([what, least]) => {
    const wanted = Math.floor((least * runs) / ENOUGH_RUNS);
    const times = counts[what] ?? 0;
    return times >= wanted ? [] : [`${what}: ${times} times, at least ${wanted}`];
  });
}
