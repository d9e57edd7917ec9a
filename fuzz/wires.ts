import type { EntropySource, Wire, WireName } from '../src/codec/index.ts';
import { createWire, Keyring, wireKeyLengths } from '../src/codec/index.ts';
import { SeededRandom } from '../src/runtime/index.ts';
import { seededEntropy } from '../src/simulator/index.ts';
import { utf8 } from './samples.ts';

/** What a side of a wire is made of. */
export interface WireSide {
  readonly wire?: WireName;
  readonly label?: string;
  /** Keys of 32 equal bytes. Default: none. */
  readonly keys?: readonly number[];
  readonly compression?: boolean;
  /** Default: repeatable bytes. */
  readonly entropy?: EntropySource;
}

/** A codec as one node of a ring has it, with entropy that repeats. */
export function wireOf(side: WireSide = {}): Wire {
  const { wire = 'protobuf', label = '', keys = [], compression = true } = side;
  const bytes = keys.map((key) => new Uint8Array(32).fill(key));
  return createWire(wire, {
    keyring: new Keyring(bytes, wireKeyLengths(wire)),
    label: utf8(label),
    entropy: side.entropy ?? seededEntropy(new SeededRandom(11)),
    verifyIncoming: true,
    verifyOutgoing: true,
    compression,
  });
}
