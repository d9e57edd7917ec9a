import assert from 'node:assert/strict';
import { test } from 'node:test';

import { utf8Bytes, utf8Text } from '../../src/networkdb/radix-text.ts';
import type { RadixReader } from '../../src/networkdb/radix.ts';
import { RadixTree } from '../../src/networkdb/radix.ts';

function treeOf(...keys: string[]): RadixTree<string> {
  const tree = new RadixTree<string>();
  for (const key of keys) tree.set(key, `value of ${key}`);
  return tree;
}

function keysOf(reader: RadixReader<unknown>, prefix?: string): string[] {
  return [...reader.entries(prefix)].map(([key]) => key);
}

test('an empty tree has no keys, no entries and nothing to delete', () => {
  const tree = new RadixTree<number>();
  assert.deepEqual(
    [tree.size, tree.get(''), tree.has(''), tree.delete('a')],
    [0, undefined, false, undefined],
  );
  assert.deepEqual(keysOf(tree), []);
  assert.deepEqual(keysOf(tree, 'a'), []);
  assert.deepEqual(keysOf(tree.snapshot()), []);
});

test('set and delete give back the previous value', () => {
  const tree = new RadixTree<number>();
  assert.equal(tree.set('a', 1), undefined);
  assert.equal(tree.set('a', 2), 1);
  assert.equal(tree.set('ab', 3), undefined);
  assert.equal(tree.set('a', 4), 2);
  assert.equal(tree.delete('a'), 4);
  assert.equal(tree.delete('a'), undefined);
  assert.equal(tree.delete('ab'), 3);
  assert.equal(tree.size, 0);
});

test('a key that starts another one, and the empty key, are keys like all others', () => {
  const tree = treeOf('abc', 'a', '', 'ab', 'abd');
  assert.deepEqual(keysOf(tree), ['', 'a', 'ab', 'abc', 'abd']);
  assert.equal(tree.get(''), 'value of ');
  assert.equal(tree.delete('ab'), 'value of ab');
  assert.deepEqual([tree.has('ab'), tree.has('a'), tree.has('abc')], [false, true, true]);
  assert.equal(tree.delete(''), 'value of ');
  assert.deepEqual(keysOf(tree), ['a', 'abc', 'abd']);
});

test('a key that only shares its beginning with others is not found', () => {
  const tree = treeOf('n1/a', 'n1/b', 'n10/a');
  for (const key of ['', 'n', 'n1', 'n1/', 'n1/c', 'n1/aa', 'n2/a', 'm1/a', 'n10/', 'x10/a']) {
    assert.equal(tree.get(key), undefined, key);
    assert.equal(tree.has(key), false, key);
    assert.equal(tree.delete(key), undefined, key);
  }
  assert.equal(tree.size, 3);
});

test('a value of undefined counts as there', () => {
  const tree = new RadixTree<undefined>();
  tree.set('a', undefined);
  assert.deepEqual([tree.size, tree.has('a'), tree.has('b')], [1, true, false]);
  assert.deepEqual([...tree.entries()], [['a', undefined]]);
});

test('a walk with a prefix meets exactly the keys that start with it', () => {
  const tree = treeOf('n1/a', 'n1/b', 'n10/a', 'n1', 'm');
  assert.deepEqual(keysOf(tree, 'n1/'), ['n1/a', 'n1/b']);
  assert.deepEqual(keysOf(tree, 'n1'), ['n1', 'n1/a', 'n1/b', 'n10/a']);
  assert.deepEqual(keysOf(tree, 'n10/a'), ['n10/a']);
  for (const prefix of ['n1/c', 'n10/ab', 'n2', 'x', 'n1/a/'])
    assert.deepEqual(keysOf(tree, prefix), []);
});

test('a walk can begin at any key, present or not', () => {
  const tree = treeOf('a', 'ab', 'abc', 'b/1', 'b/2', 'c');
  const from = (start: string, prefix?: string) =>
    [...tree.entriesFrom(start, prefix)].map(([key]) => key);
  assert.deepEqual(from(''), keysOf(tree));
  assert.deepEqual(from('ab'), ['ab', 'abc', 'b/1', 'b/2', 'c']);
  assert.deepEqual(from('aba'), ['abc', 'b/1', 'b/2', 'c']);
  assert.deepEqual(from('b/2'), ['b/2', 'c']);
  assert.deepEqual(from('abcd', 'b/'), ['b/1', 'b/2']);
  assert.deepEqual(from('b/11', 'b/'), ['b/2']);
  assert.deepEqual(from('d'), []);
});

test('keys come in the order of their UTF-8 bytes, not of their UTF-16 units', () => {
  const tree = treeOf('\u{1f600}', '\uff5e', 'z', '\u00e9', '\u0000', '\ue000', '\u07ff', '\u0800');
  const expected = ['\u0000', 'z', '\u00e9', '\u07ff', '\u0800', '\ue000', '\uff5e', '\u{1f600}'];
  assert.deepEqual(keysOf(tree), expected);
  assert.notDeepEqual(expected.toSorted(), expected);
  assert.equal(tree.get('\u{1f600}'), 'value of \u{1f600}');
  assert.deepEqual(keysOf(tree, '\u{1f600}'), ['\u{1f600}']);
});

test('characters of one size whose first bytes agree are parted within their bytes', () => {
  const tree = treeOf('\u00e9a', '\u00e8b', '\u00e9', '\u{1f600}\u{1f601}', '\u{1f600}\u{1f602}');
  assert.deepEqual(keysOf(tree, '\u00e9'), ['\u00e9', '\u00e9a']);
  assert.deepEqual(keysOf(tree, '\u{1f600}'), ['\u{1f600}\u{1f601}', '\u{1f600}\u{1f602}']);
});

test('the bytes of a text are those of UTF-8, and go back to the same text', () => {
  const samples = [
    '',
    'plain',
    '\u007f\u0080',
    '\u07ff\u0800',
    '\ud7ff\ue000\uffff',
    '\u{10000}x\u{10ffff}',
  ];
  for (const text of samples) {
    assert.equal(utf8Bytes(text), Buffer.from(text, 'utf8').toString('latin1'));
    assert.equal(utf8Text(utf8Bytes(text)), text);
  }
  assert.equal(utf8Text(utf8Bytes('a\ud83dz')), 'a\ud83dz');
});

test('a snapshot stays as it was while keys are added, replaced and deleted', () => {
  const tree = treeOf('a', 'ab', 'abc', 'b');
  const frozen = tree.snapshot();
  tree.set('ab', 'new');
  tree.set('abd', 'new');
  tree.set('', 'new');
  tree.delete('a');
  tree.delete('b');
  assert.deepEqual(keysOf(frozen), ['a', 'ab', 'abc', 'b']);
  assert.deepEqual([frozen.size, frozen.get('ab'), frozen.has('abd')], [4, 'value of ab', false]);
  assert.deepEqual([...frozen.entriesFrom('b')], [['b', 'value of b']]);
  assert.deepEqual(keysOf(tree), ['', 'ab', 'abc', 'abd']);
  tree.clear();
  assert.deepEqual([tree.size, frozen.size], [0, 4]);
  assert.deepEqual(keysOf(frozen), ['a', 'ab', 'abc', 'b']);
});

test('snapshots without a write between them are one and the same', () => {
  const tree = treeOf('a');
  const first = tree.snapshot();
  assert.equal(tree.snapshot(), first);
  assert.equal(tree.delete('missing'), undefined);
  assert.equal(tree.snapshot(), first);
  tree.set('a', 'again');
  assert.notEqual(tree.snapshot(), first);
});

test('a walk over the live tree shows the tree as it was when it began', () => {
  const tree = treeOf('a', 'b', 'c', 'd');
  const seen: string[] = [];
  for (const [key] of tree.entries()) {
    seen.push(key);
    tree.delete(key);
    tree.set(`${key}${key}`, 'added');
    tree.delete('d');
  }
  assert.deepEqual(seen, ['a', 'b', 'c', 'd']);
  assert.deepEqual(keysOf(tree), ['aa', 'bb', 'cc', 'dd']);
});

test('keys of many kilobytes, each starting the next, are walked without recursion', () => {
  const tree = new RadixTree<number>();
  for (let length = 0; length < 12_000; length += 1) tree.set('x'.repeat(length), length);
  const lengths = [...tree.entries()].map(([, length]) => length);
  assert.deepEqual(lengths, [...lengths.keys()]);
  assert.equal(lengths.length, 12_000);
  for (let length = 0; length < 12_000; length += 2) tree.delete('x'.repeat(length));
  assert.equal(tree.size, 6000);
  assert.deepEqual(keysOf(tree, 'x'.repeat(11_998)), ['x'.repeat(11_999)]);
});
