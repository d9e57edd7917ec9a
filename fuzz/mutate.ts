import { randomBelow, SeededRandom } from '../src/runtime/index.ts';

/*
 * Inputs that are nearly right. Each is made from one valid encoding by up to eight changes, and its
 * generator from the run's seed, the target's name and the input's number alone: every input can be made
 * again without those before it.
 */

/** Most changes that one input gets. */
const MAX_CHANGES = 8;

/** Values that stand at an edge of some format: lengths, marks, tags and message types. */
const EDGES: readonly number[] = [
  ...Array.from({ length: 17 }, (_, type) => type),
  ...[0x1a, 0x22, 0x2a, 0x32, 0x3a, 0x42, 0x4a, 0x7f, 0x80, 0x8f, 0xa0, 0xc0, 0xc4, 0xd9, 0xda],
  ...[0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe2, 0xf4, 0xf7, 0xfe, 0xff],
];

/** Large numbers that a varint or a fixed length may claim. */
const CLAIMS: readonly number[] = [
  ...[0x7f, 0x80, 0xff, 0x100, 0x3fff, 0x4000, 0xffff, 0x1_0000, 0x1_0001, 0x1f_ffff],
  ...[0x100_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff],
];

/** A stable number for a text. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash;
}

/** Makes the inputs of one target. */
export class Mutator {
  readonly #seeds: readonly Uint8Array[];
  readonly #maxBytes: number;
  readonly #base: number;
  /** The input in the making; twice as long as an input may be, so that a change needs no check. */
  readonly #scratch: Uint8Array;
  #random = new SeededRandom(0);
  #length = 0;

  /**
   * @param o.name - the target's, so that targets with equal seeds get different inputs
   * @param o.seed - of the run, an integer of 0 to 2^20 - 1
   */
  constructor(o: {
    readonly name: string;
    readonly seeds: readonly Uint8Array[];
    readonly seed: number;
    readonly maxInputBytes: number;
  }) {
    this.#seeds = o.seeds;
    this.#maxBytes = o.maxInputBytes;
    this.#base = (hashOf(o.name) ^ Math.imul(o.seed + 1, 0x9e3779b1)) >>> 0;
    this.#scratch = new Uint8Array(o.maxInputBytes * 2);
  }

  /** Input number `index`, 0 to 2^21 - 1, in an array of its own. */
  input(index: number): Uint8Array {
    this.#random = new SeededRandom(index * 0x1_0000_0000 + this.#base);
    const origin = this.#seeds[this.#below(this.#seeds.length)] as Uint8Array;
    this.#length = Math.min(origin.length, this.#maxBytes);
    this.#scratch.set(origin.subarray(0, this.#length));
    // Few changes reach deep into a format, many are for its outer layers; some inputs stay as they are.
    for (let left = this.#below(this.#below(MAX_CHANGES) + 2); left > 0; left -= 1) {
      this.#change();
      this.#length = Math.min(this.#length, this.#maxBytes);
    }
    return this.#scratch.slice(0, this.#length);
  }

  #below(bound: number): number {
    return randomBelow(this.#random, bound);
  }

  #place(): number {
    return this.#below(this.#length + 1);
  }

  #change(): void {
    const scratch = this.#scratch;
    const at = this.#place();
    switch (this.#below(12)) {
      case 0:
        scratch[at] = (scratch[at] as number) ^ (1 << this.#below(8));
        return;
      case 1:
        scratch[at] = this.#below(256);
        return;
      case 2:
        scratch[at] = EDGES[this.#below(EDGES.length)] as number;
        return;
      case 3:
        scratch[at] = (scratch[at] as number) + this.#below(9) - 4;
        return;
      case 4:
        this.#length = at;
        return;
      case 5:
        return this.#extend();
      case 6:
        return this.#splice(at);
      case 7:
        return this.#insertOther(at);
      case 8:
        return this.#repeat(at);
      case 9:
        return this.#cut(at);
      case 10:
        return this.#claimVarint(at);
      case 11:
        return this.#claimFixed(at);
    }
  }

  #extend(): void {
    const room = this.#maxBytes - this.#length;
    const count = this.#below(Math.min(room, this.#below(8) === 0 ? room : 32) + 1);
    const fill = this.#below(3);
    for (let i = 0; i < count; i += 1) {
      this.#scratch[this.#length + i] = fill === 0 ? 0 : fill === 1 ? 0xff : this.#below(256);
    }
    this.#length += count;
  }

  /** The beginning of this and the end of another. */
  #splice(at: number): void {
    const other = this.#seeds[this.#below(this.#seeds.length)] as Uint8Array;
    const tail = other.subarray(this.#below(other.length + 1), this.#maxBytes);
    this.#scratch.set(tail, at);
    this.#length = at + tail.length;
  }

  #insertOther(at: number): void {
    const other = this.#seeds[this.#below(this.#seeds.length)] as Uint8Array;
    const from = this.#below(other.length + 1);
    const piece = other.subarray(from, from + this.#below(Math.min(other.length, 256) + 1));
    this.#open(at, piece.length);
    this.#scratch.set(piece, at);
  }

  /** A piece several times: fields and parts that stand there once too often. */
  #repeat(at: number): void {
    const bytes = Math.min(this.#below(64) + 1, this.#length - at);
    const wanted = this.#below(8) === 0 ? this.#below(512) : this.#below(4) + 1;
    const times = bytes === 0 ? 0 : Math.min(wanted, ~~((this.#maxBytes - this.#length) / bytes));
    if (times <= 0) return;
    this.#open(at + bytes, bytes * times);
    for (let i = 1; i <= times; i += 1) {
      this.#scratch.copyWithin(at + i * bytes, at, at + bytes);
    }
  }

  #cut(at: number): void {
    const bytes = Math.min(this.#below(32) + 1, this.#length - at);
    this.#scratch.copyWithin(at, at + bytes, this.#length);
    this.#length -= bytes;
  }

  /** A varint of a large claim, over what stood there or before it; it may be longer than is sane. */
  #claimVarint(at: number): void {
    const claim = CLAIMS[this.#below(CLAIMS.length)] as number;
    const bytes: number[] = [];
    let left = claim;
    while (left > 0x7f) {
      bytes.push((left & 0x7f) | 0x80);
      left = Math.floor(left / 128);
    }
    const padding = this.#below(4) === 0 ? this.#below(10) : 0;
    bytes.push(...Array<number>(padding).fill(0xff), left);
    if (this.#below(2) === 0) this.#open(at, bytes.length);
    this.#scratch.set(bytes, at);
    this.#length = Math.max(this.#length, at + bytes.length);
  }

  /** Two or four bytes, big-endian, of a large claim. */
  #claimFixed(at: number): void {
    const claim = CLAIMS[this.#below(CLAIMS.length)] as number;
    const width = this.#below(2) === 0 ? 2 : 4;
    for (let i = 0; i < width; i += 1) this.#scratch[at + i] = claim >>> (8 * (width - 1 - i));
    this.#length = Math.max(this.#length, at + width);
  }

  /** Makes room for some bytes; what does not fit any more falls off the end. */
  #open(at: number, bytes: number): void {
    const kept = Math.min(this.#length, this.#maxBytes - bytes);
    if (kept > at) this.#scratch.copyWithin(at + bytes, at, kept);
    this.#length = Math.max(at + bytes, kept + bytes);
  }
}
