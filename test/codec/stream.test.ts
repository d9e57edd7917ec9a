// Framed streams: whole conversations, then everything that an attacker between the two could do to
// them: cut, reorder, swap, reflect, repeat and damage.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { ErrorMessage, StreamEnvelopeOptions, StreamOpener } from '../../src/codec/index.ts';
import { compressLzw, Keyring, StreamCodec } from '../../src/codec/index.ts';
import { CodecError, CryptoError } from '../../src/runtime/errors.ts';
import {
  countingEntropy,
  decodesOrRefuses,
  fromHex,
  joinBytes,
  keyOf,
  noise,
  toHexText,
  utf8,
} from './support.ts';

interface Settings extends Partial<Omit<StreamEnvelopeOptions, 'label' | 'keyring'>> {
  readonly keys?: number[];
  readonly label?: string;
}

let seed = 0;

function sideOf(settings: Settings = {}): { codec: StreamCodec; keyring: Keyring } {
  const { keys = [], label = '', ...rest } = settings;
  seed += 1;
  const keyring = new Keyring(keys.map(keyOf), [32]);
  const codec = new StreamCodec({
    keyring,
    label: utf8(label),
    entropy: countingEntropy(seed),
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: true,
    ...rest,
  });
  return { codec, keyring };
}

const request = utf8('what do you know? '.repeat(20));
const sealedSide: Settings = { keys: [1], label: 'lbl' };

function sealAll(
  sealer: { push(b: Uint8Array): Uint8Array[]; finish(): Uint8Array[] },
  data: Uint8Array,
): Uint8Array {
  return joinBytes([...sealer.push(data), ...sealer.finish()]);
}

function openAll(opener: StreamOpener, bytes: Uint8Array, pieceBytes = bytes.length): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    pieces.push(...opener.push(bytes.subarray(at, at + pieceBytes)));
    while (opener.hasMore === true) pieces.push(...opener.push(new Uint8Array(0)));
  }
  return joinBytes(pieces);
}

/** The frames of a stream behind its preamble, each with its length. */
function framesOf(bytes: Uint8Array, preambleBytes: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = preambleBytes; at < bytes.length;) {
    const end = at + 4 + (view.getUint32(at) & 0x7fff_ffff);
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}

test('a request and its reply arrive whole, sealed or not, with and without a label', () => {
  for (const keys of [[], [1]]) {
    for (const label of ['', 'lbl']) {
      for (const size of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
        const dialler = sideOf({ keys, label }).codec.initiate();
        const acceptor = sideOf({ keys, label }).codec.accept();
        const data = noise(size);
        const bytes = sealAll(dialler.request, data);
        assert.deepEqual(openAll(acceptor.request, bytes, 1000), data);
        assert.equal(acceptor.request.isComplete, true);
        assert.deepEqual(openAll(dialler.reply, sealAll(acceptor.reply, data), 70_000), data);
        assert.equal(dialler.reply.isComplete, true);
        assert.equal(acceptor.request.keyFingerprint === null, keys.length === 0);
        assert.equal(dialler.reply.keyFingerprint, acceptor.request.keyFingerprint);
      }
    }
  }
});

test('the bytes begin with label, mark and salt on the dialling side, without a label on the other', () => {
  const dialler = sideOf(sealedSide).codec.initiate();
  const acceptor = sideOf(sealedSide).codec.accept();
  const bytes = sealAll(dialler.request, request);
  assert.match(toHexText(bytes), /^f4036c626c0ae2/);
  acceptor.request.push(bytes);
  assert.match(toHexText(sealAll(acceptor.reply, request)), /^0ae2/);
  const plain = sideOf({ compression: false }).codec.initiate();
  assert.equal(toHexText(sealAll(plain.request, utf8('hi'))), '0e80000003006869');
});

test('one byte at a time is as good as all at once', () => {
  const dialler = sideOf(sealedSide).codec.initiate();
  const acceptor = sideOf(sealedSide).codec.accept();
  assert.deepEqual(openAll(acceptor.request, sealAll(dialler.request, request), 1), request);
});

test('a sealer gathers small pieces into frames of 64 KiB', () => {
  const { request: sealer } = sideOf({ compression: false }).codec.initiate();
  const sent: Uint8Array[] = [];
  for (let i = 0; i < 200; i += 1) sent.push(...sealer.push(noise(1000, i)));
  sent.push(...sealer.finish());
  const lengths = framesOf(joinBytes(sent), 1).map((frame) => frame.length);
  assert.deepEqual(lengths, [65_541, 65_541, 65_541, 200_000 - 3 * 65_536 + 5]);
});

test('frames are compressed when that makes them smaller, and never when it is off', () => {
  const data = utf8('again and again '.repeat(1000));
  const packed = sealAll(sideOf(sealedSide).codec.initiate().request, data);
  assert.ok(packed.length < data.length / 5);
  const whole = sealAll(
    sideOf({ ...sealedSide, compression: false }).codec.initiate().request,
    data,
  );
  assert.ok(whole.length > data.length);
  const random = sealAll(sideOf(sealedSide).codec.initiate().request, noise(5000));
  assert.equal(random.length, 5 + 2 + 16 + 4 + 1 + 5000 + 16);
});

test('in the middle of a rotation the reply takes the key of the request', () => {
  const dialler = sideOf({ keys: [1, 2] });
  const acceptor = sideOf({ keys: [2, 1] });
  const out = dialler.codec.initiate();
  const into = acceptor.codec.accept();
  openAll(into.request, sealAll(out.request, request));
  dialler.keyring.use(keyOf(2));
  dialler.keyring.remove(keyOf(1));
  assert.deepEqual(openAll(out.reply, sealAll(into.reply, request)), request);
  assert.equal(into.request.keyFingerprint, acceptor.keyring.list()[1]?.fingerprint);
});

test('bytes behind the last frame are ignored', () => {
  const { request: sealer } = sideOf(sealedSide).codec.initiate();
  const { request: opener } = sideOf(sealedSide).codec.accept();
  const bytes = joinBytes([sealAll(sealer, request), noise(100)]);
  assert.deepEqual(openAll(opener, bytes), request);
  assert.deepEqual(opener.push(noise(10)), []);
});

test('a stream that is cut is never whole', () => {
  const { request: sealer } = sideOf(sealedSide).codec.initiate();
  const bytes = sealAll(sealer, noise(70_000));
  const [first] = framesOf(bytes, 23);
  for (const length of [3, 10, 23, 25, 1000, 23 + (first?.length ?? 0), bytes.length - 1]) {
    const { request: opener } = sideOf(sealedSide).codec.accept();
    openAll(opener, bytes.subarray(0, length));
    assert.equal(opener.isComplete, false, `${length}`);
  }
});

test('a cut stream cannot be made whole by marking its frame as the last', () => {
  const { request: sealer } = sideOf(sealedSide).codec.initiate();
  const bytes = sealAll(sealer, noise(200_000)).slice();
  const [first = bytes] = framesOf(bytes, 23);
  const cut = bytes.slice(0, 23 + first.length);
  cut[23] = (cut[23] as number) | 0x80;
  const { request: opener } = sideOf(sealedSide).codec.accept();
  assert.throws(() => opener.push(cut), { name: 'CryptoError', code: 'ERR_KEY_MISMATCH' });
});

test('frames that were reordered, left out, repeated or swapped do not open', () => {
  const { codec } = sideOf(sealedSide);
  const bytes = sealAll(codec.initiate().request, noise(200_000));
  const other = sealAll(codec.initiate().request, noise(200_000, 9));
  const preamble = bytes.subarray(0, 23);
  const [a, b, c, d] = framesOf(bytes, 23) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const foreign = framesOf(other, 23)[1] as Uint8Array;
  const changed = {
    reordered: [a, c, b, d],
    'with the first exchanged': [b, a, c, d],
    'without one': [a, c, d],
    'without the first': [b, c, d],
    repeated: [a, a, b, c, d],
    'with a frame of another stream': [a, foreign, c, d],
    'with the last one early': [a, d],
  };
  for (const [what, frames] of Object.entries(changed)) {
    const { request: opener } = sideOf(sealedSide).codec.accept();
    const forged = joinBytes([preamble, ...frames]);
    assert.throws(() => openAll(opener, forged), { code: 'ERR_KEY_MISMATCH' }, what);
    assert.equal(opener.isComplete, false, what);
  }
  const { request: opener } = sideOf(sealedSide).codec.accept();
  assert.equal(openAll(opener, joinBytes([preamble, a, b, c, d])).length, 200_000);
});

test('a request sent back is no reply, and an answer to another request neither', () => {
  const { codec } = sideOf({ keys: [1] });
  const first = codec.initiate();
  const bytes = sealAll(first.request, request);
  assert.throws(() => first.reply.push(bytes), { code: 'ERR_KEY_MISMATCH' });

  const acceptor = sideOf({ keys: [1] }).codec.accept();
  openAll(acceptor.request, bytes);
  const answer = sealAll(acceptor.reply, request);
  const second = codec.initiate();
  sealAll(second.request, request);
  assert.throws(() => second.reply.push(answer), { code: 'ERR_KEY_MISMATCH' });
  const labelled = sideOf(sealedSide).codec.initiate();
  const reflected = sealAll(labelled.request, request);
  assert.throws(() => labelled.reply.push(reflected), { code: 'ERR_CODEC_MALFORMED' });
});

test('every damaged byte of a sealed stream is found', () => {
  const bytes = sealAll(sideOf({ keys: [1] }).codec.initiate().request, utf8('hello'));
  for (let at = 0; at < bytes.length; at += 1) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] as number) ^ 0x01;
    const { request: opener } = sideOf({ keys: [1] }).codec.accept();
    try {
      opener.push(damaged);
    } catch (error) {
      assert.ok(error instanceof CodecError || error instanceof CryptoError);
    }
    assert.equal(opener.isComplete, false, `byte ${at}`);
  }
});

test('a wrong label, a wrong key, no key and no seal are told apart', () => {
  const bytes = sealAll(sideOf(sealedSide).codec.initiate().request, request);
  const plain = sealAll(sideOf({ label: 'lbl' }).codec.initiate().request, request);
  const refused: [Settings, Uint8Array, string][] = [
    [{ keys: [1], label: 'other' }, bytes, 'ERR_LABEL_MISMATCH'],
    [{ keys: [1] }, bytes, 'ERR_LABEL_MISMATCH'],
    [{ keys: [2], label: 'lbl' }, bytes, 'ERR_KEY_MISMATCH'],
    [{ label: 'lbl' }, bytes, 'ERR_SEALED'],
    [sealedSide, plain, 'ERR_NOT_SEALED'],
  ];
  for (const [settings, input, code] of refused) {
    const { request: opener } = sideOf(settings).codec.accept();
    assert.throws(() => opener.push(input), { code });
    assert.throws(() => opener.push(input), { code });
  }
  const unlabelled = sealAll(sideOf({ keys: [1] }).codec.initiate().request, request);
  assert.throws(() => sideOf(sealedSide).codec.accept().request.push(unlabelled), {
    code: 'ERR_LABEL_MISMATCH',
  });
});

test('a plain request is answered plainly by a side that accepts it', () => {
  const dialler = sideOf({ keys: [1], verifyOutgoing: false, verifyIncoming: false }).codec;
  const acceptor = sideOf({ keys: [1], verifyIncoming: false }).codec.accept();
  const out = dialler.initiate();
  openAll(acceptor.request, sealAll(out.request, request));
  const answer = sealAll(acceptor.reply, request);
  assert.equal(answer[0], 0x0e);
  assert.deepEqual(openAll(out.reply, answer), request);
});

test('a sealed answer to a plain request is refused', () => {
  const out = sideOf().codec.initiate();
  const answer = sealAll(sideOf({ keys: [1] }).codec.initiate().request, request);
  assert.throws(() => out.reply.push(answer), { code: 'ERR_SEALED' });
});

test('a reply before the request was opened is our own mistake', () => {
  const acceptor = sideOf(sealedSide).codec.accept();
  assert.throws(() => acceptor.reply.finish(), { name: 'StateError', code: 'ERR_INTERNAL' });
  const { request: sealer } = sideOf().codec.initiate();
  sealer.finish();
  assert.throws(() => sealer.finish(), { code: 'ERR_INTERNAL' });
  assert.throws(() => sealer.push(request), { code: 'ERR_INTERNAL' });
});

const refusal: ErrorMessage = { type: 'error', reason: 'key', text: 'no key of ours opens it' };

test('a refusal in the clear reaches the dialler as a hint and nothing more', () => {
  for (const size of [1, 3, 5000]) {
    const out = sideOf(sealedSide).codec.initiate();
    const bytes = joinBytes(
      sideOf({ keys: [2], label: 'lbl' })
        .codec.accept()
        .refuse(refusal),
    );
    assert.throws(
      () => openAll(out.reply, bytes, size),
      (error: unknown) => {
        assert.ok(error instanceof CryptoError);
        assert.equal(error.code, 'ERR_NOT_SEALED');
        assert.deepEqual(error.fields['hint'], { reason: 'key', text: refusal.text });
        return true;
      },
    );
    assert.equal(out.reply.isComplete, false);
  }
});

test('a hint is at most 1 KiB: a longer text is cut by us, and not read from others', () => {
  const long = { ...refusal, text: 'né '.repeat(100_000) };
  const bytes = joinBytes(sideOf(sealedSide).codec.accept().refuse(long));
  assert.ok(bytes.length < 1100);
  const out = sideOf(sealedSide).codec.initiate();
  assert.throws(
    () => out.reply.push(bytes),
    (error: unknown) => {
      assert.ok(error instanceof CryptoError);
      const hint = error.fields['hint'] as { text: string };
      assert.ok(hint.text.length > 100);
      assert.ok(long.text.startsWith(hint.text));
      return true;
    },
  );
  const flood = sealAll(sideOf({ compression: false }).codec.initiate().request, noise(3000));
  const junk = sealAll(sideOf().codec.initiate().request, noise(30));
  for (const answer of [flood, junk]) {
    assert.throws(
      () => sideOf(sealedSide).codec.initiate().reply.push(answer),
      (error: unknown) => {
        assert.ok(error instanceof CryptoError);
        return error.code === 'ERR_NOT_SEALED' && error.fields['hint'] === undefined;
      },
    );
  }
});

test('a refusal is made of any text, half surrogate pairs included', () => {
  for (const text of ['a\ud800b', 'x'.repeat(1023) + '\u{1f433}', '\u{1f433}'.repeat(900), '']) {
    const out = sideOf().codec.initiate();
    const bytes = joinBytes(
      sideOf()
        .codec.accept()
        .refuse({ ...refusal, text }),
    );
    assert.equal(openAll(out.reply, bytes)[0], 13);
    assert.ok(bytes.length <= 1 + 4 + 1 + 1024);
  }
});

test('between sides without keys a refusal is an ordinary answer', () => {
  const out = sideOf().codec.initiate();
  const bytes = joinBytes(sideOf().codec.accept().refuse(refusal));
  assert.equal(openAll(out.reply, bytes)[0], 13);
  assert.equal(out.reply.isComplete, true);
});

test('streams of the memberlist wire are recognized', () => {
  for (const hex of ['0683a44a', '0085a4', '0881aa', '0982a4', '0a0000008e01a0', '0d81a5']) {
    for (const settings of [{}, { keys: [1] }, { label: 'lbl' }]) {
      const { request: opener } = sideOf(settings).codec.accept();
      assert.throws(() => opener.push(fromHex(hex)), { code: 'ERR_CODEC_OTHER_WIRE' }, hex);
    }
  }
  const { request: labelled } = sideOf({ label: 'lbl' }).codec.accept();
  assert.throws(() => labelled.push(fromHex('f4036c626c0683a4')), { code: 'ERR_CODEC_OTHER_WIRE' });
  const { request: other } = sideOf().codec.accept();
  assert.throws(() => other.push(utf8('GET / HTTP/1.1')), { code: 'ERR_CODEC_MALFORMED' });
});

test('frames of a bad length or flag, and bombs, are refused', () => {
  const refused: [string, string][] = [
    ['0e00010002', 'ERR_CODEC_LIMIT'],
    ['0e7fffffff', 'ERR_CODEC_LIMIT'],
    ['0e00000000', 'ERR_CODEC_MALFORMED'],
    ['0e80000000', 'ERR_CODEC_MALFORMED'],
    ['0e8000000102', 'ERR_CODEC_MALFORMED'],
    ['0e0000000100', 'ERR_CODEC_MALFORMED'],
    ['0ae2' + '00'.repeat(16) + '00010012', 'ERR_CODEC_LIMIT'],
    ['0ae2' + '00'.repeat(16) + '00000010', 'ERR_CODEC_MALFORMED'],
    ['f400', 'ERR_CODEC_MALFORMED'],
  ];
  for (const [hex, code] of refused) {
    const { request: opener } = sideOf({ verifyIncoming: false, keys: [1] }).codec.accept();
    assert.throws(() => opener.push(fromHex(hex)), { code }, hex);
  }
});

test('a frame may inflate to 64 KiB and no further', () => {
  for (const [size, isFine] of [
    [65_536, true],
    [65_537, false],
  ] as const) {
    const data = utf8('so many words '.repeat(5_000)).slice(0, size);
    const body = joinBytes([Uint8Array.of(1), compressLzw(data) ?? noise(1)]);
    const length = Uint8Array.of(0x80, 0, body.length >>> 8, body.length);
    // As the first frame, and behind others: those are inflated elsewhere.
    for (const before of [0, 2]) {
      const bytes = joinBytes([...bombsAhead(before), length, body]);
      const { request: opener } = sideOf().codec.accept();
      const whole = size + before * 65_536;
      if (isFine) assert.equal(openAll(opener, bytes).length, whole);
      else assert.throws(() => openAll(opener, bytes), { code: 'ERR_CODEC_LIMIT' });
    }
  }
});

const bombsAhead = (frames: number): Uint8Array[] => [bombs(frames)];

test('a frame that was given back makes room for the next, and one that was not stays as it was', () => {
  for (const compression of [true, false]) {
    const text = utf8('so many words '.repeat(24_000)).slice(0, 5 * 65_536);
    const bytes = sealAll(sideOf({ ...sealedSide, compression }).codec.initiate().request, text);
    for (const givesBack of [true, false]) {
      const { request: opener } = sideOf(sealedSide).codec.accept();
      const read: Uint8Array[] = [];
      const given: Uint8Array[] = [];
      for (let input = bytes; ; input = new Uint8Array(0)) {
        for (const piece of opener.push(input)) {
          given.push(piece);
          read.push(piece.slice());
          if (givesBack) opener.release?.(piece);
        }
        if (opener.hasMore !== true) break;
      }
      assert.deepEqual(joinBytes(read), text);
      assert.equal(given.length, 5);
      if (givesBack) assert.equal(new Set(given.map(({ buffer }) => buffer)).size, 2);
      else assert.deepEqual(joinBytes(given), text);
    }
  }
});

/** A stream, not sealed, of so many frames that each inflate to 64 KiB of zeros. */
function bombs(frames: number): Uint8Array {
  const body = joinBytes([Uint8Array.of(1), compressLzw(new Uint8Array(65_536)) ?? noise(1)]);
  const frame = joinBytes([Uint8Array.of(0, 0, body.length >>> 8, body.length), body]);
  return joinBytes([Uint8Array.of(0x0e), ...Array<Uint8Array>(frames).fill(frame)]);
}

test('bytes that hold megabytes give them in pieces of at most 128 KiB a call', () => {
  const bytes = bombs(200);
  assert.ok(bytes.length < 100_000);
  const { request: opener } = sideOf().codec.accept();
  let total = 0;
  for (let input = bytes.subarray(0, 65_536); ; input = new Uint8Array(0)) {
    const given = joinBytes(opener.push(input)).length;
    assert.ok(given <= 131_072, `${given} bytes at once`);
    total += given;
    if (!opener.hasMore) break;
  }
  assert.ok(total > 100 * 65_536);
  assert.equal(opener.isComplete, false);
});

test('all frames of a stream together inflate to no more than the largest message', () => {
  const { request: opener } = sideOf().codec.accept();
  const bytes = bombs(1537);
  let total = 0;
  assert.throws(
    () => {
      for (let input = bytes; ; input = new Uint8Array(0)) {
        for (const piece of opener.push(input)) total += piece.length;
        if (!opener.hasMore) return;
      }
    },
    { code: 'ERR_CODEC_LIMIT' },
  );
  assert.ok(total <= 100_663_296 && total > 99_000_000, `${total}`);
});

test('mutated streams and junk are read or refused with a typed error', () => {
  const sealed = sealAll(sideOf(sealedSide).codec.initiate().request, request);
  const plain = sealAll(sideOf({ label: 'lbl' }).codec.initiate().request, request);
  const start = fc.constantFrom('', '0e', '0ae2', 'f4', 'f4036c626c0e', 'f4036c626c0ae2', '0e8000');
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 80 }), fc.nat(), (prefix, junk, at) => {
      const inputs = [joinBytes([fromHex(prefix), junk])];
      for (const bytes of [sealed, plain]) {
        const mutated = bytes.slice();
        mutated[at % bytes.length] = junk[0] ?? 0;
        inputs.push(mutated);
      }
      for (const input of inputs) {
        for (const side of [sideOf(sealedSide), sideOf({ label: 'lbl' })]) {
          decodesOrRefuses(() => openAll(side.codec.accept().request, input, 1 + (at % 40)));
          decodesOrRefuses(() => openAll(side.codec.initiate().reply, input, 1 + (at % 40)));
        }
      }
    }),
    { numRuns: 100 },
  );
});
