// What releases have sent. Every kept file must be read by the present code to the same values: a
// cluster is upgraded node by node, and old and new nodes speak with each other meanwhile.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { MESSAGE_TYPE } from '../../src/codec/index.ts';
import { fromHex, toHex } from './values.ts';
import { WIRE_KINDS, wireKind } from './wire-kinds.ts';
import type { GoldenFile } from './wire-release.ts';
import { goldenPath, goldenText, presentEntries, presentRelease, valueOf } from './wire-release.ts';

const releases = readdirSync('test/golden/wire').map((name) => name.replace(/\.json$/, ''));

function readGolden(release: string): GoldenFile {
  return JSON.parse(readFileSync(goldenPath(release), 'utf8')) as GoldenFile;
}

for (const release of releases) {
  test(`what ${release} sent is read to the values it meant`, () => {
    const { entries } = readGolden(release);
    assert.ok(entries.length > 50);
    for (const entry of entries) {
      const { read } = wireKind(entry.kind);
      const value = valueOf(entry);
      if (read === null) continue;
      assert.deepEqual(read(fromHex(entry.hex), value), value, `${entry.kind} ${entry.hex}`);
    }
  });
}

test('the present release has a file, and its bytes are written the same', () => {
  const release = presentRelease();
  assert.ok(existsSync(goldenPath(release)), 'node .test-dist/test/golden/write-wire.js --write');
  const { entries } = readGolden(release);
  for (const entry of entries) {
    assert.equal(toHex(wireKind(entry.kind).write(valueOf(entry))), entry.hex, entry.kind);
  }
  const text = goldenText({ release, wire: 'protobuf', entries: presentEntries() });
  assert.equal(text, readFileSync(goldenPath(release), 'utf8'));
});

test('the files hold every kind of value, and every message of packets and streams', () => {
  const { entries } = readGolden(presentRelease());
  assert.deepEqual(new Set(entries.map(({ kind }) => kind)), new Set(Object.keys(WIRE_KINDS)));
  const firstBytes = new Set(
    entries
      .filter(({ kind }) => ['packetMessage', 'streamMessage', 'compound'].includes(kind))
      .map(({ hex }) => Number.parseInt(hex.slice(0, 2), 16)),
  );
  // The others are layers, which the packets and streams are made of, or belong to the other wire.
  const { compress, sealed, checksum, framed, label, ...messages } = MESSAGE_TYPE;
  assert.deepEqual(firstBytes, new Set<number>(Object.values(messages)));
  const begins = (kind: RegExp, ...bytes: number[]): boolean =>
    entries.some((e) => kind.test(e.kind) && e.hex.startsWith(toHex(Uint8Array.from(bytes))));
  assert.ok(begins(/^packet$/, checksum) && begins(/^packet$/, label) && begins(/^packet$/, 0xe2));
  assert.ok(begins(/^stream/, framed) && begins(/^stream/, sealed) && begins(/^stream/, label));
  assert.ok(!begins(/^packet$/, compress));
});

test('a changed byte in a kept file is found', () => {
  const { entries } = readGolden(presentRelease());
  const [first] = entries;
  assert.ok(first !== undefined);
  const damaged = { ...first, hex: first.hex.replace(/..$/, '00') };
  assert.notDeepEqual(wireKind(first.kind).read?.(fromHex(damaged.hex), null), valueOf(first));
});
