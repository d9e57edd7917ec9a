import { malformedError } from './bytes.ts';
import { LZW_CLEAR, LZW_END, LZW_FIRST_WIDTH, LZW_MAX_CODE } from './lzw-encoder.ts';

/*
 * Inflates what lzw-encoder.ts writes, and what other writers of the format do, in steps of any size: the
 * decoder stops when its input is used up or its output is full, and goes on where it stopped.
 *
 * For each code its prefix, last byte and length are kept, so that an expansion is written in place from its
 * end. Of what tables held before nothing is read: a code counts only once it was defined.
 */

const MAX_WIDTH = 12;

/** Why a step is over: no input is left, no room is left for the next expansion, or the end code was read. */
export type LzwStop = 'hungry' | 'full' | 'ended';

/** What is known of each code; may serve one decoder after the other. */
export interface LzwCodes {
  readonly prefixes: Uint16Array;
  readonly suffixes: Uint8Array;
  readonly lengths: Uint16Array;
}

/** Codes that stand for single bytes; the others are defined by the input. */
export function newLzwCodes(): LzwCodes {
  const codes: LzwCodes = {
    prefixes: new Uint16Array(LZW_MAX_CODE + 1),
    suffixes: new Uint8Array(LZW_MAX_CODE + 1),
    lengths: new Uint16Array(LZW_MAX_CODE + 1),
  };
  for (let literal = 0; literal < LZW_CLEAR; literal += 1) {
    codes.suffixes[literal] = literal;
    codes.lengths[literal] = 1;
  }
  return codes;
}

/** Inflates one code stream. */
export class LzwDecoder {
  readonly #codes: LzwCodes;
  #bits = 0;
  #bitCount = 0;
  #width = LZW_FIRST_WIDTH;
  #highest = LZW_END;
  #last = -1;
  /** A code that was read and for whose expansion there was no room; -1 when there is none. */
  #waiting = -1;
  #inAt = 0;
  #outAt = 0;
  #neededBytes = 0;

  /** @param codes - not used by another decoder until this one is done */
  constructor(codes: LzwCodes = newLzwCodes()) {
    this.#codes = codes;
  }

  /** Where the last step stopped reading. */
  get inAt(): number {
    return this.#inAt;
  }

  /** Where the last step stopped writing. */
  get outAt(): number {
    return this.#outAt;
  }

  /** After `full`: bytes that the next expansion needs. */
  get neededBytes(): number {
    return this.#neededBytes;
  }

  /**
   * One step.
   *
   * @param input - read from `inFrom`; what follows the end code is ignored
   * @param out - written from `outFrom`
   * @throws CodecError `ERR_CODEC_MALFORMED` for a code that is not defined yet
   */
  decode(input: Uint8Array, inFrom: number, out: Uint8Array, outFrom: number): LzwStop {
    const { prefixes, suffixes, lengths } = this.#codes;
    let bits = this.#bits;
    let bitCount = this.#bitCount;
    let width = this.#width;
    let limit = 1 << width;
    let highest = this.#highest;
    let last = this.#last;
    let code = this.#waiting;
    let inAt = inFrom;
    let outAt = outFrom;
    let stop: LzwStop | null = null;
    this.#waiting = -1;
    for (;;) {
      if (code < 0) {
        while (bitCount < width && inAt < input.length) {
          bits |= (input[inAt] as number) << bitCount;
          inAt += 1;
          bitCount += 8;
        }
        if (bitCount < width) {
          stop = 'hungry';
          break;
        }
        code = bits & ((1 << width) - 1);
        bits >>>= width;
        bitCount -= width;
      }
      if (code === LZW_CLEAR) {
        width = LZW_FIRST_WIDTH;
        limit = 1 << LZW_FIRST_WIDTH;
        highest = LZW_END;
        last = -1;
        code = -1;
        continue;
      }
      if (code === LZW_END) {
        stop = 'ended';
        break;
      }
      if (code > highest)
        throw malformedError('compressed bytes hold a code that is not defined yet');

      // A code that is just being defined repeats the last expansion and then its first byte.
      const repeats = code === highest && last >= 0;
      const source = repeats ? last : code;
      const length = (lengths[source] as number) + (repeats ? 1 : 0);
      if (outAt + length > out.length) {
        this.#waiting = code;
        this.#neededBytes = length;
        stop = 'full';
        break;
      }
      let at = outAt + length - 1;
      if (repeats) at -= 1;
      let step = source;
      while (step > LZW_END) {
        out[at] = suffixes[step] as number;
        at -= 1;
        step = prefixes[step] as number;
      }
      out[at] = step;
      if (repeats) out[outAt + length - 1] = step;
      outAt += length;

      if (last >= 0) {
        prefixes[highest] = last;
        suffixes[highest] = step;
        lengths[highest] = (lengths[last] as number) + 1;
      }
      last = code;
      code = -1;
      highest += 1;
      if (highest === limit) {
        if (width === MAX_WIDTH) {
          last = -1;
          highest -= 1;
        } else {
          width += 1;
          limit *= 2;
        }
      }
    }
    this.#bits = bits;
    this.#bitCount = bitCount;
    this.#width = width;
    this.#highest = highest;
    this.#last = last;
    this.#inAt = inAt;
    this.#outAt = outAt;
    return stop;
  }
}
