import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { MemberlistDelegates, RuntimeOptions } from '../../src/memberlist/index.ts';
import { Memberlist } from '../../src/memberlist/index.ts';
import type { NetworkDBOptions, TableCodec } from '../../src/networkdb/index.ts';
import { NetworkDB } from '../../src/networkdb/index.ts';
import { createMemoryRuntime } from '../../src/simulator/index.ts';
import { Cluster } from '../support/cluster.ts';
import { Ring } from '../support/ring.ts';

/*
 * What plain JavaScript can hand over although the types forbid it: refused at once by code, or counted as a failed
 * hook; never an error of the engine's own, a promise that hangs, or one that nobody hears.
 */

const WRONG = { code: 'ERR_ARGUMENT_INVALID' };

test('a wait that cannot be kept is refused before a ping begins, and a close stays quiet', async () => {
  const ring = new Ring();
  const { member } = await ring.spawn();
  for (const timeoutMs of [NaN, '5', -1]) {
    const ping = member.ping({ host: '10.0.0.9', port: 9 }, { timeoutMs: timeoutMs as number });
    await assert.rejects(ping, WRONG);
  }
  await assert.rejects(member.ping('n1', null as never), WRONG);
  await ring.close();
});

test('a return to targets that are no list is refused, and the node can still return', async () => {
  const ring = new Ring();
  const [, b] = await ring.spawnJoined(2);
  await ring.settle(b!.member.leave());
  await assert.rejects(b!.member.rejoin(null as never), WRONG);
  assert.equal(await ring.settle(b!.member.rejoin()), 1);
  await ring.close();
});

test('messages that are no bytes are refused', async () => {
  const ring = new Ring();
  const [a] = await ring.spawnJoined(2);
  for (const message of ['text', null, 5, new Uint16Array(4)] as unknown as Uint8Array[]) {
    assert.throws(() => a!.member.sendBestEffort('n2', message), WRONG);
    await assert.rejects(a!.member.sendReliable('n2', message), WRONG);
  }
  await ring.close();
});

test('delegates that give no bytes count as failed hooks, and joins go on without them', async () => {
  const ring = new Ring();
  const wrong = {
    user: { localState: () => 'x', getBroadcasts: () => 5 },
    ping: { ackPayload: () => ({}) },
  } as unknown as MemberlistDelegates;
  const seed = await ring.spawn();
  const node = await ring.spawn({}, { delegates: wrong });
  assert.equal(await ring.settle(node.member.join([seed.host])), 1);
  ring.runFor(3_000);
  assert.equal(seed.member.memberCount, 2);
  assert.ok((node.member.stats().counters['hooks.failed'] ?? 0) >= 3);
  const metadata = { user: { localMetadata: () => 'text' } } as unknown as MemberlistDelegates;
  await assert.rejects(ring.spawn({}, { delegates: metadata }), WRONG);
  await ring.close();
});

test('a logger that lacks a level is refused, and one that throws ends nothing', async () => {
  const ring = new Ring();
  const seed = await ring.spawn();
  for (const logger of [{}, 5, { info: () => undefined }]) {
    const runtime = { ...seed.runtime, logger } as unknown as RuntimeOptions;
    await assert.rejects(Memberlist.create({ runtime }), { code: 'ERR_CONFIG_INVALID' });
  }
  const fail = (): never => {
    throw new Error('a broken logger');
  };
  const broken = { debug: fail, info: fail, warn: fail, error: fail };
  const host = '10.0.0.50';
  const { network } = ring;
  const runtime = createMemoryRuntime({ network, host, seed: 5, logger: broken });
  const { member } = await ring.spawn({ runtime }, { host });
  assert.equal(await ring.settle(member.join([seed.host])), 1);
  ring.runFor(5_000);
  assert.equal(seed.member.memberCount, 2);
  await ring.close();
});

test('options that are nothing are refused as a configuration', async () => {
  const nothing = NetworkDB.create(null as unknown as NetworkDBOptions);
  await assert.rejects(nothing, { code: 'ERR_CONFIG_INVALID' });
  await assert.rejects(Memberlist.create(null as never), { code: 'ERR_CONFIG_INVALID' });
});

test('a codec that gives no bytes is refused, and nothing is stored', async () => {
  const cluster = new Cluster();
  const { db } = await cluster.spawnDb();
  const network = await cluster.settle(db.joinNetwork('prod'));
  for (const encoded of ['text', undefined]) {
    const codec = { encode: () => encoded, decode: () => 'x' } as unknown as TableCodec<string>;
    const table = network.table('t', codec);
    assert.throws(() => table.set('k', 'v'), { code: 'ERR_TABLE_CODEC' });
    assert.equal(table.get('k'), undefined);
  }
  await cluster.close();
});
