/*
 * The order of text and bytes. All nodes must agree on it, and Go compares strings as UTF-8 bytes,
 * so we do too. JavaScript compares UTF-16 units, which differs exactly where surrogates meet
 * U+E000 to U+FFFF.
 */

/** Compares well-formed texts as their UTF-8 bytes would compare: negative, zero or positive. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return byCodePoint(left) - byCodePoint(right);
  }
  return a.length - b.length;
}

/** Compares bytes, the shorter first when one is the beginning of the other. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** The bytes in memory of their own. `slice` would not do: a `Buffer` shares its memory with its slices. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** The texts in the order of their UTF-8 bytes, as a new array. */
export function sortedTexts(texts: Iterable<string>): string[] {
  return [...texts].sort(compareText);
}

/** Moves surrogates above the rest of the plane, where their code points belong. */
function byCodePoint(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
