import type { StreamMessage, StreamOpener, StreamSealer, Wire } from '../src/codec/index.ts';
import {
  compressLzw,
  createStreamReader,
  decompressLzw,
  encodeStreamMessage,
  MAX_FRAME_BYTES,
  MESSAGE_TYPE,
} from '../src/codec/index.ts';
import { CodecError } from '../src/runtime/index.ts';
import { joined, STREAM_MESSAGES, utf8 } from './samples.ts';
import type { FuzzTarget, OutputBound } from './target.ts';
import { wireOf } from './wires.ts';

/*
 * Streams: the frames, the messages in them, and both together. The bytes arrive in pieces whose size
 * follows from the input, so that every boundary falls everywhere.
 */

const LZW_SEEDS: readonly Uint8Array[] = [
  utf8('to be or not to be, that is the question; '.repeat(20)),
  new Uint8Array(3000),
  Uint8Array.from({ length: 600 }, (_, i) => (i * i * 31) >>> 3),
  new Uint8Array(0),
].map((bytes) => compressLzw(bytes) ?? new Uint8Array(0));

/** Input that was compressed may inflate, each frame to 64 KiB and a frame to every few bytes. */
const FRAMES: OutputBound = { perByte: 3000, base: 4096 };

function sealAll(sealer: StreamSealer, plaintext: Uint8Array): Uint8Array {
  return joined([...sealer.push(plaintext), ...sealer.finish()]);
}

/** Gives bytes to a reader piece by piece. */
function inPieces(bytes: Uint8Array, take: (piece: Uint8Array) => void): void {
  const size = 1 + ((bytes.length * 37) % 211);
  for (let at = 0; at < bytes.length; at += size) take(bytes.subarray(at, at + size));
}

/** Opens a stream and reads the message in it. */
function readStream(wire: Wire, opener: StreamOpener, bytes: Uint8Array): unknown {
  const reader = wire.createStreamReader();
  inPieces(bytes, (piece) => {
    for (const plaintext of opener.push(piece)) reader.push(plaintext);
  });
  return requireWhole(opener.isComplete ? reader.message : null);
}

/** A stream that ends too early is refused by whoever reads it. */
function requireWhole(message: StreamMessage | null): StreamMessage {
  if (message !== null) return message;
  throw new CodecError('ERR_CODEC_TRUNCATED', 'the stream ends too early');
}

function plaintexts(): Uint8Array[] {
  return STREAM_MESSAGES.map((message) => joined(encodeStreamMessage(message)));
}

/** The records of every kind of message, behind a type byte that is right. */
function readerTargets(): FuzzTarget[] {
  const kinds = new Set(STREAM_MESSAGES.map(({ type }) => type));
  return [...kinds].map((kind) => {
    const whole = STREAM_MESSAGES.filter(({ type }) => type === kind);
    const type = Uint8Array.of(MESSAGE_TYPE[kind]);
    return {
      name: `stream reader, ${kind}`,
      seeds: whole.map((message) => joined(encodeStreamMessage(message)).subarray(1)),
      run: (bytes) => {
        const reader = createStreamReader();
        inPieces(joined([type, bytes]), (piece) => reader.push(piece));
        return requireWhole(reader.message);
      },
    };
  });
}

/** The targets about streams. */
export function streamTargets(): FuzzTarget[] {
  const sides = {
    'not sealed': wireOf(),
    'not sealed, labelled': wireOf({ label: 'ring' }),
    sealed: wireOf({ keys: [1, 2], label: 'ring' }),
  };
  const requests = Object.entries(sides).map(([what, wire]): FuzzTarget => {
    return {
      name: `stream ${what}`,
      seeds: plaintexts().map((bytes) => sealAll(wire.streams.initiate().request, bytes)),
      bound: FRAMES,
      run: (bytes) => readStream(wire, wire.streams.accept().request, bytes),
    };
  });
  // Every salt is the same, so that one reply answers every request.
  const sealed = wireOf({ keys: [1], entropy: { fill: (target) => target.fill(5) } });
  const refusal = { type: 'error', reason: 'label', text: 'another ring' } as const;
  const replies = [
    joined(sealed.streams.accept().refuse(refusal)),
    ...plaintexts().map((bytes) => {
      const accepted = sealed.streams.accept();
      accepted.request.push(sealAll(sealed.streams.initiate().request, bytes));
      return sealAll(accepted.reply, bytes);
    }),
  ];
  return [
    ...requests,
    {
      name: 'stream, reply to a sealed request',
      seeds: replies,
      bound: FRAMES,
      run: (bytes) => readStream(sealed, sealed.streams.initiate().reply, bytes),
    },
    {
      name: 'stream of a key holder',
      seeds: plaintexts(),
      run: (bytes) => {
        const request = sealAll(sealed.streams.initiate().request, bytes);
        return readStream(sealed, sealed.streams.accept().request, request);
      },
    },
    ...readerTargets(),
    {
      name: 'lzw',
      seeds: LZW_SEEDS,
      bound: { perByte: 3000, base: 64 },
      run: (bytes) => decompressLzw(bytes, MAX_FRAME_BYTES),
    },
  ];
}
