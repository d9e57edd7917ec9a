import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { RadixSnapshot } from '../../src/networkdb/radix.ts';
import { RadixTree } from '../../src/networkdb/radix.ts';

/*
 * The radix tree against a `Map` that is sorted by Buffer.compare whenever its order is asked for.
 * Keys are drawn so that they share beginnings, end inside one another and mix sizes of UTF-8
 * characters; snapshots are held across all later writes and compared again at the end.
 */

const piece = fc.constantFrom(
  'a',
  'b',
  'ab',
  'n1',
  'n10',
  '/',
  '\u0000',
  '\u00e9',
  '\uffee',
  '\u{1f600}',
  '\u{1f601}',
);
const key = fc.oneof(
  fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const step = fc.record({
  op: fc.constantFrom('set', 'set', 'set', 'delete', 'delete', 'snapshot', 'walk', 'clear?'),
  key,
  value: fc.nat(),
});

type Model = Map<string, number>;

function sorted(model: Model, prefix = '', from = ''): [string, number][] {
  return [...model]
    .filter(([name]) => name.startsWith(prefix))
    .filter(([name]) => Buffer.compare(Buffer.from(name), Buffer.from(from)) >= 0)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

const isBefore = (a: string, b: string): boolean =>
  Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;

function assertSame(reader: RadixSnapshot<number>, model: Model): void {
  assert.equal(reader.size, model.size);
  assert.deepEqual([...reader.entries()], sorted(model));
  for (const [name, value] of model) assert.equal(reader.get(name), value);
}

test('the tree and all its snapshots agree with a map under any writes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const tree = new RadixTree<number>();
      let model: Model = new Map();
      const held: [RadixSnapshot<number>, Model][] = [];
      for (const { op, key: name, value } of steps) {
        if (op === 'set') {
          assert.equal(tree.set(name, value), model.get(name));
          model.set(name, value);
        } else if (op === 'delete') {
          // Half of the deletions aim at a key that is there.
          const target =
            value % 2 === 0 ? name : ([...model.keys()][value % (model.size + 1)] ?? name);
          assert.equal(tree.delete(target), model.get(target));
          model.delete(target);
        } else if (op === 'snapshot') {
          held.push([tree.snapshot(), new Map(model)]);
        } else if (op === 'walk') {
          const first = String.fromCodePoint(
            ...(name === '' ? [] : [name.codePointAt(0) as number]),
          );
          assert.deepEqual([...tree.entries(first)], sorted(model, first));
          assert.deepEqual([...tree.entriesFrom(name)], sorted(model, '', name));
          assert.deepEqual([...tree.entriesFrom(name, first)], sorted(model, first, name));
          const to = `${first}b`;
          for (const from of ['', name]) {
            const inside = sorted(model, first, from).filter(([at]) => isBefore(at, to));
            const range = { prefix: first, from, to };
            assert.deepEqual([...tree.range(range)], inside);
            assert.deepEqual([...tree.range({ ...range, reverse: true })], inside.toReversed());
          }
          const back = sorted(model, '', name).toReversed();
          assert.deepEqual([...tree.range({ from: name, reverse: true })], back);
          const below = sorted(model).filter(([at]) => isBefore(at, name));
          assert.deepEqual([...tree.range({ to: name })], below);
          assert.deepEqual([...tree.range({ to: name, reverse: true })], below.toReversed());
        } else if (value % 8 === 0) {
          tree.clear();
          model = new Map();
        }
        assert.equal(tree.has(name), model.has(name));
        assert.equal(tree.get(name), model.get(name));
      }
      assertSame(tree, model);
      for (const [snapshot, then] of held) assertSame(snapshot, then);
    }),
    { numRuns: 250 },
  );
});
