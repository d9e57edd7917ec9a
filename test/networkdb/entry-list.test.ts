import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EntryList } from '../../src/networkdb/entry-list.ts';
import type { OwnerGroup } from '../../src/networkdb/entry.ts';
import { StoredEntry } from '../../src/networkdb/entry.ts';

const group: OwnerGroup = {
  network: 'n',
  owner: 'a',
  state: 'present',
  failureCount: 0,
  hiddenUntil: 0,
  entries: new EntryList(),
  tombstones: new Set(),
  liveCounts: new Map(),
};
const entryOf = (key: string): StoredEntry =>
  new StoredEntry(group, { table: 't', key }, { time: 1, isDeleted: false, value: '' }, 0);

function listOf(count: number): {
  readonly list: EntryList<StoredEntry>;
  readonly entries: StoredEntry[];
} {
  const list = new EntryList<StoredEntry>();
  const entries = Array.from({ length: count }, (_, at) => entryOf(`${at}`));
  for (const entry of entries) list.add(entry);
  return { list, entries };
}

test('an entry is taken out wherever it stands, once, and the others stay', () => {
  for (const at of [0, 2, 4]) {
    const { list, entries } = listOf(5);
    const entry = entries[at] as StoredEntry;
    assert.equal(list.delete(entry), true);
    assert.equal(list.delete(entry), false);
    assert.equal(list.size, 4);
    assert.deepEqual(list.toArray(), entries.toSpliced(at, 1));
    for (const other of list.toArray()) assert.equal(list.delete(other), true);
    assert.equal(list.size, 0);
  }
});

test('entries keep their order when many are taken out and others come', () => {
  const { list, entries } = listOf(100);
  for (const entry of entries) if (Number(entry.key) % 3 !== 0) list.delete(entry);
  const late = entryOf('late');
  list.add(late);
  const left = [...entries.filter(({ key }) => Number(key) % 3 === 0), late];
  assert.deepEqual([...list], left);
  assert.equal(list.size, left.length);
  for (const entry of left) assert.equal(list.delete(entry), true);
  assert.deepEqual(list.toArray(), []);
});

test('an entry of another list is not taken out', () => {
  const { list } = listOf(3);
  const { list: other, entries } = listOf(3);
  assert.equal(list.delete(entries[1] as StoredEntry), false);
  assert.equal(list.delete(entryOf('1')), false);
  assert.equal(list.size + other.size, 6);
});

test('a walk meets all that stay, whatever is taken out and added on the way', () => {
  for (let step = 1; step < 7; step += 1) {
    const { list, entries } = listOf(60);
    const gone = new Set<StoredEntry>();
    const met = new Set<StoredEntry>();
    let at = 0;
    for (const entry of list) {
      met.add(entry);
      for (const index of [at * step, 59 - at, at]) {
        const chosen = entries[index];
        if (chosen !== undefined && index % step !== 1 && list.delete(chosen)) gone.add(chosen);
      }
      if (at % 5 === 0) list.add(entryOf(`new ${at}`));
      at += 1;
    }
    for (const entry of entries) assert.ok(gone.has(entry) || met.has(entry), entry.key);
  }
});
