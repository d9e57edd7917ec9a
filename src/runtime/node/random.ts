import { randomBytes, randomFillSync } from 'node:crypto';

import type { Entropy, Random } from '../random.ts';
import { SeededRandom } from '../random.ts';

/** The system's entropy, for keys, nonces, salts and start ids. */
export function nodeEntropy(): Entropy {
  return {
    fill(target: Uint8Array): void {
      randomFillSync(target);
    },
  };
}

/** A generator for choices, seeded from the system's entropy: two processes never choose alike. */
export function nodeRandom(): Random {
  const bytes = randomBytes(8);
  const seed = (bytes.readUInt32LE(0) & 0x1f_ffff) * 0x1_0000_0000 + bytes.readUInt32LE(4);
  return new SeededRandom(seed);
}
