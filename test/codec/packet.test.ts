// Datagrams: what goes in comes out, what is not for us is named, and the overhead is exact.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';
import nacl from 'tweetnacl';

import {
  addChecksum,
  createWire,
  encodePacketMessage,
  Keyring,
  labelHeader,
  PacketCodec,
  wireKeyLengths,
} from '../../src/codec/index.ts';
import {
  countingEntropy,
  decodesOrRefuses,
  fromHex,
  joinBytes,
  keyOf,
  noise,
  noSource,
  toHexText,
  utf8,
} from './support.ts';

interface Settings {
  readonly keys?: number[];
  readonly label?: string;
  readonly verifyIncoming?: boolean;
  readonly verifyOutgoing?: boolean;
}

function codecOf(settings: Settings = {}): { codec: PacketCodec; keyring: Keyring } {
  const keyring = new Keyring((settings.keys ?? []).map(keyOf), [32]);
  const codec = new PacketCodec({
    keyring,
    label: utf8(settings.label ?? ''),
    entropy: countingEntropy(),
    verifyIncoming: settings.verifyIncoming ?? true,
    verifyOutgoing: settings.verifyOutgoing ?? true,
  });
  return { codec, keyring };
}

const ping = encodePacketMessage({
  type: 'ping',
  seq: 1,
  node: 'a-name-long-enough-to-fill-29-bytes',
  ...noSource,
});
const message = utf8('\x08hello');

test('a packet opens to its message, and is larger by exactly what was announced', () => {
  for (const keys of [[], [1]]) {
    for (const label of ['', 'blue', 'L'.repeat(255)]) {
      for (const verifyOutgoing of [true, false]) {
        const { codec } = codecOf({ keys, label, verifyOutgoing, verifyIncoming: verifyOutgoing });
        for (const size of [1, 100, 1400]) {
          const datagram = codec.seal(noise(size));
          assert.equal(datagram.length, size + codec.overheadBytes());
          assert.deepEqual(codec.open(datagram).message, noise(size));
          assert.deepEqual(codec.open(Buffer.from(datagram)).message, noise(size));
        }
      }
    }
  }
});

test('a plain packet is label, checksum and message; a sealed one is label, mark, nonce and box', () => {
  const plain = codecOf({ label: 'lbl' }).codec;
  assert.equal(plain.overheadBytes(), 5 + 5);
  assert.deepEqual(
    plain.seal(message),
    joinBytes([labelHeader(utf8('lbl')), addChecksum(message)]),
  );
  const sealed = codecOf({ keys: [1] }).codec;
  assert.equal(sealed.overheadBytes(), 1 + 24 + 16);
  const datagram = sealed.seal(message);
  assert.equal(datagram[0], 0xe2);
  assert.deepEqual(datagram.subarray(1, 25), noise(24, 1));
});

test('the sealing key is the first half of SHA-512 over domain, label and ring key', () => {
  const datagram = codecOf({ keys: [1], label: 'lbl' })
    .codec.seal(message)
    .subarray(5);
  const input = joinBytes([utf8('networkdb packet v1\0lbl\0'), keyOf(1)]);
  const key = nacl.hash(input).subarray(0, 32);
  const opened = nacl.secretbox.open(datagram.subarray(25), datagram.subarray(1, 25), key);
  assert.deepEqual(opened, message);
});

test('every packet has another nonce', () => {
  const { codec } = codecOf({ keys: [1] });
  assert.notEqual(toHexText(codec.seal(message)), toHexText(codec.seal(message)));
});

test('through a rotation old packets open until their key is removed', () => {
  const sender = codecOf({ keys: [1] });
  const receiver = codecOf({ keys: [1] });
  const old = sender.codec.seal(message);
  receiver.keyring.add(keyOf(2));
  sender.keyring.add(keyOf(2));
  sender.keyring.use(keyOf(2));
  const next = sender.codec.seal(message);
  const [first, second] = receiver.keyring.list();
  assert.equal(receiver.codec.open(old).keyFingerprint, first?.fingerprint);
  assert.equal(receiver.codec.open(next).keyFingerprint, second?.fingerprint);
  receiver.keyring.use(keyOf(2));
  receiver.keyring.remove(keyOf(1));
  assert.deepEqual(receiver.codec.open(next).message, message);
  assert.throws(() => receiver.codec.open(old), { name: 'CryptoError', code: 'ERR_KEY_MISMATCH' });
});

test('another label is a mismatch, whichever side has none', () => {
  const datagram = codecOf({ label: 'blue' }).codec.seal(message);
  const plain = codecOf().codec.seal(message);
  const expected = { name: 'CodecError', code: 'ERR_LABEL_MISMATCH' };
  assert.throws(() => codecOf({ label: 'red' }).codec.open(datagram), expected);
  assert.throws(() => codecOf().codec.open(datagram), expected);
  assert.throws(() => codecOf({ label: 'blue' }).codec.open(plain), expected);
});

test('a label that was exchanged on the way does not open, since the key is bound to it', () => {
  const datagram = codecOf({ keys: [1], label: 'blue' }).codec.seal(message);
  const forged = joinBytes([labelHeader(utf8('reds')), datagram.subarray(6)]);
  assert.throws(() => codecOf({ keys: [1], label: 'reds' }).codec.open(forged), {
    code: 'ERR_KEY_MISMATCH',
  });
});

test('sealed and plain packets are told apart when only one side has keys', () => {
  const plain = codecOf().codec.seal(message);
  const sealed = codecOf({ keys: [1] }).codec.seal(message);
  assert.throws(() => codecOf().codec.open(sealed), { name: 'CryptoError', code: 'ERR_SEALED' });
  assert.throws(() => codecOf({ keys: [1] }).codec.open(plain), { code: 'ERR_NOT_SEALED' });
  const lenient = codecOf({ keys: [1], verifyIncoming: false }).codec;
  assert.deepEqual(lenient.open(plain), { message, keyFingerprint: null });
  assert.deepEqual(lenient.open(sealed).message, message);
});

test('a plain ping is not sealed, and an AES-GCM envelope is of the other wire', () => {
  const { codec } = codecOf({ keys: [1] });
  assert.ok(ping.length >= 29);
  assert.throws(() => codec.open(ping), { code: 'ERR_NOT_SEALED' });
  for (const version of [0, 1]) {
    const envelope = joinBytes([Uint8Array.of(version), noise(28)]);
    assert.throws(() => codec.open(envelope), { code: 'ERR_CODEC_OTHER_WIRE' });
    assert.throws(() => codec.open(envelope.subarray(0, 28)), { code: 'ERR_NOT_SEALED' });
  }
  const goPing = fromHex('0082a44e6f6465a162a55365714e6f01');
  assert.throws(() => codec.open(goPing), { code: 'ERR_CODEC_OTHER_WIRE' });
  assert.throws(() => codec.open(fromHex('0982a4416c676f00')), { code: 'ERR_CODEC_OTHER_WIRE' });
});

test('damage is found: by the checksum in plain packets, by the seal in others', () => {
  const plain = codecOf().codec;
  const broken = plain.seal(message);
  broken[7] = (broken[7] as number) ^ 1;
  assert.throws(() => plain.open(broken), { code: 'ERR_CODEC_CHECKSUM' });
  assert.deepEqual(plain.open(message).message, message);
  const sealed = codecOf({ keys: [1] }).codec;
  const datagram = sealed.seal(message);
  for (let at = 1; at < datagram.length; at += 1) {
    const damaged = datagram.slice();
    damaged[at] = (damaged[at] as number) ^ 0x80;
    assert.throws(() => sealed.open(damaged), { code: 'ERR_KEY_MISMATCH' });
  }
});

test('a checksum inside a sealed packet is verified too', () => {
  const { codec } = codecOf({ keys: [1] });
  assert.deepEqual(codec.open(codec.seal(addChecksum(message))).message, message);
  const wrong = addChecksum(message);
  wrong[1] = (wrong[1] as number) ^ 1;
  assert.throws(() => codec.open(codec.seal(wrong)), { code: 'ERR_CODEC_CHECKSUM' });
});

test('packets without a message are cut', () => {
  const plain = codecOf({ label: 'lbl' }).codec;
  const sealed = codecOf({ keys: [1] }).codec;
  const cut = { code: 'ERR_CODEC_TRUNCATED' };
  assert.throws(() => plain.open(labelHeader(utf8('lbl'))), cut);
  assert.throws(() => plain.open(plain.seal(new Uint8Array(0))), cut);
  assert.throws(() => sealed.open(sealed.seal(new Uint8Array(0))), cut);
  assert.throws(() => sealed.open(sealed.seal(message).subarray(0, 40)), cut);
  assert.throws(() => codecOf().codec.open(new Uint8Array(0)), cut);
});

test('any bytes open or are refused with a typed error', () => {
  const codecs = [codecOf(), codecOf({ keys: [1] }), codecOf({ keys: [1], verifyIncoming: false })];
  const first = fc.constantFrom(0, 1, 2, 4, 7, 8, 9, 12, 244, 0xe2);
  fc.assert(
    fc.property(first, fc.uint8Array({ maxLength: 80 }), (type, junk) => {
      const datagram = joinBytes([Uint8Array.of(type), junk]);
      for (const { codec } of codecs) decodesOrRefuses(() => codec.open(datagram));
    }),
    { numRuns: 300 },
  );
});

test('a wire bundles it all, and an unknown one is unsupported', () => {
  const keyring = new Keyring([keyOf(1)], wireKeyLengths('protobuf'));
  const options = {
    keyring,
    label: utf8('lbl'),
    entropy: countingEntropy(),
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: true,
  };
  const wire = createWire('protobuf', options);
  const nack = { type: 'nack', seq: 5 } as const;
  const opened = wire.packets.open(wire.packets.seal(wire.encodePacketMessage(nack)));
  assert.deepEqual(wire.decodePacketMessage(opened.message), nack);
  assert.throws(() => createWire('telegraph' as 'protobuf', options), {
    code: 'ERR_CODEC_UNSUPPORTED',
  });
});
