import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  createWire,
  encodeCompound,
  encodeCompoundMessage,
  encodeTableEvent,
  GOSSIP_TYPE,
  Keyring,
  MESSAGE_TYPE,
  wrapGossip,
} from '../../src/codec/index.ts';
import { delivery } from '../../sim/boards/delivery/index.ts';
import { goTableSends } from '../../sim/boards/delivery/model.ts';
import type { DeliveryInput, DeliveryOutcome } from '../../sim/boards/delivery/play.ts';
import { CopyCount, playDelivery } from '../../sim/boards/delivery/play.ts';
import { deliveryReport } from '../../sim/boards/delivery/report.ts';
import { shareOf } from '../../sim/statistics.ts';
import { histogramMean } from '../../sim/tables/histogram.ts';
import { quantileInterval } from '../../sim/tables/interval.ts';
import { PACKET_KINDS, PacketReader } from '../../sim/tables/packets.ts';

const wireOptions = {
  keyring: new Keyring([], [32]),
  label: new Uint8Array(0),
  entropy: { fill: () => undefined },
  verifyIncoming: false,
  verifyOutgoing: false,
  compression: true,
};

function tableEvent(key: string, time: number): Uint8Array {
  const inner = encodeTableEvent({
    kind: 'create',
    time,
    owner: 'node0',
    network: 'nw0',
    table: 't',
    key,
    value: new Uint8Array(50),
    residualReapSeconds: 0,
  });
  return wrapGossip(GOSSIP_TYPE.tableEvent, inner);
}

function userMessage(payload: Uint8Array): Uint8Array {
  return Uint8Array.of(MESSAGE_TYPE.user, ...payload);
}

for (const name of ['protobuf', 'memberlist'] as const) {
  test(`a packet of the ${name} wire is read part by part, and each byte of it has a kind`, () => {
    const wire = createWire(name, wireOptions);
    const ack = wire.encodePacketMessage({ type: 'ack', seq: 1, payload: new Uint8Array(0) });
    const dead = { type: 'dead', incarnation: 1, node: 'n', from: 'm' } as const;
    const claim = wire.encodePacketMessage(dead);
    const writes = encodeCompoundMessage([tableEvent('a', 5), tableEvent('b', 6)]);
    const parts = [ack, claim, userMessage(writes), userMessage(Uint8Array.of(255, 255))];
    const datagram = wire.packets.seal(encodeCompound(parts));
    const packet = new PacketReader({ wire: name }).read(datagram);
    assert.deepEqual(
      packet.writes.map(({ key, time }) => `${key}@${time}`),
      ['a@5', 'b@6'],
    );
    const { bytes } = packet;
    const total = PACKET_KINDS.reduce((sum, kind) => sum + bytes[kind], 0);
    assert.ok(Math.abs(total - datagram.length) < 1e-6);
    assert.ok(bytes.tables > bytes.members && bytes.members > 0);
    assert.ok(bytes.probe > 0 && bytes.other > 0);
    assert.equal(bytes.networks, 0);
  });
}

test('copies are counted by event and sender; who sent none counts too', () => {
  const copies = new CopyCount(3);
  copies.open('a@5');
  for (const from of ['x', 'x', 'y', 'x']) copies.add('a@5', from);
  copies.add('unknown@1', 'z');
  copies.open('b@6');
  copies.add('b@6', 'z');
  assert.deepEqual(copies.close(), [3, 2, 0, 1]);
});

test("Go's rules at nine nodes leave somebody out as often as the model of them says", async () => {
  const { events, missed, copies, allMs } = await playDelivery({
    ...{ way: 'go', wire: 'memberlist', nodes: 9, lossPercent: 0, seed: 4, events: 300 },
  });
  const { low, high } = shareOf(missed, events);
  assert.ok(low <= 0.064 && 0.064 <= high, `${missed} of ${events}`);
  assert.equal(allMs.length, events - missed);
  // Four sends each, but none by those that never heard of it.
  const mean = histogramMean(copies);
  assert.ok(mean > 3.95 && mean < 4, `${mean}`);
});

test('tables leave nobody out with a quarter of the packets lost, and are prompt with none lost', async () => {
  const ring = { way: 'tables', wire: 'protobuf', nodes: 5, seed: 1, events: 15 } as const;
  const lossy = await playDelivery({ ...ring, lossPercent: 25 });
  assert.deepEqual([lossy.missed, lossy.allMs.length], [0, 15]);
  const calm = await playDelivery({ ...ring, lossPercent: 0 });
  assert.ok(Math.max(...calm.allMs) < 50);
  const copies = [lossy, calm].map((each) => histogramMean(each.copies));
  assert.ok((copies[0] ?? 0) > (copies[1] ?? 0) && (copies[1] ?? 0) >= 2, copies.join(' '));
  assert.ok(calm.bytes.tables > 0 && calm.bytes.probe > 0);
});

test('events of a cell are shared out to its rings', () => {
  const tasks = delivery.plan({ nodes: '5', loss: '0', events: '10', seeds: '4' }, 3);
  const inputs = tasks.map(({ input }) => input as unknown as DeliveryInput);
  const go = inputs.filter(({ way }) => way === 'go');
  assert.deepEqual(
    go.map(({ events, seed }) => [events, seed]),
    [
      [3, 3],
      [3, 4],
      [2, 5],
      [2, 6],
    ],
  );
});

test('rows can be chosen, and a report has no table of one that was not played', async () => {
  const values = { nodes: '5', loss: '0', events: '1', seeds: '1' };
  const ways = (rows: string): string[] =>
    delivery.plan({ ...values, rows }, 1).map((task) => {
      const { way, wire } = task.input as unknown as DeliveryInput;
      return `${way} ${wire}`;
    });
  assert.deepEqual(ways('default, go'), ['tables protobuf', 'go memberlist']);
  assert.throws(() => ways('default,udp'), /there is no udp/);
  const [task] = delivery.plan({ ...values, rows: 'default' }, 1);
  const input = task!.input as unknown as DeliveryInput;
  const report = deliveryReport([{ input, outcome: await playDelivery(input) }]);
  assert.deepEqual(
    report.tables.map(({ title }) => title),
    ['Table events on the default wire, everything on'],
  );
});

test('aims hold only what enough runs have shown', () => {
  const outcome = (events: number, missed: number): DeliveryOutcome => {
    const bytes = { probe: 1, members: 0, networks: 0, tables: 10, other: 0 };
    return { events, missed, allMs: [10, 20], copies: [0, 0, 0, 25], bytes, seconds: 1 };
  };
  const input = { way: 'tables', wire: 'protobuf', nodes: 25, lossPercent: 0, seed: 1 } as const;
  const verdict = (events: number, missed: number, aim = 0): boolean | null | undefined =>
    deliveryReport([{ input: { ...input, events }, outcome: outcome(events, missed) }]).aims[aim]
      ?.isMet;
  // The second aim is about the slowest of the events.
  assert.deepEqual([verdict(49, 0, 1), verdict(50, 0, 1)], [null, true]);
  assert.equal(verdict(999, 0), null);
  assert.equal(verdict(1000, 0), true);
  assert.equal(verdict(10, 1), false);
});

test("Go's sends follow its budget of one for a tick of three", () => {
  assert.deepEqual([5, 9, 25, 99, 128, 999, 1000].map(goTableSends), [12, 12, 24, 24, 36, 36, 48]);
});

test('a quantile has the interval of its ranks', () => {
  const samples = Array.from({ length: 100 }, (_, at) => at + 1);
  const { value, low, high } = quantileInterval(samples, 0.5);
  assert.deepEqual([value, low, high], [50.5, 40, 61]);
});
