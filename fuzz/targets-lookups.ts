import { decodeAnswer, encodeQuestion } from '../src/runtime/node/dns-message.ts';
import { firstNameServer } from '../src/runtime/node/resolv-conf.ts';
import type { FuzzTarget } from './target.ts';

/*
 * What comes from neither peers nor users: the answers of a name server, and the file that says which one to
 * ask.
 */

const NAME = [6, 115, 101, 114, 118, 101, 114, 0];

/** One record of an answer: a name or a pointer to one, type, class, time to live, data. */
function record(name: readonly number[], type: number, data: readonly number[]): number[] {
  return [...name, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length, ...data];
}

function answer(...records: readonly number[][]): Uint8Array {
  const header = [0x12, 0x34, 0x81, 0x80, 0, 1, 0, records.length, 0, 0, 0, 0];
  return Uint8Array.of(...header, ...NAME, 0, 1, 0, 1, ...records.flat());
}

const POINTER = [0xc0, 12];
const IPV6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
const ANSWERS = [
  answer(),
  answer(record(POINTER, 1, [10, 0, 0, 5]), record(NAME, 1, [10, 0, 0, 6])),
  answer(record(POINTER, 5, NAME), record(POINTER, 28, IPV6)),
  answer(...Array.from({ length: 40 }, (_, i) => record(POINTER, 1, [10, 0, 0, i]))),
  encodeQuestion({ id: 7, host: 'server', record: 'A' }),
];

const FILES = [
  'nameserver 10.0.0.2\nsearch internal\noptions ndots:5\n',
  '# none\nnameserver [2001:db8::1]:5353\nnameserver 10.0.0.2:53\n',
  'nameserver fe80::1%eth0\n',
];

/** The targets about name lookups. */
export function lookupTargets(): FuzzTarget[] {
  const seeds = FILES.map((text) => new TextEncoder().encode(text));
  return [
    { name: 'answer of a name server', seeds: ANSWERS, run: decodeAnswer },
    {
      name: 'resolv.conf',
      seeds,
      run: (bytes) => firstNameServer(Buffer.from(bytes).toString('utf8')),
    },
  ];
}
