/*
 * What a campaign must really have exercised, so that idle runs do not pass as good ones.
 */

/** From so many runs on everything must have come up. */
export const ENOUGH_RUNS = 300;

/** How often each must have come up in {@link ENOUGH_RUNS} runs, at least. */
const LEAST: Readonly<Record<string, number>> = {
  crashes: 40,
  leaves: 20,
  pauses: 20,
  newcomers: 60,
  'returns under the old name': 10,
  'returns under another name': 3,
  'returns at another host': 3,
  'returns with the old disk': 5,
  'returns with no disk': 5,
  'splits of all': 8,
  'splits of packets': 8,
  'splits of streams': 8,
  'cuts oneWay': 10,
  'cuts both': 5,
  clogs: 20,
  'failures of names': 15,
  'clock rates': 15,
  'clock jumps': 15,
  'keys added': 15,
  'keys used': 5,
  'keys removed': 3,
  'networks left': 20,
  'writes: create': 300,
  'writes: update': 50,
  'writes: set': 300,
  'writes: delete': 50,
  races: 50,
  'large values': 50,
  'watches compared': 100,
  'tables read': 500,
  'runs that forgot': 5,
  'packets lost': 1_000,
  'packets cut': 500,
  'packets doubled': 1_000,
  'packets above the mtu': 100,
  suspicions: 200,
  refutations: 50,
  'suspects asked': 50,
  'suspects that answered': 5,
  'members declared dead': 100,
  'returns of the lost': 20,
  'bulk syncs': 1_000,
  'write conflicts': 30,
  'entries reaped': 10,
  'ghosts answered': 5,
  'early events replayed': 50,
  'name conflicts': 1,
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
