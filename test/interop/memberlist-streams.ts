import { openAll } from '../codec/support.ts';
import type { GoBody } from '../../src/codec/go-shapes.ts';
import { encodeBody, GO_SHAPES } from '../../src/codec/go-shapes.ts';
import type { PushPullNode, StreamMessage } from '../../src/codec/index.ts';
import { createWire, hasStreamEnded, MESSAGE_TYPE, NODE_STATES } from '../../src/codec/index.ts';
import { encodeGoStreamMessage } from '../../src/codec/msgpack-stream.ts';
import { decodeGoPacketMessage } from '../../src/codec/swim-msgpack.ts';
import type { Outcome, Vector } from './check.ts';
import { bytesOf, bytesOrNull, compare, hexOf, vectorsOf } from './check.ts';
import { envelopeOptions } from './memberlist-framing.ts';

/*
 * Whole TCP streams of Go memberlist: requests as their initiator sends them, answers as the acceptor does;
 * read back whole, and byte by byte.
 */

/** Whole streams in both directions. */
export function checkStreams(): Outcome[] {
  return vectorsOf('memberlist-streams.json').map((vector) =>
    compare(vector.name, (comparison) => {
      const message = messageOf(vector);
      const recorded = bytesOf(vector.hex);
      // The newest codec writes signed numbers otherwise; the older ones, which ours follows, are read by all.
      const accepted = [vector, ...(vector.alternatives ?? [])].map(({ hex }) => hex);
      const written = (pieces: Iterable<Uint8Array>): string | true => {
        const hex = hexOf(send(vector, pieces));
        return accepted.includes(hex) || hex;
      };
      comparison.equal('layers', () => written(recordedPieces(vector, message)), true);
      comparison.equal('written', () => written(encodeGoStreamMessage(message)), true);
      comparison.equal('read', () => read(vector, [recorded]), message);
      const bytes = Array.from(recorded, (byte) => Uint8Array.of(byte));
      comparison.equal('read byte by byte', () => read(vector, bytes), message);
    }),
  );
}

function isAnswer({ name }: Vector): boolean {
  return name.startsWith('stream/ack') || name.startsWith('stream/err');
}

function send(vector: Vector, pieces: Iterable<Uint8Array>): Uint8Array {
  const wire = createWire('memberlist', envelopeOptions(vector.fields));
  const { streams } = wire;
  const sealer = isAnswer(vector) ? streams.accept().reply : streams.initiate().request;
  const chunks: Uint8Array[] = [];
  for (const piece of pieces) chunks.push(...sealer.push(piece));
  return Buffer.concat([...chunks, ...sealer.finish()]);
}

/** The message in pieces that keep nil and empty metadata apart, as the recorded fields do. */
function* recordedPieces(
  vector: Vector,
  message: StreamMessage,
): Generator<Uint8Array, void, void> {
  const nodes = vector.fields['nodes'] as GoBody<typeof GO_SHAPES.pushPullNode>[] | undefined;
  if (nodes === undefined || message.type !== 'pushPull') {
    yield* encodeGoStreamMessage(message);
    return;
  }
  yield encodeBody(MESSAGE_TYPE.pushPull, GO_SHAPES.pushPullHeader, {
    Join: message.join,
    Nodes: nodes.length,
    UserStateLen: message.userState.length,
  });
  for (const node of nodes) {
    yield encodeBody(null, GO_SHAPES.pushPullNode, {
      ...node,
      Addr: bytesOrNull(node.Addr),
      Meta: bytesOrNull(node.Meta),
      Vsn: bytesOrNull(node.Vsn),
    });
  }
  yield message.userState;
}

function read(vector: Vector, chunks: readonly Uint8Array[]): StreamMessage | null {
  const wire = createWire('memberlist', envelopeOptions(vector.fields));
  const { streams } = wire;
  const opener = isAnswer(vector) ? streams.initiate().reply : streams.accept().request;
  const reader = wire.createStreamReader();
  for (const [at, chunk] of chunks.entries()) {
    for (const piece of openAll(opener, chunk)) reader.push(piece);
    if (hasStreamEnded(opener, reader) !== (at === chunks.length - 1)) return null;
  }
  return reader.message;
}

/** What the recorded fields say, as a message of ours. */
function messageOf({ name, fields }: Vector): StreamMessage {
  if (name.startsWith('stream/pushpull')) {
    return {
      type: 'pushPull',
      join: fields['join'] === true,
      nodes: (fields['nodes'] as Record<string, never>[]).map(nodeOf),
      userState: bytesOf(fields['userState']),
    };
  }
  const bytes = bytesOf(fields['message']);
  if (name.startsWith('stream/user')) return { type: 'user', payload: bytes };
  if (name.startsWith('stream/err')) {
    const text = 'remote state is encrypted and encryption is not configured';
    return { type: 'error', reason: 'unknown', text };
  }
  const message = decodeGoPacketMessage(bytes);
  if (message.type === 'ping' || message.type === 'ack') return message;
  throw new Error(`${name} holds ${message.type}`);
}

function nodeOf(node: Record<string, never>): PushPullNode {
  return {
    name: node['Name'] as unknown as string,
    address: bytesOf(node['Addr']),
    port: node['Port'] as unknown as number,
    metadata: bytesOf(node['Meta']),
    incarnation: node['Incarnation'] as unknown as number,
    state: NODE_STATES[node['State'] as unknown as number] ?? 'alive',
    versions: bytesOf(node['Vsn']),
    startId: new Uint8Array(0),
  };
}
