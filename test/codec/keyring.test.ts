import assert from 'node:assert/strict';
import { test } from 'node:test';

import { keyFingerprint, Keyring } from '../../src/codec/index.ts';
import { keyOf } from './support.ts';

function ringOf(...keys: number[]): Keyring {
  return new Keyring(keys.map(keyOf), [32]);
}

function fingerprints(ring: Keyring): string[] {
  return ring.list().map((info) => info.fingerprint);
}

test('the first key is primary, later ones stand behind it, a known one changes nothing', () => {
  const ring = ringOf(1, 2, 1);
  assert.equal(ring.size, 2);
  ring.add(keyOf(2));
  ring.add(keyOf(3));
  assert.deepEqual(
    fingerprints(ring),
    [1, 2, 3].map((byte) => keyFingerprint(keyOf(byte))),
  );
  assert.deepEqual(
    ring.list().map((info) => info.isPrimary),
    [true, false, false],
  );
});

test('an empty ring is not enabled and has no primary; the first key enables it', () => {
  const ring = ringOf();
  assert.equal(ring.isEnabled, false);
  assert.throws(() => ring.primary, { code: 'ERR_KEY_UNKNOWN' });
  ring.remove(keyOf(1));
  ring.add(keyOf(1));
  assert.equal(ring.isEnabled, true);
  assert.deepEqual(ring.primary.bytes, keyOf(1));
});

test('using a key moves it to the front and keeps the order of the others', () => {
  const ring = ringOf(1, 2, 3);
  const second = ring.entries()[1];
  ring.use(keyOf(3));
  assert.deepEqual(
    fingerprints(ring),
    [3, 1, 2].map((byte) => keyFingerprint(keyOf(byte))),
  );
  assert.equal(ring.entries()[2], second);
  assert.throws(() => ring.use(keyOf(9)), { name: 'CryptoError', code: 'ERR_KEY_UNKNOWN' });
});

test('the primary key cannot be removed, an unknown one need not be', () => {
  const ring = ringOf(1, 2);
  assert.throws(() => ring.remove(keyOf(1)), { name: 'CryptoError', code: 'ERR_KEY_PRIMARY' });
  ring.remove(keyOf(9));
  ring.remove(keyOf(2));
  assert.equal(ring.size, 1);
  assert.equal(ring.has(keyOf(2)), false);
});

test('keys of another size or type are refused everywhere', () => {
  for (const bad of [new Uint8Array(16), new Uint8Array(0), 'x'.repeat(32), null] as Uint8Array[]) {
    assert.throws(() => new Keyring([bad], [32]), { name: 'CryptoError', code: 'ERR_KEY_INVALID' });
    const ring = ringOf(1);
    assert.throws(() => ring.use(bad), { code: 'ERR_KEY_INVALID' });
    assert.throws(() => ring.remove(bad), { code: 'ERR_KEY_INVALID' });
  }
  assert.equal(new Keyring([new Uint8Array(16)], [16, 24, 32]).size, 1);
});

test('keys are copied in, and what is shown does not tell them', () => {
  const key = keyOf(1);
  const ring = new Keyring([key], [32]);
  const [info] = ring.list();
  key.fill(9);
  assert.equal(ring.has(keyOf(1)), true);
  assert.match(info?.fingerprint ?? '', /^[0-9a-f]{8}$/);
  assert.notEqual(info?.fingerprint, '01010101');
  assert.deepEqual(Object.keys(info ?? {}).sort(), ['fingerprint', 'isPrimary', 'sealedMessages']);
});

test('all keys can be replaced at once, and nothing changes when that is refused', () => {
  const shown = (ring: Keyring): string[] => ring.list().map(({ fingerprint }) => fingerprint);
  for (const [before, after, primary] of [
    [[1], [2], 2],
    [[1, 2], [2, 3], 3],
    [[1, 2, 3], [3, 1], 3],
    [[], [1, 2], 2],
    [[1, 2], [1, 2, 2], 1],
  ] as const) {
    const ring = ringOf(...before);
    ring.replace(after.map(keyOf), keyOf(primary));
    const expected = [primary, ...new Set(after.filter((n) => n !== primary))].map(keyOf);
    assert.deepEqual(new Set(shown(ring)), new Set(expected.map(keyFingerprint)));
    assert.equal(ring.size, expected.length);
    assert.equal(ring.primary.fingerprint, keyFingerprint(keyOf(primary)));
  }
  const ring = ringOf(1, 2);
  const before = shown(ring);
  const bad = new Uint8Array(5);
  for (const [keys, primary, code] of [
    [[], keyOf(1), 'ERR_KEY_UNKNOWN'],
    [[keyOf(3)], keyOf(1), 'ERR_KEY_UNKNOWN'],
    [[keyOf(3), bad], keyOf(3), 'ERR_KEY_INVALID'],
    [[keyOf(3)], bad, 'ERR_KEY_INVALID'],
    [keyOf(3) as unknown as Uint8Array[], keyOf(3), 'ERR_KEY_INVALID'],
  ] as const) {
    assert.throws(() => ring.replace(keys, primary), { name: 'CryptoError', code });
    assert.deepEqual(shown(ring), before);
  }
});
