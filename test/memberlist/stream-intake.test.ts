import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { StreamMessage, WireName } from '../../src/codec/index.ts';
import { createWire, Keyring } from '../../src/codec/index.ts';
import { StreamIntake } from '../../src/memberlist/stream-intake.ts';
import { SeededRandom } from '../../src/runtime/index.ts';
import { seededEntropy, VirtualClock } from '../../src/simulator/index.ts';
import { joinBytes, nodeOf, noise } from '../codec/support.ts';

function wire(name: WireName = 'protobuf') {
  return createWire(name, {
    keyring: new Keyring([], [32]),
    label: new Uint8Array(0),
    entropy: seededEntropy(new SeededRandom(1)),
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: true,
  });
}

function sealed(message: StreamMessage, name: WireName = 'protobuf'): Uint8Array {
  const { request } = wire(name).streams.initiate();
  const chunks: Uint8Array[] = [];
  for (const piece of wire(name).encodeStreamMessage(message)) chunks.push(...request.push(piece));
  return joinBytes([...chunks, ...request.finish()]);
}

/** An intake that notes what it is told, and how much its reader is given between two turns. */
function bench(name: WireName = 'protobuf') {
  const clock = new VirtualClock();
  const reader = wire(name).createStreamReader();
  const told: string[] = [];
  let inTurn = 0;
  let largest = 0;
  const { request } = wire(name).streams.accept();
  const intake = new StreamIntake(clock, {
    opener: request,
    reader: {
      get message() {
        return reader.message;
      },
      droppedRecords: 0,
      push: (bytes) => {
        inTurn += bytes.length;
        largest = Math.max(largest, inTurn);
        reader.push(bytes);
      },
    },
    onRead: () => undefined,
    onWhole: () => told.push(reader.message === null ? 'cut message' : reader.message.type),
    onCut: () => told.push('cut'),
    onFailed: (error) => told.push(error.code),
  });
  const turn = (): boolean => {
    inTurn = 0;
    return clock.runNext();
  };
  return { intake, told, turn, largestBytes: () => largest };
}

const pushPull: StreamMessage = {
  type: 'pushPull',
  join: true,
  nodes: Array.from({ length: 5000 }, (_, i) => nodeOf(i)),
  userState: noise(100_000),
};

test('a large push/pull is read in pieces of 16 KiB, a large message in pieces of 64 KiB', () => {
  const kinds: [StreamMessage, number][] = [
    [pushPull, 16_384],
    [{ type: 'user', payload: new Uint8Array(1_000_000) }, 65_536],
  ];
  for (const [message, pieceBytes] of kinds) {
    const { intake, told, turn, largestBytes } = bench();
    intake.push(sealed(message));
    let turns = 0;
    while (turn()) turns += 1;
    assert.deepEqual(told, [message.type]);
    assert.ok(largestBytes() <= pieceBytes, `${largestBytes()} bytes in one turn`);
    assert.ok(turns >= 10);
  }
});

test('an end that arrives while bytes wait to be read waits too', () => {
  const { intake, told, turn } = bench();
  intake.push(sealed(pushPull));
  intake.end();
  assert.deepEqual(told, []);
  while (turn());
  assert.deepEqual(told, ['pushPull']);
});

test('a stream that ends too early is told as cut once, junk as what it is, and after a stop nothing', () => {
  const bytes = sealed(pushPull);
  const cut = bench();
  cut.intake.push(bytes.subarray(0, bytes.length - 1));
  cut.intake.end();
  while (cut.turn());
  cut.intake.push(bytes.subarray(bytes.length - 1));
  cut.intake.end();
  assert.deepEqual(cut.told, ['cut']);

  const junk = bench();
  junk.intake.push(noise(100));
  junk.intake.end();
  assert.deepEqual(junk.told, ['ERR_CODEC_MALFORMED']);

  const stopped = bench();
  stopped.intake.push(bytes);
  stopped.intake.stop();
  while (stopped.turn());
  assert.deepEqual(stopped.told, []);
});

for (const name of ['protobuf', 'memberlist'] as const) {
  test(`what arrives in one burst on the ${name} wire is read over many turns, 64 KiB in each`, () => {
    const message: StreamMessage = { type: 'user', payload: noise(2_000_000) };
    const bytes = sealed(message, name);
    const { intake, told, turn, largestBytes } = bench(name);
    for (let at = 0; at < bytes.length; at += 65_536) intake.push(bytes.slice(at, at + 65_536));
    intake.end();
    let turns = 0;
    while (turn()) turns += 1;
    assert.deepEqual(told, ['user']);
    assert.ok(largestBytes() <= 2 * 65_536, `${largestBytes()} bytes in one turn`);
    assert.ok(turns >= 28, `${turns} turns`);
  });
}

test('small pieces that arrive in one burst share turns', () => {
  const message: StreamMessage = { type: 'user', payload: noise(300_000) };
  const bytes = sealed(message);
  const { intake, told, turn } = bench();
  for (let at = 0; at < bytes.length; at += 1400) intake.push(bytes.slice(at, at + 1400));
  let turns = 0;
  while (turn()) turns += 1;
  assert.deepEqual(told, ['user']);
  assert.ok(turns <= 20, `${turns} turns`);
});
