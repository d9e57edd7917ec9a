/**
 * A function of texts that remembers its newest results.
 *
 * Two generations stand in for an order of use: what was not asked for while half of `maxKept` others were is
 * forgotten. Texts longer than any that matter are not kept, so the memory is bounded whatever is asked.
 *
 * @param make - the function; its results must not be changed, as others get them too
 * @param maxKept - results kept at most
 */
export function remembered<V>(make: (text: string) => V, maxKept: number): (text: string) => V {
  let young = new Map<string, V>();
  let old = new Map<string, V>();
  return (text) => {
    const known = young.get(text);
    if (known !== undefined) return known;
    const older = old.get(text);
    const value = older === undefined ? make(text) : older;
    if (text.length > MAX_KEPT_CHARS) return value;
    young.set(text, value);
    if (young.size >= maxKept / 2) {
      old = young;
      young = new Map();
    }
    return value;
  };
}

const MAX_KEPT_CHARS = 64;
