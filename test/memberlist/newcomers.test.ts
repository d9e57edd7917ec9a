import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { MemberlistDelegates } from '../../src/memberlist/index.ts';
import { MemberRecord } from '../../src/memberlist/member.ts';
import { MemberTable } from '../../src/memberlist/members.ts';
import { Neighbours } from '../../src/memberlist/neighbours.ts';
import { Newcomers } from '../../src/memberlist/newcomers.ts';
import { SeededRandom } from '../../src/runtime/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { Ring } from '../support/ring.ts';

const QUIET = { probe: { intervalMs: false }, pushPull: { intervalMs: false } } as const;
const ROOM = { overheadBytes: 2, limitBytes: 1000 };

function record(name: string, state: MemberRecord['state'] = 'alive'): MemberRecord {
  const none = new Uint8Array(0);
  const facts = {
    ...{ name, isLocal: name === 'm', addressBytes: none, metadata: none, versions: none },
    ...{ startId: none, retiredStartId: none },
    address: { host: `10.0.0.${name.charCodeAt(0)}`, port: 7946 },
  };
  return new MemberRecord(facts, 1, state, 0);
}

describe('neighbours in the ring of names', () => {
  const tableOf = (...names: string[]): [MemberTable, Neighbours, Map<string, MemberRecord>] => {
    const table = new MemberTable(new SeededRandom(1));
    const neighbours = new Neighbours(table, 'm');
    const records = new Map(names.map((name) => [name, record(name)]));
    for (const each of records.values()) {
      table.insert(each);
      if (!each.isLocal) neighbours.came(each);
    }
    return [table, neighbours, records];
  };
  const namesOf = (neighbours: Neighbours): string[] => neighbours.both().map(({ name }) => name);

  test('are those next to us in the order of names, going round', () => {
    assert.deepEqual(namesOf(tableOf('m')[1]), []);
    assert.deepEqual(namesOf(tableOf('m', 'a')[1]), ['a']);
    assert.deepEqual(namesOf(tableOf('m', 'a', 'b')[1]), ['a', 'b']);
    assert.deepEqual(namesOf(tableOf('a', 'p', 'm', 'z', 'n', 'k', 'b')[1]), ['n', 'k']);
    assert.deepEqual(namesOf(tableOf('z', 'm', 'x')[1]), ['x', 'z']);
  });

  test('change when one of them is gone, and not when a suspect stays', () => {
    const [table, neighbours, records] = tableOf('m', 'a', 'n', 'z');
    assert.deepEqual(namesOf(neighbours), ['n', 'a']);
    records.get('n')!.state = 'suspect';
    assert.deepEqual(namesOf(neighbours), ['n', 'a']);
    records.get('n')!.state = 'dead';
    assert.deepEqual(namesOf(neighbours), ['z', 'a']);
    records.get('a')!.state = 'left';
    assert.deepEqual(namesOf(neighbours), ['z']);
    table.reap(0, () => undefined);
    assert.deepEqual(namesOf(neighbours), ['z']);
    records.get('z')!.state = 'dead';
    assert.deepEqual(namesOf(neighbours), []);
  });
});

describe('word of newcomers', () => {
  const next = record('n');
  const previous = record('l');
  let beside = [next, previous];
  const list = (sendLimit = 4): Newcomers =>
    new Newcomers(
      () => beside,
      () => sendLimit,
    );
  const word = (text: string): Uint8Array => new TextEncoder().encode(text);
  const texts = (messages: readonly Uint8Array[] | undefined): string[] =>
    (messages ?? []).map((message) => new TextDecoder().decode(message));

  test('is repeated to a neighbour until it comes back from there, and forgotten some time after', () => {
    const words = list();
    words.add('x', word('x'));
    words.heard('x', next.address);
    assert.deepEqual(texts(words.takeFresh(ROOM, 0)), ['x']);
    assert.equal(words.takeRepeat(ROOM, 50, 100), null, 'it may still be answered');
    const repeat = words.takeRepeat(ROOM, 100, 100);
    assert.deepEqual(texts(repeat?.messages), ['x']);
    assert.deepEqual(repeat?.to, [previous]);
    words.heard('x', previous.address);
    assert.equal(words.takeRepeat(ROOM, 300, 100), null);
    assert.equal(words.length, 1);
    assert.equal(words.takeRepeat(ROOM, 1100, 100), null);
    assert.equal(words.length, 0);
  });

  test('goes to a silent neighbour as often as any claim, no more', () => {
    const words = list(3);
    words.add('x', word('x'));
    words.takeFresh(ROOM, 0);
    const sent = [1, 2, 3, 4].map((at) => words.takeRepeat(ROOM, 200 * at, 100)?.messages.length);
    assert.deepEqual(sent, [1, 1, undefined, undefined]);
    assert.equal(words.length, 0);
  });

  test('is told to a neighbour that came between us since', () => {
    const words = list();
    words.add('x', word('x'));
    words.takeFresh(ROOM, 0);
    words.heard('x', next.address);
    words.heard('x', previous.address);
    const between = record('o');
    beside = [between, previous];
    assert.deepEqual(words.takeRepeat(ROOM, 100, 100)?.to, [between]);
    beside = [next, previous];
  });

  test('is told to a neighbour that says it when both former ones have it', () => {
    const words = list();
    words.add('x', word('x'));
    words.takeFresh(ROOM, 0);
    words.heard('x', next.address);
    words.heard('x', previous.address);
    assert.equal(words.takeRepeat(ROOM, 100, 100), null);
    const between = record('o');
    beside = [between, previous];
    words.heard('x', between.address);
    assert.deepEqual(words.takeRepeat(ROOM, 200, 100)?.to, [between]);
    assert.equal(words.takeRepeat(ROOM, 400, 100), null);
    beside = [next, previous];
  });

  test('is said once more to a neighbour that says it again, unless it speaks of itself', () => {
    const words = list();
    for (const name of ['x', 'n']) words.add(name, word(name));
    words.takeFresh(ROOM, 0);
    for (const name of ['x', 'n']) {
      for (const { address } of [next, previous, next, next]) words.heard(name, address);
    }
    const repeat = words.takeRepeat(ROOM, 100, 100);
    assert.deepEqual(texts(repeat?.messages), ['x']);
    assert.deepEqual(repeat?.to, [next]);
    words.heard('x', next.address);
    assert.equal(words.takeRepeat(ROOM, 300, 100), null, 'one answer ends it');
  });

  test('that has gone by is said back, once, to the neighbour that says it, and to nobody else', () => {
    const words = list();
    const x = (): Uint8Array => word('x');
    assert.equal(words.heard('x', next.address), false);
    assert.equal(words.answer('x', record('o').address, 0, x), false, 'not to a stranger');
    assert.equal(words.answer('n', next.address, 0, x), false, 'not to whom it is about');
    assert.equal(
      words.answer('x', next.address, 0, () => null),
      false,
    );
    assert.equal(words.length, 0);
    assert.equal(words.answer('x', next.address, 0, x), true);
    const repeat = words.takeRepeat(ROOM, 100, 100);
    assert.deepEqual(texts(repeat?.messages), ['x']);
    assert.deepEqual(repeat?.to, [next]);
    assert.equal(repeat.isUnheard, false);
    assert.equal(words.takeRepeat(ROOM, 300, 100), null);
  });

  test('is known to be said to a neighbour that may lack it, or that only waits for it', () => {
    const words = list();
    words.add('x', word('x'));
    words.takeFresh(ROOM, 0);
    words.heard('x', next.address);
    assert.equal(words.takeRepeat(ROOM, 100, 100)?.isUnheard, true);
    words.heard('x', previous.address);
    words.heard('x', previous.address);
    const repeat = words.takeRepeat(ROOM, 300, 100);
    assert.deepEqual(repeat?.to, [previous]);
    assert.equal(repeat.isUnheard, false);
  });

  test('fills packets that hold what the same neighbours lack', () => {
    const words = list();
    for (const name of ['x', 'y', 'z']) words.add(name, word(name.repeat(400)));
    assert.equal(words.takeFresh(ROOM, 0).length, 2);
    assert.equal(words.takeFresh(ROOM, 0).length, 1);
    words.heard('y', next.address);
    assert.deepEqual(words.takeRepeat(ROOM, 100, 100)?.messages.length, 2);
    assert.deepEqual(words.takeRepeat(ROOM, 100, 100)?.to, [previous]);
    assert.equal(words.takeRepeat(ROOM, 100, 100), null);
  });

  test('that no packet holds any more keeps nothing else back', () => {
    const words = list();
    words.add('x', word('x'.repeat(900)));
    words.takeFresh(ROOM, 0);
    words.add('y', word('y'.repeat(900)));
    words.add('z', word('z'));
    const less = { ...ROOM, limitBytes: 800 };
    assert.deepEqual(texts(words.takeFresh(less, 0)), ['z']);
    assert.deepEqual(texts(words.takeRepeat(less, 100, 100)?.messages), ['z']);
    assert.equal(words.length, 1);
  });

  test('is dropped in part when too much waits, first what was sent', () => {
    const words = list();
    words.add('x', word('x'));
    words.takeFresh(ROOM, 0);
    words.add('y', word('y'));
    words.dropSome(1);
    assert.equal(words.length, 1);
    assert.deepEqual(texts(words.takeFresh(ROOM, 0)), ['y']);
  });
});

describe('a ring that is started', () => {
  test('forms by gossip alone although a quarter of the packets is lost', async () => {
    for (const seed of [1, 2]) {
      const ring = new Ring({ seed, lossRate: 0.25 });
      await ring.spawnJoined(40, QUIET);
      await ring.close();
    }
  });

  const NOBODY_ASKED = {};
  const costs: [string, number, MemberlistDelegates][] = [
    ['', 0, NOBODY_ASKED],
    [', the most metadata or not', 512, NOBODY_ASKED],
    [
      ', also where the layer above is asked about each',
      0,
      { admission: { admitMember: () => true } },
    ],
  ];
  for (const [besides, metadataBytes, delegates] of costs) {
    test(`costs each member about three packets for each newcomer${besides}`, async () => {
      const ring = new Ring();
      const nodes = [];
      for (let i = 0; i < 30; i += 1) nodes.push(await ring.spawn(QUIET, { delegates }));
      for (const { member } of nodes.slice(1)) await ring.settle(member.join([nodes[0]!.host]));
      ring.runFor(10_000);
      assert.ok(nodes.every(({ member }) => member.memberCount === 30));
      let copies = 0;
      ring.network.onPacket = (_from, to, bytes) => {
        if (to.host !== '10.0.9.9' && Buffer.from(bytes).includes('newcomer')) copies += 1;
      };
      const user = { localMetadata: () => new Uint8Array(metadataBytes).fill(7) };
      const late = await ring.spawn(
        { ...QUIET, nodeName: 'newcomer' },
        { host: '10.0.9.9', delegates: { ...delegates, user } },
      );
      await ring.settle(late.member.join([nodes[7]!.host]));
      ring.runFor(10_000);
      assert.ok(nodes.every(({ member }) => member.memberCount === 31));
      assert.ok(copies < 4.5 * 30, `${copies} copies`);
      await ring.close();
    });
  }

  test('is told of once where the word has gone by, and says nothing again', async () => {
    const ring = new Ring();
    const node = await ring.spawn(QUIET);
    const peer = await RawPeer.start(ring, { host: '10.0.9.1', name: 'peer' });
    const other = peer.node({ name: 'other', address: Uint8Array.of(10, 0, 9, 2) });
    peer.onRequest = () => peer.pushPull([peer.node(), other]);
    await ring.settle(node.member.join([peer.address.host]));
    ring.runFor(3_000);
    const say = (): number => {
      const before = peer.heard.length;
      peer.send(node, peer.alive({ node: other.name, address: other.address }));
      ring.runFor(3_000);
      return peer.heard.slice(before).filter((message) => message.type === 'alive').length;
    };
    assert.equal(say(), 1, 'what we repeat until it comes back');
    ring.runFor(10_000);
    assert.equal(say(), 0, 'nobody repeats it any more');
    await ring.close();
    await ring.settle(peer.close());
  });

  test('is followed up by exchanges only as long as it is small', async () => {
    const ring = new Ring();
    const config = { probe: { intervalMs: false } } as const;
    const started = ({ member }: { member: { stats(): { counters: Record<string, number> } } }) =>
      member.stats().counters['pushPulls.started'] ?? 0;
    const nodes = await ring.spawnJoined(40, config);
    ring.runFor(1_100);
    const [small, large] = [nodes.slice(1, 31), nodes.slice(33)];
    assert.ok(small.every((node) => started(node) >= 2));
    assert.ok(large.filter((node) => started(node) === 1).length >= 5, 'but for the first rounds');
    await ring.close();
  });

  test('two rings are one when somebody joins through a member of each', async () => {
    const ring = new Ring();
    const nodes = [];
    for (let i = 0; i < 20; i += 1) nodes.push(await ring.spawn(QUIET));
    for (const half of [nodes.slice(0, 10), nodes.slice(10)]) {
      for (const { member } of half.slice(1)) await ring.settle(member.join([half[0]!.host]));
    }
    ring.runFor(10_000);
    assert.ok(nodes.every(({ member }) => member.memberCount === 10));
    const bridge = await ring.spawn(QUIET);
    await ring.settle(bridge.member.join([nodes[3]!.host, nodes[13]!.host]));
    ring.runFor(5_000);
    const counts = nodes.map(({ member }) => member.memberCount);
    assert.deepEqual(
      counts,
      counts.map(() => 21),
    );
    await ring.close();
  });

  test('is told of a newcomer by whoever learnt of it from an exchange, when the word comes along', async () => {
    const ring = new Ring();
    const node = await ring.spawn(QUIET);
    const seed = await RawPeer.start(ring, { host: '10.0.9.1', name: 'seed' });
    const other = seed.node({ name: 'other', address: Uint8Array.of(10, 0, 9, 2) });
    seed.onRequest = () => seed.pushPull([seed.node(), other]);
    await ring.settle(node.member.join([seed.address.host]));
    ring.runFor(1_000);
    const ofOther = (): number =>
      seed.heard.filter((message) => message.type === 'alive' && message.node === 'other').length;
    assert.equal(ofOther(), 0, 'the seed knows');
    seed.send(node, seed.alive({ node: other.name, address: other.address }));
    ring.runFor(1_000);
    assert.equal(ofOther(), 1);
    await ring.close();
    await ring.settle(seed.close());
  });
});
