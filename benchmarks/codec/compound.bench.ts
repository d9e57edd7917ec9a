import { encodeCompound, splitCompound } from '../../src/codec/index.ts';
import { decodeGoPacketMessage, encodeGoPacketMessage } from '../../src/codec/swim-msgpack.ts';
import type { AnyBench } from '../bench.ts';
import { benchOf, check, checkSame } from '../bench.ts';
import { nanosPer } from '../timing.ts';
import { aliveOf } from '../workload.ts';

/** A compound of so many alive messages on the memberlist wire. */
export function compoundOf(count: number): Uint8Array {
  const messages = Array.from({ length: count }, (_, at) => encodeGoPacketMessage(aliveOf(at, 32)));
  return encodeCompound(messages);
}

/* A packet of many claims about members, taken apart and read. */
export const compound: AnyBench = benchOf({
  name: 'compound',
  subject: { split: splitCompound, decode: decodeGoPacketMessage },
  play({ split, decode }, { size, budgetMs }) {
    const wire = compoundOf(size);
    check(split(wire).lostParts === 0, 'lost parts');
    const read = () => split(wire).parts.map((part) => decode(part));
    const messages = read();
    check(messages.length === size, 'number of messages');
    for (const [at, message] of messages.entries()) {
      checkSame(message, aliveOf(at, 32), `message ${at}`);
    }
    return { 'split-decode': nanosPer(budgetMs, read) };
  },
});
