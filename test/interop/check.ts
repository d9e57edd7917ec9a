import { inspect, isDeepStrictEqual } from 'node:util';

import { readVectors } from '../support/vectors.ts';

/*
 * How recorded vectors are compared with our code: every vector becomes one outcome, and a check that
 * does not hold is noted instead of thrown, so that one run shows all of them.
 */

/** A vector as most recordings have it. */
export interface Vector {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly hex: string | null;
  readonly decodeOnly?: boolean;
  /** What versions other than the newest do. */
  readonly alternatives?: readonly { readonly hex?: string }[];
}

/** What became of one vector: no problem is equality in every direction that was tried. */
export interface Outcome {
  readonly name: string;
  readonly problems: readonly string[];
}

/** The checks of one vector. */
export class Comparison {
  readonly problems: string[] = [];

  /** What our code makes must be what was recorded. */
  equal(what: string, make: () => unknown, recorded: unknown): void {
    let made: unknown;
    try {
      made = make();
    } catch (error) {
      this.problems.push(`${what}: ${String(error)}`);
      return;
    }
    if (isDeepStrictEqual(made, recorded)) return;
    this.problems.push(`${what}: ${shown(made)} instead of ${shown(recorded)}`);
  }

  /** Our code must refuse it, with an error of its own kind. */
  refused(what: string, run: () => unknown): void {
    try {
      const made = run();
      this.problems.push(`${what}: ${shown(made)} instead of a refusal`);
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      if (/^(Codec|Crypto)Error$/.test(name)) return;
      this.problems.push(`${what}: refused with ${String(error)}`);
    }
  }
}

/** Runs the checks of one vector. */
export function compare(name: string, check: (comparison: Comparison) => void): Outcome {
  const comparison = new Comparison();
  try {
    check(comparison);
  } catch (error) {
    comparison.problems.push(`the check itself failed: ${String(error)}`);
  }
  return { name, problems: comparison.problems };
}

/** The vectors of a recording. */
export function vectorsOf(file: string): readonly Vector[] {
  return readVectors<{ vectors: readonly Vector[] }>(file).vectors;
}

/** `{ $hex }`, plain hexadecimal text or null as bytes; null stays null. */
export function bytesOrNull(value: unknown): Uint8Array | null {
  if (value === null || value === undefined) return null;
  const hex = typeof value === 'string' ? value : (value as { $hex: string }).$hex;
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

/** The same, with null as no bytes. */
export function bytesOf(value: unknown): Uint8Array {
  return bytesOrNull(value) ?? new Uint8Array(0);
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function shown(value: unknown): string {
  const text = inspect(value, { breakLength: Infinity, depth: 4 });
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
