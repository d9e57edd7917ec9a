import type { Entropy, Random } from '../runtime/index.ts';

/**
 * Entropy that repeats with its seed, for runs that must be replayed. Never for real keys.
 *
 * @param random - drawn from once per four bytes
 */
export function seededEntropy(random: Random): Entropy {
  return {
    fill(target: Uint8Array): void {
      let word = 0;
      for (let index = 0; index < target.length; index += 1) {
        if (index % 4 === 0) word = random.uint32();
        target[index] = word & 0xff;
        word >>>= 8;
      }
    },
  };
}
