import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type {
  EntropySource,
  MessageSource,
  PushPullNode,
  StreamOpener,
} from '../../src/codec/index.ts';
import { CodecError, CryptoError } from '../../src/runtime/errors.ts';

/** A vector as the recordings have it. */
export interface Vector {
  readonly name: string;
  readonly fields: Record<string, unknown>;
  readonly hex: string | null;
  readonly decodeOnly?: boolean;
}

/** Tests run from the root of the repository. */
export function readVectors(file: string): Vector[] {
  const text = readFileSync(join('test', 'interop', 'vectors', file), 'utf8');
  return (JSON.parse(text) as { vectors: Vector[] }).vectors;
}

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

export function toHexText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes that never repeat within a test, and are the same in every run. */
export function countingEntropy(seed = 1): EntropySource {
  let next = seed;
  return {
    fill(target) {
      for (let i = 0; i < target.length; i += 1) {
        next = (Math.imul(next, 1664525) + 1013904223) >>> 0;
        target[i] = next >>> 24;
      }
    },
  };
}

/** Incompressible bytes, the same for the same seed. */
export function noise(length: number, seed = 7): Uint8Array {
  const bytes = new Uint8Array(length);
  countingEntropy(seed).fill(bytes);
  return bytes;
}

export function keyOf(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

export const noSource: MessageSource = {
  sourceAddress: new Uint8Array(0),
  sourcePort: 0,
  sourceNode: '',
};

export const usualVersions: Uint8Array = Uint8Array.of(1, 5, 2, 0, 0, 0);

export function nodeOf(index: number, changes: Partial<PushPullNode> = {}): PushPullNode {
  return {
    name: `node-${index}`,
    address: Uint8Array.of(10, 0, (index >>> 8) & 255, index & 255),
    port: 7946,
    metadata: utf8(`meta ${index}`),
    incarnation: index,
    state: 'alive',
    versions: usualVersions,
    startId: noise(4, index + 1),
    ...changes,
  };
}

/** Runs `decode`, and passes whatever it throws unless that is not one of the codec's own errors. */
export function decodesOrRefuses(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (error instanceof CodecError || error instanceof CryptoError) return;
    throw error;
  }
}

export function joinBytes(parts: Iterable<Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat([...parts]));
}

/** What an opener makes of some bytes, in as many steps as it wants. */
export function* openAll(opener: StreamOpener, bytes: Uint8Array): Generator<Uint8Array> {
  yield* opener.push(bytes);
  while (opener.hasMore === true) yield* opener.push(new Uint8Array(0));
}
