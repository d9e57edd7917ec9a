import type { Entropy } from '../runtime/index.ts';

/**
 * A name for a node that was given none: twelve hex digits, not all of them decimal, as Docker names
 * its nodes.
 */
export function randomNodeName(entropy: Entropy): string {
  const bytes = new Uint8Array(NAME_BYTES);
  for (;;) {
    entropy.fill(bytes);
    const name = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    if (!/^\d+$/.test(name)) return name;
  }
}

const NAME_BYTES = 6;
