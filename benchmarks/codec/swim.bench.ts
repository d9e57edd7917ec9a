import type { PacketMessage } from '../../src/codec/index.ts';
import { decodePacketMessage, encodePacketMessage } from '../../src/codec/index.ts';
import { decodeGoPacketMessage, encodeGoPacketMessage } from '../../src/codec/swim-msgpack.ts';
import type { AnyBench, Extent, Figures } from '../bench.ts';
import { benchOf, checkSame } from '../bench.ts';
import { nanosPer } from '../timing.ts';
import { aliveOf } from '../workload.ts';

/* SWIM messages to bytes and back, on either wire. */

const START_ID_BYTES = 4;
const SOURCE = {
  sourceAddress: Uint8Array.of(10, 0, 1, 3),
  sourcePort: 7946,
  sourceNode: '0000000000000000003',
};
const NODE = '0000000000000000007';

interface SwimCodec {
  readonly encode: (message: PacketMessage) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => PacketMessage;
}

function play({ encode, decode }: SwimCodec, startIdBytes: number, { budgetMs }: Extent): Figures {
  const messages: Record<string, PacketMessage> = {
    alive: aliveOf(7, 32, startIdBytes),
    suspect: { type: 'suspect', incarnation: 1007, node: NODE, from: SOURCE.sourceNode },
    ping: { type: 'ping', seq: 77, node: NODE, ...SOURCE },
  };
  const figures: Record<string, number> = {};
  for (const [name, message] of Object.entries(messages)) {
    const wire = encode(message);
    checkSame(decode(wire), message, name);
    figures[`${name}-encode`] = nanosPer(budgetMs, () => encode(message));
    figures[`${name}-decode`] = nanosPer(budgetMs, () => decode(wire));
    figures[`${name}-bytes`] = wire.length;
  }
  figures['bare-alive-bytes'] = encode(aliveOf(7, 0, startIdBytes)).length;
  return figures;
}

export const swimMemberlist: AnyBench = benchOf({
  name: 'swim-memberlist',
  subject: { encode: encodeGoPacketMessage, decode: decodeGoPacketMessage },
  play: (subject, extent) => play(subject, 0, extent),
});

export const swimProtobuf: AnyBench = benchOf({
  name: 'swim-protobuf',
  subject: { encode: encodePacketMessage, decode: decodePacketMessage },
  play: (subject, extent) => play(subject, START_ID_BYTES, extent),
});
