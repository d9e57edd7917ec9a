import { isGone } from '../../src/memberlist/member.ts';
import { Ring } from '../../test/support/ring.ts';

/*
 * How long a crashed member goes unnoticed: until every other member holds it for dead, in virtual time on
 * links of 1 ms, over eight seeds.
 *
 *   npm run --silent compile && node .test-dist/benchmarks/memberlist/detection.js
 */

const SEEDS = 8;

async function detectionMs(
  profile: 'lan' | 'local' | 'wan',
  members: number,
  seed: number,
): Promise<number> {
  const ring = new Ring({ seed });
  const nodes = await ring.spawnJoined(members, { profile });
  ring.runFor(3000 + seed * 370);
  const [victim, ...others] = nodes.reverse();
  if (victim === undefined) throw new Error('a ring needs members');
  victim.runtime.crash();
  const crashedAt = ring.clock.now();
  const { name } = victim.member;
  ring.runUntil(
    () => others.every(({ member }) => isGone({ state: member.member(name)?.state ?? 'dead' })),
    600_000,
  );
  const tookMs = ring.clock.now() - crashedAt;
  await ring.close();
  return tookMs;
}

for (const profile of ['lan', 'local', 'wan'] as const) {
  for (const members of [3, 5, 20]) {
    const times: number[] = [];
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      times.push(await detectionMs(profile, members, seed));
    }
    times.sort((a, b) => a - b);
    const seconds = times.map((ms) => (ms / 1000).toFixed(1));
    const median = seconds[SEEDS / 2] ?? '';
    const line = `${profile.padEnd(6)}${String(members).padStart(3)} members: median ${median} s, most ${seconds.at(-1) ?? ''} s`;
    process.stdout.write(`${line}\n`);
  }
}
