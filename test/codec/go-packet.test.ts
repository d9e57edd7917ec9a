// Datagrams of the memberlist wire: exact overheads, what is refused and why, foreign traffic, bombs.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { StreamEnvelopeOptions } from '../../src/codec/index.ts';
import { createWire, encodeCompound, Keyring, wireKeyLengths } from '../../src/codec/index.ts';
import { openEnvelope, requireEnvelope, sealEnvelope } from '../../src/codec/aes-gcm.ts';
import { compressIfSmaller, compressMessage } from '../../src/codec/compress-message.ts';
import { GoPacketCodec } from '../../src/codec/go-packet.ts';
import { encodeGoPacketMessage } from '../../src/codec/swim-msgpack.ts';
import {
  countingEntropy,
  decodesOrRefuses,
  fromHex,
  joinBytes,
  noise,
  noSource,
  utf8,
} from './support.ts';

const PING = encodeGoPacketMessage({ type: 'ping', seq: 7, node: 'b', ...noSource });
const NEW = { peerMaxVersion: 5 };

function keyOf(length: number, byte = 1): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

function packets(
  keys: readonly Uint8Array[] = [],
  changes: Partial<StreamEnvelopeOptions> & { labelText?: string } = {},
): GoPacketCodec {
  const { labelText = '', ...rest } = changes;
  return new GoPacketCodec({
    keyring: new Keyring(keys, wireKeyLengths('memberlist')),
    label: utf8(labelText),
    entropy: countingEntropy(),
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: false,
    ...rest,
  });
}

test('keys have 16, 24 or 32 bytes', () => {
  assert.deepEqual(wireKeyLengths('memberlist'), [16, 24, 32]);
  for (const length of [15, 17, 33]) {
    assert.throws(() => packets([keyOf(length)]), { code: 'ERR_KEY_INVALID' });
  }
});

test('the overhead is exact without padding, and never less with it', () => {
  for (const keys of [[], [keyOf(16)], [keyOf(24)], [keyOf(32)]]) {
    for (const protocolVersion of [1, 2, 5]) {
      for (const labelText of ['', 'blue']) {
        const codec = packets(keys, { protocolVersion, labelText });
        for (const options of [{}, { peerMaxVersion: 4 }, NEW]) {
          for (let length = 1; length <= 33; length += 1) {
            const added = codec.seal(noise(length), options).length - length;
            const overhead = codec.overheadBytes(options);
            const isPadded = protocolVersion === 1 && keys.length > 0;
            assert.ok(isPadded ? added <= overhead && added > overhead - 16 : added === overhead);
          }
        }
      }
    }
  }
});

test('a checksum is added only for who announces protocol 5', () => {
  assert.deepEqual(packets().seal(PING), PING);
  assert.deepEqual(packets().seal(PING, { peerMaxVersion: 4 }), PING);
  const checked = packets().seal(PING, NEW);
  assert.equal(checked[0], 12);
  assert.deepEqual(packets().open(checked).message, PING);
  checked[9] = 0xff;
  assert.throws(() => packets().open(checked), { code: 'ERR_CODEC_CHECKSUM' });
});

test('every key of the ring opens, the first seals, and the opened packet names its key', () => {
  const [old, next] = [keyOf(16, 1), keyOf(32, 2)];
  const sealed = packets([old]).seal(PING, NEW);
  const opened = packets([next, old]).open(sealed);
  assert.deepEqual(opened.message, PING);
  assert.equal(opened.keyFingerprint, new Keyring([old], [16]).list()[0]?.fingerprint);
  assert.throws(() => packets([next]).open(sealed), { code: 'ERR_KEY_MISMATCH' });
  assert.throws(() => packets([next]).open(packets([next, old]).seal(PING).fill(0, 20, 21)), {
    code: 'ERR_KEY_MISMATCH',
  });
});

test('both versions of the envelope are read, whichever is sent', () => {
  const [one, two] = [1, 2].map((protocolVersion) => packets([keyOf(24)], { protocolVersion }));
  assert.ok(one !== undefined && two !== undefined);
  assert.equal(one.seal(PING)[0], 0);
  assert.equal(two.seal(PING)[0], 1);
  assert.deepEqual(one.open(two.seal(PING)).message, PING);
  assert.deepEqual(two.open(one.seal(PING)).message, PING);
});

test('the label is bound to what is sealed, and another one is refused first', () => {
  const keys = [keyOf(16)];
  const blue = packets(keys, { labelText: 'blue' });
  const sealed = blue.seal(PING);
  assert.throws(() => packets(keys).open(sealed), { code: 'ERR_LABEL_MISMATCH' });
  const relabelled = joinBytes([fromHex('f403726564'), sealed.subarray(6)]);
  assert.throws(() => packets(keys, { labelText: 'red' }).open(relabelled), {
    code: 'ERR_KEY_MISMATCH',
  });
});

test('padding that cannot be is refused, and so is an empty message', () => {
  const secret = { key: keyOf(16), nonce: new Uint8Array(12), bound: new Uint8Array(0) };
  for (const last of [0, 17, 255]) {
    const padded = sealEnvelope(1, new Uint8Array(16).fill(last), secret);
    padded[0] = 0;
    assert.throws(() => openEnvelope(padded, secret.key, secret.bound), {
      code: 'ERR_CODEC_MALFORMED',
    });
  }
  for (const version of [0, 1] as const) {
    const empty = sealEnvelope(version, new Uint8Array(0), secret);
    assert.throws(() => packets([secret.key]).open(empty), { code: 'ERR_CODEC_TRUNCATED' });
  }
  assert.throws(() => requireEnvelope(new Uint8Array(28).fill(1)), { code: 'ERR_CODEC_TRUNCATED' });
  assert.throws(() => requireEnvelope(new Uint8Array(44)), { code: 'ERR_CODEC_TRUNCATED' });
  assert.throws(() => requireEnvelope(new Uint8Array(50).fill(2)), {
    code: 'ERR_CODEC_UNSUPPORTED',
  });
});

test('with keys, what is not sealed is refused as such unless the ring is being moved', () => {
  const compound = encodeCompound([PING, PING]);
  const strict = packets([keyOf(16)]);
  const moving = packets([keyOf(16)], { verifyIncoming: false });
  for (const message of [PING, compound, compressMessage(compound)]) {
    for (const plain of [message, packets().seal(message, NEW)]) {
      assert.throws(() => strict.open(plain), { code: 'ERR_NOT_SEALED' });
      assert.deepEqual(moving.open(plain).message, message);
    }
  }
  const silent = packets([keyOf(16)], { verifyOutgoing: false });
  assert.deepEqual(silent.seal(PING), PING);
  assert.equal(silent.overheadBytes(), 0);
});

test('without keys, what is sealed is told as such nearly always', () => {
  const open = packets();
  const sealer = packets([keyOf(16)]);
  const codes = Array.from({ length: 100 }, () => {
    try {
      open.open(sealer.seal(PING));
      return 'taken for a message';
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
  assert.ok(codes.filter((code) => code === 'ERR_SEALED').length > 80);
});

test('packets of the protobuf wire are told as such, sealed or not, with or without keys', () => {
  const entropy = countingEntropy();
  for (const [theirs, ours] of [
    [[keyOf(32)], [keyOf(32)]],
    [[keyOf(32)], []],
    [[], []],
    [[], [keyOf(32)]],
  ] as const) {
    const other = createWire('protobuf', {
      keyring: new Keyring(theirs, [32]),
      label: utf8('blue'),
      entropy,
      verifyIncoming: true,
      verifyOutgoing: true,
      compression: true,
    });
    const wire = packets(ours, { labelText: 'blue' });
    const message = other.encodePacketMessage({ type: 'ping', seq: 7, node: 'b', ...noSource });
    const datagram = other.packets.seal(message);
    const open = (): unknown => {
      const { decodePacketMessage } = createWire('memberlist', {
        keyring: new Keyring(ours, [32]),
        label: utf8('blue'),
        entropy,
        verifyIncoming: true,
        verifyOutgoing: true,
        compression: true,
      });
      return decodePacketMessage(wire.open(datagram).message);
    };
    assert.throws(open, { code: 'ERR_CODEC_OTHER_WIRE' });
  }
});

test('a packet is compressed when that makes it smaller, and never below 64 bytes', () => {
  assert.deepEqual(compressIfSmaller(new Uint8Array(63)), new Uint8Array(63));
  const zeros = new Uint8Array(200);
  assert.ok(compressIfSmaller(zeros).length < 60);
  assert.deepEqual(compressIfSmaller(noise(1300)), noise(1300));
  const codec = packets([], { compression: true });
  const { inflateMessage } = createWire('memberlist', {
    keyring: new Keyring([], [32]),
    label: new Uint8Array(0),
    entropy: countingEntropy(),
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: true,
  });
  assert.deepEqual(inflateMessage(codec.open(codec.seal(zeros)).message, 200), zeros);
  assert.throws(() => inflateMessage(codec.seal(zeros), 199), { code: 'ERR_CODEC_LIMIT' });
  const fork = fromHex('0982a4416c676f01a3427566a3010203');
  assert.throws(() => inflateMessage(fork, 999), { code: 'ERR_CODEC_UNSUPPORTED' });
  const empty = joinBytes([fromHex('0982a4416c676f00a3427566a3'), fromHex('000302')]);
  assert.throws(() => inflateMessage(empty, 999), { code: 'ERR_CODEC_TRUNCATED' });
});

test('whatever the settings, the other side gets the message, and damage is refused', () => {
  const length = fc.constantFrom(0, 16, 24, 32);
  const settings = [length, fc.boolean(), fc.constantFrom('', 'x'), fc.constantFrom(1, 2)] as const;
  fc.assert(
    fc.property(
      ...settings,
      fc.uint8Array({ minLength: 2, maxLength: 1400 }),
      fc.nat(),
      (keyBytes, compression, labelText, protocolVersion, message, at) => {
        message[0] = 8;
        const keys = keyBytes === 0 ? [] : [keyOf(keyBytes)];
        const codec = packets(keys, { compression, labelText, protocolVersion });
        const datagram = codec.seal(message, NEW);
        const opened = codec.open(datagram).message;
        if (opened[0] !== 9) assert.deepEqual(opened, message);
        datagram[at % datagram.length] = (datagram[at % datagram.length] as number) ^ 0x10;
        decodesOrRefuses(() => codec.open(datagram));
        decodesOrRefuses(() => codec.open(datagram.subarray(0, at % datagram.length)));
      },
    ),
    { numRuns: 200 },
  );
});
