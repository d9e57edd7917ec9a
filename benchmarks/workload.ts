import type { AliveMessage, TableEvent } from '../src/codec/index.ts';

/*
 * What is measured with, the same in `go/codec.go`. Events are 241 bytes as they stand in a compound and look like
 * Docker's: keys of 64 hexadecimal digits, values that are half the same in all.
 */

export const NETWORK = 'k2f9w7q1z8x5c3v6b4n0m1a2s';
export const TABLE = 'endpoint_table';
/** Another network, which warms up what is measured; of ours alone, since Go would exchange it again. */
export const WARM_UP_NETWORK = 'w0a1r2m3u4p5w6a7r8m9u0p1w';
export const VALUE_BYTES = 100;

const DIGITS = '0123456789abcdef';
const SAME_IN_ALL = 'service=api;zone=eu-west-1;port=8080;proto=tcp;weight=10;id=';
const text = new TextEncoder();

function hexOf(seed: number, length: number): string {
  let state = (Math.imul(seed, 2_654_435_761) + 12_345) >>> 0;
  // Not by adding letter to letter: such a text is a tree of 2 KB until somebody reads it, and then it would be the
  // benchmark that pays for it.
  const out = Buffer.alloc(length);
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    out[i] = DIGITS.charCodeAt(state >>> 28);
  }
  return out.toString('latin1');
}

export const keyOf = (at: number): string => hexOf(at, 64);

/** Longer ones than this are noise, which does not become smaller when compressed. */
const LONGEST_TEXT = 1_000;

/** @param length - bytes, 60 or more */
export function valueOf(at: number, length: number = VALUE_BYTES): Uint8Array {
  if (length <= LONGEST_TEXT) {
    return text.encode(SAME_IN_ALL + hexOf(at + 1_000_000, length - SAME_IN_ALL.length));
  }
  const bytes = new Uint8Array(length);
  let state = (at + 1) >>> 0;
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** A name as long as those that nodes get by themselves. */
export const nodeName = (at: number): string => `${at}`.padStart(12, 'd');

/** A table event of a node, as a create. */
export const eventOf = (at: number, owner: string): TableEvent => ({
  kind: 'create',
  time: at + 1000,
  owner,
  network: NETWORK,
  table: TABLE,
  key: keyOf(at),
  value: valueOf(at),
  residualReapSeconds: 0,
});

/** What is said of a member: 111 bytes in msgpack with 32 bytes of metadata. */
export const aliveOf = (at: number, metadataBytes: number, startIdBytes = 0): AliveMessage => ({
  type: 'alive',
  incarnation: 1000 + at,
  node: `${at}`.padStart(19, '0'),
  address: Uint8Array.of(10, 0, 1, at),
  port: 7946,
  metadata: new Uint8Array(metadataBytes).fill(0x6d),
  versions: Uint8Array.of(1, 5, 2, 0, 0, 0),
  startId: new Uint8Array(startIdBytes).fill(0x91),
});
