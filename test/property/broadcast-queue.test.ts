import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { BroadcastQueue, retransmitLimit } from '../../src/memberlist/broadcast-queue.ts';

/*
 * The queue against a dumb model: one array, sorted anew before each use, entries searched one by
 * one. The model is written from the rules, shares nothing with the queue but the limit's formula,
 * and after each step messages, finished callbacks and every count must be the same.
 */

interface ModelEntry {
  transmits: number;
  readonly id: number;
  readonly size: number;
  readonly key: string | null;
}

class DumbQueue {
  readonly finished: number[] = [];
  readonly #mult: number;
  readonly #maxQueued: number;
  #entries: ModelEntry[] = [];

  constructor(mult: number, maxQueued: number) {
    this.#mult = mult;
    this.#maxQueued = maxQueued;
  }

  queue(id: number, size: number, key: string | null): void {
    if (key !== null) this.#drop((entry) => entry.key === key);
    this.#entries.push({ transmits: 0, id, size, key });
    this.prune(this.#maxQueued);
  }

  take(overhead: number, limit: number, nodes: number, isFreshOnly: boolean): number[] {
    const sends = retransmitLimit(this.#mult, nodes);
    const sent: ModelEntry[] = [];
    let used = 0;
    for (const entry of this.#sorted()) {
      if (isFreshOnly && entry.transmits > 0) continue;
      if (limit - used - overhead <= 0 || entry.size > limit - used - overhead) continue;
      used += overhead + entry.size;
      sent.push(entry);
    }
    for (const entry of sent) entry.transmits += 1;
    for (const spent of sent.filter((entry) => entry.transmits >= sends)) {
      this.#drop((entry) => entry === spent);
    }
    return sent.map((entry) => entry.id);
  }

  prune(keep: number): void {
    while (this.#entries.length > keep) {
      const last = this.#sorted().at(-1);
      this.#drop((entry) => entry === last);
    }
  }

  clear(): void {
    for (const first of this.#sorted()) this.#drop((entry) => entry === first);
  }

  counts(): number[] {
    const fresh = this.#entries.filter((entry) => entry.transmits === 0);
    const bytes = (entries: ModelEntry[]): number => entries.reduce((sum, e) => sum + e.size, 0);
    return [this.#entries.length, bytes(this.#entries), fresh.length, bytes(fresh)];
  }

  #sorted(): ModelEntry[] {
    return this.#entries.toSorted(
      (a, b) => a.transmits - b.transmits || b.size - a.size || b.id - a.id,
    );
  }

  #drop(isGone: (entry: ModelEntry) => boolean): void {
    const gone = this.#entries.filter(isGone);
    this.#entries = this.#entries.filter((entry) => !isGone(entry));
    for (const entry of gone) this.finished.push(entry.id);
  }
}

const key = fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { freq: 2 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('queue'), size: fc.nat(12), key }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constantFrom('get', 'fresh'),
      overhead: fc.nat(3),
      limit: fc.nat(40),
      nodes: fc.constantFrom(0, 1, 9, 10, 120),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('prune'), keep: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('clear', 'nothing') }) },
);

test('the queue agrees with a sorted array on every message, callback and count', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 30 }),
      fc.array(step, { maxLength: 120, size: 'max' }),
      (retransmitMult, maxQueued, steps) => {
        let nodes = 0;
        let nextId = 0;
        const finished: number[] = [];
        const idOf = new Map<Uint8Array, number>();
        const options = { nodeCount: () => nodes, retransmitMult, maxQueued };
        const queue = new BroadcastQueue(options);
        const model = new DumbQueue(retransmitMult, maxQueued);
        for (const one of steps) {
          if ('size' in one) {
            const id = nextId++;
            const message = new Uint8Array(one.size);
            idOf.set(message, id);
            queue.queue({ message, key: one.key, finished: () => finished.push(id) });
            model.queue(id, one.size, one.key);
          } else if ('limit' in one) {
            nodes = one.nodes;
            const isFresh = one.op === 'fresh';
            const got = isFresh
              ? queue.takeFresh(one.overhead, one.limit)
              : queue.getBroadcasts(one.overhead, one.limit);
            const expected = model.take(one.overhead, one.limit, nodes, isFresh);
            assert.deepEqual(
              got.map((message) => idOf.get(message)),
              expected,
            );
          } else if ('keep' in one) {
            queue.prune(one.keep);
            model.prune(one.keep);
          } else if (one.op === 'clear') {
            queue.clear();
            model.clear();
          }
          assert.deepEqual(finished, model.finished);
          const counts = [queue.length, queue.queuedBytes, queue.freshCount, queue.freshBytes];
          assert.deepEqual(counts, model.counts());
        }
      },
    ),
    { numRuns: 300 },
  );
});
