// Streams of the memberlist wire: any settings and any pieces, limits on what is announced, refusals, and
// what a stranger is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type {
  PushPullNode,
  StreamEnvelopeOptions,
  StreamMessage,
  StreamOpener,
  Wire,
} from '../../src/codec/index.ts';
import { createWire, hasStreamEnded, Keyring } from '../../src/codec/index.ts';
import { encodeBody, GO_SHAPES } from '../../src/codec/go-shapes.ts';
import { createGoStreamReader } from '../../src/codec/msgpack-stream.ts';
import { encodeGoNode } from '../../src/codec/swim-msgpack.ts';
import {
  countingEntropy,
  decodesOrRefuses,
  fromHex,
  joinBytes,
  nodeOf,
  openAll,
  noise,
  noSource,
  utf8,
} from './support.ts';

const NO_BYTES = new Uint8Array(0);

function keyOf(length: number, byte = 1): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

function wireOf(
  keys: readonly Uint8Array[] = [],
  changes: Partial<StreamEnvelopeOptions> = {},
  name: 'memberlist' | 'protobuf' = 'memberlist',
): Wire {
  return createWire(name, {
    keyring: new Keyring(keys, [16, 24, 32]),
    label: NO_BYTES,
    entropy: countingEntropy(),
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: false,
    ...changes,
  });
}

function goNode(index: number, changes: Partial<PushPullNode> = {}): PushPullNode {
  return nodeOf(index, { startId: NO_BYTES, ...changes });
}

function pushPull(count: number, userState: Uint8Array = utf8('state')): StreamMessage {
  const nodes = Array.from({ length: count }, (_, i) => goNode(i));
  return { type: 'pushPull', join: true, nodes, userState };
}

/** The bytes of a request. */
function requestOf(wire: Wire, message: StreamMessage): Uint8Array {
  const { request } = wire.streams.initiate();
  const chunks: Uint8Array[] = [];
  for (const piece of wire.encodeStreamMessage(message)) chunks.push(...request.push(piece));
  return joinBytes([...chunks, ...request.finish()]);
}

/** What comes out of the chunks of one direction; null when they end too early. */
function read(
  wire: Wire,
  opener: StreamOpener,
  chunks: Iterable<Uint8Array>,
): StreamMessage | null {
  const reader = wire.createStreamReader();
  for (const chunk of chunks) {
    for (const piece of openAll(opener, chunk)) reader.push(piece);
    if (hasStreamEnded(opener, reader)) return reader.message;
  }
  return null;
}

function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size));
  return chunks;
}

const MESSAGES: readonly StreamMessage[] = [
  pushPull(0, NO_BYTES),
  pushPull(300, noise(70_000)),
  { type: 'user', payload: NO_BYTES },
  { type: 'user', payload: noise(200_000) },
  { type: 'ping', seq: 9, node: 'b', ...noSource },
  { type: 'ack', seq: 9, payload: NO_BYTES },
  { type: 'error', reason: 'unknown', text: 'no' },
];

test('every message arrives whole, whatever the settings and the pieces', () => {
  for (const keys of [[], [keyOf(16)], [keyOf(32)]]) {
    for (const compression of [false, true]) {
      for (const label of [NO_BYTES, utf8('blue')]) {
        const wire = wireOf(keys, { compression, label });
        for (const message of MESSAGES) {
          const bytes = requestOf(wire, message);
          for (const size of [1000, bytes.length]) {
            const { request } = wire.streams.accept();
            assert.deepEqual(read(wire, request, cut(bytes, size)), message);
          }
        }
      }
    }
  }
});

test('a plain stream ends with its message, whatever follows; a sealed one after its last byte', () => {
  const message = pushPull(3);
  for (const keys of [[], [keyOf(24)]]) {
    const wire = wireOf(keys);
    const bytes = requestOf(wire, message);
    const { request } = wire.streams.accept();
    assert.deepEqual(read(wire, request, [joinBytes([bytes, utf8('more')])]), message);
    for (let length = 0; length < bytes.length; length += 1) {
      assert.equal(read(wire, wire.streams.accept().request, [bytes.slice(0, length)]), null);
    }
  }
});

test('a reply has no label header, yet the label is bound to it', () => {
  const label = utf8('blue');
  const wire = wireOf([keyOf(16)], { label });
  const { reply } = wire.streams.accept();
  const message: StreamMessage = { type: 'ack', seq: 1, payload: NO_BYTES };
  const pieces = [...wire.encodeStreamMessage(message)].flatMap((piece) => reply.push(piece));
  const bytes = joinBytes([...pieces, ...reply.finish()]);
  assert.equal(bytes[0], 10);
  assert.deepEqual(read(wire, wire.streams.initiate().reply, [bytes]), message);
  const unlabelled = wireOf([keyOf(16)]);
  assert.throws(() => unlabelled.streams.initiate().reply.push(bytes), {
    code: 'ERR_KEY_MISMATCH',
  });
  assert.throws(() => wire.streams.initiate().reply.push(fromHex('f404626c7565')), {
    code: 'ERR_CODEC_MALFORMED',
  });
});

test('beside Go a request sent back is taken for its reply, as in Go', () => {
  const wire = wireOf([keyOf(16)], { label: utf8('blue') });
  const bytes = requestOf(wire, pushPull(2));
  const withoutLabel = bytes.subarray(2 + 4);
  assert.deepEqual(read(wire, wire.streams.initiate().reply, [withoutLabel]), pushPull(2));
  const other = wireOf([keyOf(16)], { label: utf8('green') }).streams.initiate().reply;
  assert.throws(() => read(wire, other, [withoutLabel]), { code: 'ERR_KEY_MISMATCH' });
});

test('keys that do not match, seals without keys and messages without a seal are told apart', () => {
  const message = pushPull(2);
  const [plain, one, two] = [wireOf(), wireOf([keyOf(16, 1)]), wireOf([keyOf(16, 2)])];
  const open = (wire: Wire, bytes: Uint8Array) => (): unknown =>
    wire.streams.accept().request.push(bytes);
  assert.throws(open(two, requestOf(one, message)), { code: 'ERR_KEY_MISMATCH' });
  assert.throws(open(plain, requestOf(one, message)), { code: 'ERR_SEALED' });
  assert.throws(open(one, requestOf(plain, message)), { code: 'ERR_NOT_SEALED' });
  const moving = wireOf([keyOf(16, 1)], { verifyIncoming: false, verifyOutgoing: false });
  for (const other of [plain, one, moving]) {
    const bytes = requestOf(other, message);
    assert.deepEqual(read(moving, moving.streams.accept().request, [bytes]), message);
  }
});

test('a refusal that is not sealed is a hint, plain or compressed, and anything else is not', () => {
  const error = { type: 'error', reason: 'key', text: 'no key fits' } as const;
  const sealed = wireOf([keyOf(16)]);
  for (const compression of [false, true]) {
    const stranger = wireOf([], { compression });
    const bytes = joinBytes(stranger.streams.accept().refuse(error));
    const { reply } = sealed.streams.initiate();
    assert.throws(() => cut(bytes, 3).map((chunk) => reply.push(chunk)), {
      code: 'ERR_NOT_SEALED',
      fields: { hint: { reason: 'unknown', text: 'no key fits' } },
    });
  }
  for (const junk of [
    requestOf(wireOf(), pushPull(1)),
    noise(5000).fill(13, 0, 1),
    fromHex('0d05'),
  ]) {
    assert.throws(() => sealed.streams.initiate().reply.push(junk), {
      code: 'ERR_NOT_SEALED',
      fields: {},
    });
  }
});

test('a refusal is framed like a reply; of another label nobody is told anything', () => {
  const wire = wireOf([keyOf(16)], { compression: true });
  const accepted = wire.streams.accept();
  assert.deepEqual(accepted.refuse({ type: 'error', reason: 'label', text: 'x' }), []);
  const bytes = joinBytes(accepted.refuse({ type: 'error', reason: 'key', text: '' }));
  assert.equal(bytes[0], 10);
  assert.deepEqual(read(wire, wire.streams.initiate().reply, [bytes]), {
    type: 'error',
    reason: 'unknown',
    text: 'key',
  });
});

test('another label is refused as soon as it is there', () => {
  const blue = wireOf([], { label: utf8('blue') });
  const bytes = requestOf(blue, pushPull(1));
  assert.throws(() => wireOf().streams.accept().request.push(bytes), {
    code: 'ERR_LABEL_MISMATCH',
  });
  assert.throws(() => blue.streams.accept().request.push(requestOf(wireOf(), pushPull(1))), {
    code: 'ERR_LABEL_MISMATCH',
  });
  assert.throws(() => blue.streams.accept().request.push(fromHex('f400')), {
    code: 'ERR_CODEC_MALFORMED',
  });
});

test('streams of the protobuf wire are told as such, sealed or not', () => {
  for (const keys of [[], [keyOf(32)]]) {
    const bytes = requestOf(wireOf(keys, {}, 'protobuf'), pushPull(1));
    for (const ours of [[], [keyOf(32)]]) {
      assert.throws(() => wireOf(ours).streams.accept().request.push(bytes), {
        code: 'ERR_CODEC_OTHER_WIRE',
      });
    }
  }
});

test('a seal over 20 MiB is refused by what it announces, and never sent', () => {
  const wire = wireOf([keyOf(16)]);
  assert.throws(() => wire.streams.accept().request.push(fromHex('0a01400001')), {
    code: 'ERR_CODEC_LIMIT',
  });
  assert.deepEqual(wire.streams.accept().request.push(fromHex('0a01400000')), []);
  const { request } = wire.streams.initiate();
  request.push(new Uint8Array(20_971_520));
  assert.throws(() => request.finish(), { code: 'ERR_CODEC_LIMIT' });
});

test('noise that compression makes larger is sealed as it is when only so it can be sent', () => {
  const wire = wireOf([keyOf(16)], { compression: true });
  const message: StreamMessage = { type: 'user', payload: noise(20_000_000) };
  const bytes = requestOf(wire, message);
  assert.ok(bytes.length < 20_971_520);
  const got = read(wire, wire.streams.accept().request, [bytes]);
  assert.ok(got?.type === 'user' && got.payload.length === 20_000_000);
});

test('what an unsealed stream inflates to is bounded', () => {
  const wire = wireOf([], { compression: true });
  const { request } = wire.streams.initiate();
  assert.throws(() => request.push(new Uint8Array(41_943_041)), { code: 'ERR_CODEC_LIMIT' });
  const header = fromHex('0982a4416c676f00a3427566dbffffffff');
  assert.throws(() => wire.streams.accept().request.push(header), { code: 'ERR_CODEC_LIMIT' });
  const fork = fromHex('0982a4416c676f02a3427566a3010203');
  assert.throws(() => wire.streams.accept().request.push(fork), {
    code: 'ERR_CODEC_UNSUPPORTED',
  });
});

test('announced numbers over the limits, or below zero, are refused at once', () => {
  const announce = (Nodes: number, UserStateLen: number): Uint8Array =>
    encodeBody(6, GO_SHAPES.pushPullHeader, { Join: false, Nodes, UserStateLen });
  const read = (bytes: Uint8Array) => (): void => createGoStreamReader().push(bytes);
  assert.throws(read(announce(1_048_577, 0)), { code: 'ERR_CODEC_LIMIT' });
  assert.throws(read(announce(0, 20_971_521)), { code: 'ERR_CODEC_LIMIT' });
  read(announce(1_048_576, 20_971_520))();
  const user = encodeBody(8, GO_SHAPES.userHeader, { UserMsgLen: 20_971_521 });
  assert.throws(read(user), { code: 'ERR_CODEC_LIMIT' });
  assert.throws(read(fromHex('0881aa557365724d73674c656eff')), { code: 'ERR_CODEC_MALFORMED' });
  assert.throws(read(fromHex('07')), { code: 'ERR_CODEC_UNSUPPORTED' });
});

test('a broken record is dropped and counted, and the others live', () => {
  const good = [goNode(1), goNode(2)];
  const blank = { Addr: null, Incarnation: 1, Meta: null, Port: 1, Vsn: good[0]!.versions };
  const broken = [
    encodeBody(null, GO_SHAPES.pushPullNode, { ...blank, Name: 'x', State: 0 }),
    encodeBody(null, GO_SHAPES.pushPullNode, { ...blank, Name: '', State: 2 }),
    encodeBody(null, GO_SHAPES.pushPullNode, { ...blank, Name: 'x', State: 9 }),
    encodeBody(null, GO_SHAPES.pushPullNode, { ...blank, Name: 'x', State: 3, Vsn: null }),
    fromHex('81a44e616d65a2fffe'),
    fromHex('c3'),
  ];
  const [first, second] = good.map(encodeGoNode) as [Uint8Array, Uint8Array];
  const count = good.length + broken.length;
  const header = { Join: false, Nodes: count, UserStateLen: 2 };
  const bytes = joinBytes([
    encodeBody(6, GO_SHAPES.pushPullHeader, header),
    ...[first, ...broken, second],
    utf8('ok'),
  ]);
  const reader = createGoStreamReader();
  for (const chunk of cut(bytes, 7)) reader.push(chunk);
  const userState = utf8('ok');
  assert.deepEqual(reader.message, { type: 'pushPull', join: false, nodes: good, userState });
  assert.equal(reader.droppedRecords, broken.length);
});

test('dead and left records need no address', () => {
  const wire = wireOf();
  const nodes = (['dead', 'left'] as const).map((state, i) =>
    goNode(i, { state, address: NO_BYTES }),
  );
  const message: StreamMessage = { type: 'pushPull', join: false, nodes, userState: NO_BYTES };
  assert.deepEqual(read(wire, wire.streams.accept().request, [requestOf(wire, message)]), message);
});

test('a mutated stream is read, waited for or refused with a typed error', () => {
  const originals = [false, true].map((compression) => {
    const wire = wireOf([], { compression });
    return [wire, requestOf(wire, pushPull(5))] as const;
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...originals),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      ([wire, original], flips) => {
        const bytes = original.slice();
        for (const [at, value] of flips) bytes[at % bytes.length] = value;
        decodesOrRefuses(() => read(wire, wire.streams.accept().request, cut(bytes, 50)));
        decodesOrRefuses(() => read(wire, wire.streams.initiate().reply, cut(bytes, 50)));
      },
    ),
    { numRuns: 300 },
  );
});
