import type { StreamOpener, Wire } from '../src/codec/index.ts';
import { hasStreamEnded, MAX_INFLATED_PACKET_BYTES, MESSAGE_TYPE } from '../src/codec/index.ts';
import { CodecError } from '../src/runtime/index.ts';
import { joined, PACKET_MESSAGES, STREAM_MESSAGES } from './samples.ts';
import type { FuzzTarget, OutputBound } from './target.ts';
import { dispatch } from './targets-packets.ts';
import { wireOf } from './wires.ts';

/*
 * The memberlist wire: msgpack bodies, packets under AES-GCM and compression, and streams without lengths.
 * What is sealed cannot be read after a change, so one target each seals what was changed.
 */

/** A few bytes of LZW may stand for a hundred times as many. */
const INFLATED: OutputBound = { perByte: 400, base: MAX_INFLATED_PACKET_BYTES };

/** Reads a message, inflating it first where it is compressed. */
function read(wire: Wire, message: Uint8Array): unknown {
  if (message[0] !== MESSAGE_TYPE.compress) return dispatch(wire, message);
  return dispatch(wire, wire.inflateMessage(message, MAX_INFLATED_PACKET_BYTES));
}

function readStream(wire: Wire, opener: StreamOpener, bytes: Uint8Array): unknown {
  const reader = wire.createStreamReader();
  const size = 1 + ((bytes.length * 37) % 211);
  for (let at = 0; at < bytes.length; at += size) {
    for (const piece of opener.push(bytes.subarray(at, at + size))) reader.push(piece);
    while (opener.hasMore === true) {
      for (const piece of opener.push(new Uint8Array(0))) reader.push(piece);
    }
  }
  if (hasStreamEnded(opener, reader) && reader.message !== null) return reader.message;
  throw new CodecError('ERR_CODEC_TRUNCATED', 'the stream ends too early');
}

/** The targets about the bytes that Go speaks. */
export function goTargets(): FuzzTarget[] {
  const side = { wire: 'memberlist', compression: false } as const;
  const plain = wireOf(side);
  const packed = wireOf({ ...side, compression: true });
  const sealed = wireOf({ ...side, keys: [1], label: 'ring' });
  const messages = PACKET_MESSAGES.map((message) => plain.encodePacketMessage(message));
  const streams = STREAM_MESSAGES.map((message) => joined(plain.encodeStreamMessage(message)));
  const framed = (wire: Wire, plaintext: Uint8Array): Uint8Array => {
    const { request } = wire.streams.initiate();
    return joined([...request.push(plaintext), ...request.finish()]);
  };
  return [
    {
      name: 'memberlist wire, bodies',
      seeds: messages,
      run: (bytes) => plain.decodePacketMessage(bytes),
    },
    {
      name: 'memberlist wire, packets',
      seeds: messages.flatMap((m) => [plain.packets.seal(m), packed.packets.seal(m)]),
      bound: INFLATED,
      run: (bytes) => read(plain, plain.packets.open(bytes).message),
    },
    {
      name: 'memberlist wire, packets not of a key holder',
      seeds: messages.map((m) => sealed.packets.seal(m)),
      bound: INFLATED,
      run: (bytes) => read(sealed, sealed.packets.open(bytes).message),
    },
    {
      name: 'memberlist wire, packets of a key holder',
      seeds: messages,
      bound: INFLATED,
      run: (bytes) => read(sealed, sealed.packets.open(sealed.packets.seal(bytes)).message),
    },
    {
      name: 'memberlist wire, streams',
      seeds: streams.flatMap((s) => [framed(plain, s), framed(packed, s)]),
      bound: INFLATED,
      run: (bytes) => readStream(plain, plain.streams.accept().request, bytes),
    },
    {
      name: 'memberlist wire, streams of a key holder',
      seeds: streams,
      bound: INFLATED,
      run: (bytes) => readStream(sealed, sealed.streams.accept().request, framed(sealed, bytes)),
    },
  ];
}
