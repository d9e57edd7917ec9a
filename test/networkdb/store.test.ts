import assert from 'node:assert/strict';
import { test } from 'node:test';

import { keepBytes } from '../../src/codec/index.ts';
import type { EntryVersion, OwnerGroup, StoredEntry } from '../../src/networkdb/entry.ts';
import { EntryStore } from '../../src/networkdb/store.ts';
import { FrozenView } from '../../src/networkdb/table-view.ts';
import { encode } from '../support/fake-membership.ts';

/*
 * The indexes must agree after any order of writes, removals and departures.
 */

type Write = Omit<EntryVersion, 'owner'>;

const write = (time: number, isDeleted = false): Write => ({
  time,
  isDeleted,
  value: keepBytes(encode(`${time}`)),
});

const put = (
  store: EntryStore,
  group: OwnerGroup,
  [table, key]: readonly [string, string],
  version: Write,
): StoredEntry => store.put(group, { table, key }, version, 0);

function keys(store: EntryStore, filter: { network?: string; table?: string } = {}): string[] {
  return store
    .snapshot(filter)
    .flatMap(({ network, table, entries }) =>
      [...entries.entries()].map(([key]) => `${network}/${table}/${key}`),
    );
}

test('entries are walked by network, table and key in byte order, whole names only', () => {
  const store = new EntryStore();
  for (const network of ['n10', 'n1', '😀', '\uffff']) {
    const group = store.group(network, 'a', 'present');
    for (const table of ['t2', 't']) put(store, group, [table, 'k'], write(1));
  }
  assert.deepEqual(keys(store), [
    'n1/t/k',
    'n1/t2/k',
    'n10/t/k',
    'n10/t2/k',
    '\uffff/t/k',
    '\uffff/t2/k',
    '😀/t/k',
    '😀/t2/k',
  ]);
  assert.deepEqual(keys(store, { network: 'n1' }), ['n1/t/k', 'n1/t2/k']);
  assert.deepEqual(keys(store, { table: 't' }), ['n1/t/k', 'n10/t/k', '\uffff/t/k', '😀/t/k']);
  assert.deepEqual(keys(store, { network: 'n10', table: 't2' }), ['n10/t2/k']);
  assert.deepEqual(keys(store, { network: 'none' }), []);
});

test('replacing the only entry of a group keeps the group', () => {
  const store = new EntryStore();
  const group = store.group('n', 'a', 'present');
  put(store, group, ['t', 'k'], write(1));
  put(store, store.group('n', 'a', 'present'), ['t', 'k'], write(2, true));
  assert.equal(store.size, 1);
  assert.equal(store.findGroup('n', 'a'), group);
  assert.deepEqual(store.counts(), { entries: 1, tombstones: 1, hidden: 0 });
});

test('a replaced entry leaves the group of its former owner', () => {
  const store = new EntryStore();
  put(store, store.group('n', 'a', 'present'), ['t', 'k'], write(1));
  put(store, store.group('n', 'b', 'present'), ['t', 'k'], write(2));
  assert.equal(store.findGroup('n', 'a'), undefined);
  assert.equal(store.size, 1);
  assert.equal(store.get('n', 't', 'k')?.owner, 'b');
});

test('a group that retires is gone at once and its memory bit by bit', () => {
  const store = new EntryStore();
  const leaver = store.group('n', 'a', 'present');
  for (let i = 0; i < 300; i += 1) put(store, leaver, ['t', `k${i}`], write(i));
  put(store, store.group('n', 'b', 'present'), ['t', 'mine'], write(1));
  store.retire(leaver);
  assert.equal(store.size, 1);
  assert.equal(store.occupied, 301);
  assert.equal(store.get('n', 't', 'k5'), undefined);
  assert.deepEqual(
    [...new FrozenView(store, 'n', 't').entries()].map((entry) => entry.key),
    ['mine'],
  );
  // The owner comes back and writes while the sweep is under way.
  const sweep = store.sweep();
  for (let i = 0; i < 100; i += 1) sweep.next();
  assert.equal(store.occupied, 201);
  put(store, store.group('n', 'a', 'present'), ['t', 'k299'], write(1_000));
  assert.equal([...sweep].length, 199);
  assert.equal(store.occupied, 2);
  assert.equal(store.get('n', 't', 'k299')?.time, 1_000);
  assert.deepEqual(keys(store), ['n/t/k299', 'n/t/mine']);
});

test('empty tables and networks leave nothing behind', () => {
  const store = new EntryStore();
  const entry = put(store, store.group('n', 'a', 'present'), ['t', 'k'], write(1));
  store.remove(entry);
  store.remove(entry);
  assert.equal(store.size, 0);
  assert.deepEqual(store.snapshot({}), []);
  assert.deepEqual(store.snapshot({ table: 't' }), []);
  assert.deepEqual(store.groupsOf('n'), []);
});
