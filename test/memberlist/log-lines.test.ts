import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeCompound } from '../../src/codec/index.ts';
import type { MemberlistOptions } from '../../src/memberlist/index.ts';
import { Memberlist } from '../../src/memberlist/index.ts';
import { hostToBytes } from '../../src/runtime/index.ts';
import { createMemoryRuntime } from '../../src/simulator/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { LogLine } from '../support/recording-logger.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { Ring } from '../support/ring.ts';
import { alive, dead, startId, suspect } from '../support/rules-bench.ts';

/*
 * What an operator finds in the log, by level. Each case makes a thing happen and looks for its line.
 */

const HOST = '10.0.0.50';

/** A ring with one member whose lines are kept, and a raw peer beside it. */
async function bench(options: MemberlistOptions = {}): Promise<{
  readonly ring: Ring;
  readonly member: Memberlist;
  readonly raw: RawPeer;
  readonly find: (message: string) => LogLine[];
  readonly end: () => Promise<void>;
}> {
  const ring = new Ring();
  const logger = recordingLogger();
  const runtime = createMemoryRuntime({ network: ring.network, host: HOST, seed: 5 });
  const given = { nodeName: 'me', bindAddress: HOST, runtime: { ...runtime, logger } };
  const member = await ring.settle(Memberlist.create({ ...given, ...options }));
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  return {
    ring,
    member,
    raw,
    find: (message) => logger.lines.filter((line) => line.message === message),
    end: async () => {
      await ring.settle(member.close());
      await ring.settle(raw.close());
    },
  };
}

test('debug: the address, streams, exchanges, probes without an answer, targets that failed', async () => {
  const { ring, member, raw, find, end } = await bench();
  assert.equal(find('listening')[0]?.level, 'debug');
  await assert.rejects(ring.settle(member.join(['10.0.7.7', '10.0.7.8'])));
  assert.deepEqual(
    find('a join target was not contacted').map(({ fields }) => fields['target']),
    ['10.0.7.7', '10.0.7.8'],
  );
  assert.equal(find('a push/pull begins').length, 2);
  await ring.settle(raw.request({ host: HOST }, raw.pushPull()));
  assert.equal(find('a stream was opened')[0]?.fields['host'], raw.address.host);
  assert.ok(ring.runUntil(() => find('no direct answer to a probe').length > 0, 5_000));
  assert.equal(find('no direct answer to a probe')[0]?.fields['node'], 'raw');
  await end();
});

test('info: who is suspect, who did not refute and what confirmed it, who moved', async () => {
  const { ring, raw, find, end } = await bench();
  raw.send({ host: HOST }, raw.alive(), alive('b', 1));
  ring.runFor(5);
  raw.send({ host: HOST }, dead('b', 1, 'b'), suspect('raw', 1, 'b'));
  ring.runFor(5);
  const moved = alive('b', 2, { address: hostToBytes('10.0.0.3'), startId: startId(2) });
  raw.send({ host: HOST }, moved);
  ring.runFor(5);
  assert.equal(find('member is suspect')[0]?.fields['from'], 'b');
  const [line] = find('member is at another address');
  assert.equal(line?.level, 'info');
  assert.equal(line.fields['host'], '10.0.0.3');
  assert.deepEqual(line.fields['former'], { host: '10.0.0.2', port: 7946 });
  assert.ok(ring.runUntil(() => find('suspect did not refute').length > 0, 60_000));
  assert.equal(find('suspect did not refute')[0]?.fields['confirmations'], 0);
  await end();
});

test('warn: refutations, probes for another name, cut packets, junk and claims that are ignored', async () => {
  const { ring, raw, find, end } = await bench({ allowedNetworks: ['10.0.0.0/16'] });
  const to = { host: HOST };
  const origin = { sourceAddress: hostToBytes('10.0.9.9'), sourcePort: 7946, sourceNode: 'raw' };
  const cut = encodeCompound([Uint8Array.of(8, 1), Uint8Array.of(8, 2, 3)]).slice(0, -1);
  for (let i = 0; i < 20; i += 1) {
    raw.send(to, suspect('me', 100 + i));
    raw.send(to, { type: 'ping', seq: i, node: 'former', ...origin });
    raw.sendMessage(to, cut);
    raw.sendMessage(to, Uint8Array.of(200, 1));
    raw.send(to, alive('bad', 1, { versions: Uint8Array.of(0, 0, 0, 0, 0, 0) }));
    raw.send(to, alive('far', 1, { address: hostToBytes('172.16.0.1') }));
  }
  ring.runFor(5);
  const counted = (message: string): (readonly [string, unknown])[] =>
    find(message).map(({ level, fields }) => [level, fields['node'] ?? fields['host']]);
  assert.deepEqual(counted('refuting a claim about this node'), [['warn', undefined]]);
  assert.deepEqual(counted('a probe was meant for another name'), [['warn', 'former']]);
  assert.deepEqual(counted('a packet was cut'), [['warn', '10.0.9.9']]);
  assert.deepEqual(counted('junk was refused'), [['warn', '10.0.9.9']]);
  assert.deepEqual(counted('a claim was ignored'), [
    ['warn', 'bad'],
    ['warn', 'far'],
  ]);
  await end();
});

test('debug: claims that come from outside the allowed networks', async () => {
  const { ring, raw, find, end } = await bench({ allowedNetworks: ['10.0.0.0/24'] });
  raw.send({ host: HOST }, alive('b', 1));
  ring.runFor(5);
  const [line] = find('a claim came from outside the allowed networks');
  assert.equal(line?.level, 'debug');
  assert.equal(line.fields['host'], '10.0.9.9');
  await end();
});
