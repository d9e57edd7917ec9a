import { randomBytes, randomFillSync } from 'node:crypto';

import type { Entropy, Random } from '../random.ts';
import { SeededRandom } from '../random.ts';

/** Entropy fetched at once: a call costs the same for one nonce as for hundreds, and as much as sealing a packet. */
const POOL_BYTES = 4_096;
/** What is longer is fetched by itself. */
const MAX_POOLED_BYTES = 64;

const pool = new Uint8Array(POOL_BYTES);
let taken = POOL_BYTES;

/** The system's entropy, for keys, nonces, salts and start ids. No byte of it is given twice, or kept. */
export function nodeEntropy(): Entropy {
  return {
    fill(target: Uint8Array): void {
      const { length } = target;
      if (length > MAX_POOLED_BYTES) {
        randomFillSync(target);
        return;
      }
      if (taken + length > POOL_BYTES) {
        randomFillSync(pool);
        taken = 0;
      }
      target.set(pool.subarray(taken, taken + length));
      pool.fill(0, taken, taken + length);
      taken += length;
    },
  };
}

/** A generator for choices, seeded from the system's entropy: two processes never choose alike. */
export function nodeRandom(): Random {
  const bytes = randomBytes(8);
  const seed = (bytes.readUInt32LE(0) & 0x1f_ffff) * 0x1_0000_0000 + bytes.readUInt32LE(4);
  return new SeededRandom(seed);
}
