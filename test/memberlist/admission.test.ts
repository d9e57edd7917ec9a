import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { AllowedNetworks, isAddressBlock } from '../../src/memberlist/allowed-networks.ts';
import { Ring } from '../support/ring.ts';

describe('allowed networks', () => {
  test('hold addresses by family and prefix, mapped ones as IPv4', () => {
    const mixed = new AllowedNetworks(['10.0.0.0/8', '127.0.0.1/32', 'fd00::/8']);
    const v4 = new AllowedNetworks(['0.0.0.0/0']);
    const all = new AllowedNetworks(null);
    const cases: [AllowedNetworks, string, boolean][] = [
      [mixed, '10.255.0.1', true],
      [mixed, '11.0.0.1', false],
      [mixed, '127.0.0.1', true],
      [mixed, '127.0.0.2', false],
      [mixed, 'fd12::1', true],
      [mixed, 'fe80::1', false],
      [mixed, '::ffff:10.0.0.1', true],
      [v4, '203.0.113.9', true],
      [v4, '::1', false],
      [all, '::1', true],
    ];
    for (const [networks, host, allowed] of cases)
      assert.equal(networks.allows(host), allowed, host);
  });

  test('are texts of address and prefix length', () => {
    for (const good of ['10.0.0.0/8', ' 10.0.0.0/8 ', '::/0', 'fd00::/8']) {
      assert.ok(isAddressBlock(good), good);
    }
    for (const bad of ['10.0.0.0', '10.0.0.0/33', 'x/8', '', 8, null]) {
      assert.ok(!isAddressBlock(bad), String(bad));
    }
  });

  test('keep out members at other addresses, who may see us all the same', async () => {
    const ring = new Ring();
    const strict = { allowedNetworks: ['10.0.0.0/24'] };
    const a = await ring.spawn(strict);
    const b = await ring.spawn(strict);
    const foreign = await ring.spawn({}, { host: '10.9.0.1' });
    await ring.settle(b.member.join([a.host]));
    await ring.settle(foreign.member.join([a.host]));
    ring.runFor(5000);
    assert.deepEqual(
      [a, b].map(({ member }) => member.members().map(({ name }) => name)),
      [
        ['n1', 'n2'],
        ['n1', 'n2'],
      ],
    );
    assert.equal(foreign.member.memberCount, 3);
    assert.ok((a.member.stats().counters['claims.refused.admission'] ?? 0) > 0);
    await ring.close();
  });

  test('refuse an empty list and what is no block, as one error', async () => {
    const ring = new Ring();
    await assert.rejects(ring.spawn({ allowedNetworks: [] }), { code: 'ERR_CONFIG_INVALID' });
    await assert.rejects(ring.spawn({ allowedNetworks: ['10.0.0.1'] }), {
      code: 'ERR_CONFIG_INVALID',
    });
  });
});

describe('the admission delegate', () => {
  test('keeps a member out that it does not admit, and is not asked about its own node', async () => {
    const ring = new Ring();
    const asked: string[] = [];
    const delegates = {
      admission: {
        admitMember: ({ name }: { name: string }) => {
          asked.push(name);
          return name !== 'n3';
        },
      },
    };
    const a = await ring.spawn({}, { delegates });
    const b = await ring.spawn();
    const c = await ring.spawn();
    await ring.settle(b.member.join([a.host]));
    await ring.settle(c.member.join([a.host]));
    ring.runFor(2000);
    assert.deepEqual([...new Set(asked)].sort(), ['n2', 'n3']);
    assert.deepEqual(
      a.member.members().map(({ name }) => name),
      ['n1', 'n2'],
    );
    await ring.close();
  });

  test('fails a join whose merge it refuses, on the side that asked; nothing is merged', async () => {
    const ring = new Ring();
    const heard: string[][] = [];
    const delegates = {
      admission: {
        admitMerge: (members: readonly { name: string }[]) => {
          heard.push(members.map(({ name }) => name));
          return false;
        },
      },
    };
    const a = await ring.spawn();
    const b = await ring.spawn({}, { delegates });
    await assert.rejects(
      ring.settle(b.member.join([a.host])),
      (error: { cause?: AggregateError }) => {
        const [cause] = (error.cause?.errors ?? []) as { code: string }[];
        return cause?.code === 'ERR_MERGE_REFUSED';
      },
    );
    assert.deepEqual(heard, [['n1']]);
    assert.equal(b.member.memberCount, 1);
    await ring.close();
  });

  test('that throws refuses, and is counted', async () => {
    const ring = new Ring();
    let isArmed = false;
    const delegates = {
      admission: {
        admitMember: () => {
          if (isArmed) throw new Error('cannot decide');
          return true;
        },
      },
    };
    const a = await ring.spawn({}, { delegates });
    isArmed = true;
    const b = await ring.spawn();
    await ring.settle(b.member.join([a.host]));
    ring.runFor(1000);
    assert.equal(a.member.memberCount, 1);
    assert.ok((a.member.stats().counters['hooks.failed'] ?? 0) > 0);
    await ring.close();
  });
});

test('the ping delegate gives the payload of acks and hears round trips of direct probes', async () => {
  const ring = new Ring();
  const heard: [string, number, string][] = [];
  const a = await ring.spawn(
    {},
    {
      delegates: {
        ping: {
          onPingComplete: (member, roundTripMs, payload) => {
            heard.push([member.name, roundTripMs, Buffer.from(payload).toString()]);
          },
        },
      },
    },
  );
  const b = await ring.spawn({}, { delegates: { ping: { ackPayload: () => Buffer.from('hi') } } });
  await ring.settle(b.member.join([a.host]));
  ring.runFor(3000);
  assert.ok(heard.length >= 2);
  assert.deepEqual(heard[0], ['n2', 2, 'hi']);
  await ring.close();
});
