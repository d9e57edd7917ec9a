import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { GossipError } from '../../../src/runtime/index.ts';
import { nodeEntropy, nodeRandom, nodeResolver } from '../../../src/runtime/node/index.ts';
import { runReal } from '../../support/drivers.ts';

type Answer = { error: GossipError | null; hosts: readonly string[] };

async function lookup(host: string, timeoutMs = 5_000): Promise<Answer> {
  const answers: Answer[] = [];
  // Without a name server of its own, so that nothing leaves the machine but what the system sends.
  const resolver = nodeResolver({ dnsConfigPath: false, timeoutMs });
  resolver.lookup(host, (error, hosts) => answers.push({ error, hosts }));
  assert.equal(answers.length, 0, 'answered inside the call');
  await runReal(() => answers.length > 0);
  const [answer] = answers;
  return answer ?? assert.fail();
}

describe("Node's resolver", () => {
  it('answers IP literals in canonical form', async () => {
    assert.deepEqual((await lookup('10.1.2.3')).hosts, ['10.1.2.3']);
    assert.deepEqual((await lookup('[0:0::1]')).hosts, ['::1']);
    assert.deepEqual((await lookup('::ffff:10.1.2.3')).hosts, ['10.1.2.3']);
  });

  it('finds the local host by name', async () => {
    const { error, hosts } = await lookup('localhost');
    assert.equal(error, null);
    assert.ok(hosts.includes('127.0.0.1') || hosts.includes('::1'));
    assert.equal(new Set(hosts).size, hosts.length);
  });

  it('reports names without an address', async () => {
    for (const host of ['', 'no-such-host.invalid', 'a\u0000b', 'x'.repeat(300)]) {
      const { error, hosts } = await lookup(host, 2_000);
      assert.equal(error?.code, 'ERR_NAME_LOOKUP', JSON.stringify(host));
      assert.equal(error.fields['host'], host);
      assert.deepEqual(hosts, []);
    }
  });
});

describe("Node's randomness", () => {
  it('fills the whole target with entropy and nothing beside it', () => {
    const memory = new Uint8Array(96);
    nodeEntropy().fill(memory.subarray(32, 64));
    assert.ok(memory.subarray(0, 32).every((byte) => byte === 0));
    assert.ok(memory.subarray(64).every((byte) => byte === 0));
    assert.ok(new Set(memory.subarray(32, 64)).size > 8);
  });

  it('gives generators that differ', () => {
    const draws = Array.from({ length: 20 }, () => nodeRandom().uint32());
    assert.ok(new Set(draws).size >= 19);
  });
});
