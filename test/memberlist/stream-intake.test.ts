import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { StreamMessage } from '../../src/codec/index.ts';
import { createStreamReader, createWire, Keyring } from '../../src/codec/index.ts';
import { StreamIntake } from '../../src/memberlist/stream-intake.ts';
import { SeededRandom } from '../../src/runtime/index.ts';
import { seededEntropy, VirtualClock } from '../../src/simulator/index.ts';
import { joinBytes, nodeOf, noise } from '../codec/support.ts';

function wire() {
  return createWire('protobuf', {
    keyring: new Keyring([], [32]),
    label: new Uint8Array(0),
    entropy: seededEntropy(new SeededRandom(1)),
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: true,
  });
}

function sealed(message: StreamMessage): Uint8Array {
  const { request } = wire().streams.initiate();
  const chunks: Uint8Array[] = [];
  for (const piece of wire().encodeStreamMessage(message)) chunks.push(...request.push(piece));
  return joinBytes([...chunks, ...request.finish()]);
}

/** An intake that notes what it is told, and how much its reader is given between two turns. */
function bench() {
  const clock = new VirtualClock();
  const reader = createStreamReader();
  const told: string[] = [];
  let inTurn = 0;
  let largest = 0;
  const { request } = wire().streams.accept();
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
