// Keys of AES-GCM wear out: what was sealed is counted, and the operator hears of it in time.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Warning } from '../../src/memberlist/index.ts';
import { KeyWear } from '../../src/memberlist/key-wear.ts';
import { Ring } from '../support/ring.ts';
import { RulesBench } from '../support/rules-bench.ts';

const KEY = new Uint8Array(32).fill(7);
const NEXT = new Uint8Array(32).fill(8);

test('at half of what AES-GCM allows to a ring the operator hears of it once per key', () => {
  const bench = new RulesBench({ wire: 'memberlist', encryption: { keys: [KEY, NEXT] } });
  const { keyring, core } = bench.parts;
  const told: Warning[] = [];
  core.events.listeners.on('warning', (warning) => told.push(warning));
  const { primary } = keyring;
  keyring.countSealed(primary, 2 ** 31 - 1024);
  assert.equal(told.length, 0);
  keyring.countSealed(primary, 1024);
  keyring.countSealed(primary, 1024);
  assert.deepEqual(
    told.map(({ code, fields }) => [code, fields['fingerprint'], fields['sealedMessages']]),
    [['WARN_KEY_WORN', primary.fingerprint, 2 ** 31]],
  );
  assert.match(told[0]?.message ?? '', /2\^31 messages .* rotate the key/);
  keyring.use(NEXT);
  keyring.countSealed(keyring.primary, 2 ** 31);
  assert.equal(told.length, 2);
  assert.equal(core.counters.get('warnings.WARN_KEY_WORN'), 2);
});

test('a ring of many wears its key out together', () => {
  const worn: number[] = [];
  const wear = new KeyWear({
    memberCount: () => 1000,
    onWorn: (_key, { sealedMessages }) => worn.push(sealedMessages),
  });
  const key = { bytes: KEY, fingerprint: '0' };
  for (let sealed = 1; sealed <= 3_000_000; sealed += 1) wear.sealed(key, sealed);
  assert.equal(worn.length, 1);
  assert.ok(worn[0]! >= 2 ** 31 / 1000 && worn[0]! <= 2 ** 31 / 1000 + 1024, `${worn[0]}`);
});

for (const wire of ['memberlist', 'protobuf'] as const) {
  test(`the list shows what was sealed with each key on the ${wire} wire`, async () => {
    const ring = new Ring();
    const nodes = await ring.spawnJoined(2, { wire, encryption: { keys: [KEY] } });
    const [{ member }] = nodes as [(typeof nodes)[0], ...typeof nodes];
    ring.runFor(10_000);
    const { counters } = member.stats();
    const sent = (counters['packets.sent'] ?? 0) + (counters['pushPulls.served'] ?? 0);
    const started = counters['streams.dialled'] ?? 0;
    assert.ok(sent > 10);
    assert.equal(member.keyring.list()[0]?.sealedMessages, sent + started);
    member.keyring.add(NEXT);
    member.keyring.use(NEXT);
    const [next, former] = member.keyring.list();
    assert.equal(next?.sealedMessages, 0);
    assert.equal(former?.sealedMessages, sent + started);
    assert.equal(counters['warnings.WARN_KEY_WORN'], undefined);
    await ring.close();
  });
}

test('secretbox keys do not wear', () => {
  const bench = new RulesBench({ encryption: { keys: [KEY] } });
  bench.parts.keyring.countSealed(bench.parts.keyring.primary, 2 ** 40);
  assert.deepEqual(bench.events, []);
});
