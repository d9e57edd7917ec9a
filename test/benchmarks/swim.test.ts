// What is played beside the npm package swim, on members that are none: its checks and counts, without the network.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Figures } from '../../benchmarks/bench.ts';
import { installSwim } from '../../benchmarks/swim/install.ts';
import type { Cost, RingNode, View } from '../../benchmarks/swim/node.ts';
import { FIRST_METADATA } from '../../benchmarks/swim/node.ts';
import type { Pace } from '../../benchmarks/swim/ring-play.ts';
import { playRings } from '../../benchmarks/swim/ring-play.ts';
import { SWIM_ROWS } from '../../benchmarks/swim/rows.ts';

const PACE: Pace = { settleMs: 0, idleMs: 2, watchMs: 2, patienceMs: 40, stallsMs: [2] };

/** What goes wrong in a ring. */
type Fault =
  'nobody hears' | 'wrong metadata' | 'no news' | 'news too early' | 'silence' | 'blame' | 'no end';

/** A member that knows at once what all others do. */
class FakeNode implements RingNode {
  readonly name: string;
  readonly #ring: FakeNode[];
  readonly #fault: Fault | null;
  #members: Record<string, string> = {};
  #faulty: string[] = [];
  #packets = 0;
  readonly #seen = new Set<string>();

  constructor(name: string, ring: FakeNode[], fault: Fault | null) {
    this.name = name;
    this.#ring = ring;
    this.#fault = fault;
  }

  get view(): View {
    return { members: this.#members, faulty: this.#faulty };
  }

  hasSeen(name: string, metadata: string): boolean {
    return this.#seen.has(`${name} ${metadata}`);
  }

  hear(name: string, metadata: string): void {
    this.#members[name] = metadata;
    this.#seen.add(`${name} ${metadata}`);
  }

  lose(name: string): void {
    this.#faulty = [...this.#faulty, name];
    this.#members = Object.fromEntries(
      Object.entries(this.#members).filter(([other]) => other !== name),
    );
  }

  get #others(): readonly FakeNode[] {
    return this.#ring.filter((node) => node !== this);
  }

  join(): void {
    if (this.#fault === 'nobody hears') return;
    const text = this.#fault === 'wrong metadata' ? 'other' : FIRST_METADATA;
    for (const node of this.#others) {
      node.hear(this.name, text);
      if (this.#fault === 'news too early') node.hear(this.name, 'change 0');
    }
  }

  setMetadata(text: string): void {
    if (this.#fault === 'no news') return;
    for (const node of this.#others) node.hear(this.name, text);
  }

  stall(): void {
    if (this.#fault !== 'blame') return;
    for (const node of this.#others) node.lose(this.name);
    this.lose(this.#ring[0]?.name ?? '');
  }

  async cost(): Promise<Cost> {
    this.#packets += this.#fault === 'silence' ? 0 : 3;
    return Promise.resolve({ packets: this.#packets, bytes: 2 * this.#packets, cpuMs: 1 });
  }

  kill(): void {
    if (this.#fault === 'no end') return;
    for (const node of this.#others) node.lose(this.name);
  }
}

async function play(fault: Fault | null): Promise<Figures> {
  return playRings(async () => {
    const ring: FakeNode[] = [];
    for (const name of ['a', 'b', 'c', 'd']) ring.push(new FakeNode(name, ring, fault));
    return Promise.resolve(ring);
  }, PACE);
}

test('a ring that does all that it should has figures for all rows, and nobody is blamed', async () => {
  const figures = await play(null);
  const named = SWIM_ROWS.map(({ figure }) => figure).filter((name) => !name.startsWith('stall-'));
  for (const name of named) assert.ok(Number.isFinite(figures[name]), name);
  for (const name of ['idle-blamed', 'stall-2-blamed', 'stall-2-blames', 'stall-2-missing']) {
    assert.equal(figures[name], 0, name);
  }
  assert.ok(Math.abs((figures['bytes-per-s'] ?? 0) / (figures['packets-per-s'] ?? 0) - 2) < 1e-9);
});

test('wrong results are refused before anything is told of them', async () => {
  for (const fault of ['nobody hears', 'wrong metadata', 'silence', 'news too early'] as const) {
    await assert.rejects(play(fault), Error, fault);
  }
});

test('what never comes is left out', async () => {
  assert.equal((await play('no news'))['metadata-ms'], undefined);
  assert.equal((await play('no end'))['killed-ms'], undefined);
});

test('who is called faulty for a stall is counted on both sides', async () => {
  const figures = await play('blame');
  assert.equal(figures['stall-2-blamed'], 3);
  assert.equal(figures['stall-2-blames'], 1);
  assert.equal(figures['stall-2-missing'], 4);
});

test('without npm, or a registry, it is said that there is no other side', async () => {
  await assert.rejects(installSwim('no-such-program'), /the npm package swim cannot be had/);
});
