/*
 * Text as a string with one character per UTF-8 byte, and back. JavaScript compares strings by
 * UTF-16 unit, which puts U+E000..U+FFFF behind the pairs of U+10000 and up; compared in this form
 * they have the order of their bytes, on which all nodes must agree. ASCII text is its own form.
 *
 * Lone surrogates do not come this far, since names are checked at the edge; were one to, it is
 * written in the same pattern as other characters of its size, so that both ways still agree.
 */

const ASCII = /^[\0-\x7f]*$/;

/** The UTF-8 bytes of `text`, one per character. */
export function utf8Bytes(text: string): string {
  if (ASCII.test(text)) return text;
  const units: string[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code < 0x80) units.push(character);
    else if (code < 0x800) units.push(String.fromCharCode(0xc0 | (code >> 6), tail(code)));
    else if (code < 0x10000) {
      units.push(String.fromCharCode(0xe0 | (code >> 12), tail(code >> 6), tail(code)));
    } else {
      const [first, second, third] = [0xf0 | (code >> 18), tail(code >> 12), tail(code >> 6)];
      units.push(String.fromCharCode(first, second, third, tail(code)));
    }
  }
  return units.join('');
}

/** The text whose UTF-8 bytes, one per character, are `bytes`; the inverse of {@link utf8Bytes}. */
export function utf8Text(bytes: string): string {
  if (ASCII.test(bytes)) return bytes;
  const units: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes.charCodeAt(at);
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    let code = length === 1 ? first : first & (0xff >> (length + 1));
    for (let i = 1; i < length; i += 1) code = (code << 6) | (bytes.charCodeAt(at + i) & 0x3f);
    units.push(String.fromCodePoint(code));
    at += length;
  }
  return units.join('');
}

function tail(code: number): number {
  return 0x80 | (code & 0x3f);
}
