/** Source of the choices a protocol makes: peers, order, jitter. Never used for keys or nonces. */
export interface Random {
  /** A uniform integer from 0 to 2^32 - 1. */
  uint32(): number;
}

/** Source of unpredictable bytes: keys, nonces, salts, start ids. Never used for choices. */
export interface Entropy {
  /** Overwrites all of `target` with random bytes. */
  fill(target: Uint8Array): void;
}

/**
 * Seeded generator (sfc32, period about 2^128), the same sequence on every platform.
 *
 * The real runtime seeds it from the system's entropy, the simulator from the run's seed.
 */
export class SeededRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed - any integer; only its low 53 bits count */
  constructor(seed: number) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) >>> 0;
    this.#c = 0x9e3779b9;
    for (let i = 0; i < 15; i += 1) this.uint32();
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0;
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0;
    return sum;
  }
}

/**
 * A uniform integer in `[0, bound)`, without modulo bias.
 *
 * @param bound - 1 to 2^32
 */
export function randomBelow(random: Random, bound: number): number {
  const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
  let draw = random.uint32();
  while (draw >= limit) draw = random.uint32();
  return draw % bound;
}

/** A uniform number in `[0, 1)` with 32 bits of resolution. */
export function randomFraction(random: Random): number {
  return random.uint32() / 0x1_0000_0000;
}

/** Shuffles `items` in place (Fisher-Yates) and returns it. */
export function shuffle<T>(random: Random, items: T[]): T[] {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const pick = randomBelow(random, last + 1);
    const held = items[last] as T;
    items[last] = items[pick] as T;
    items[pick] = held;
  }
  return items;
}

/** Up to `count` different elements of `items`, uniformly, in random order; `items` is untouched. */
export function sample<T>(random: Random, items: readonly T[], count: number): T[] {
  const pool = items.slice();
  const wanted = Math.min(count, pool.length);
  for (let filled = 0; filled < wanted; filled += 1) {
    const pick = filled + randomBelow(random, pool.length - filled);
    const held = pool[filled] as T;
    pool[filled] = pool[pick] as T;
    pool[pick] = held;
  }
  pool.length = wanted;
  return pool;
}
