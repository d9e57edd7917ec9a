import { StateError, utf8Length } from '../runtime/index.ts';

/*
 * Names of networks, tables and keys. They travel as UTF-8 and are matched whole, so any text will
 * do as long as it survives the trip: not empty, well-formed, bounded.
 */

/** What a name names; decides its bound. */
export type NameKind = 'network' | 'table' | 'key';

/** Most UTF-8 bytes of each kind of name. */
export const MAX_NAME_BYTES: Readonly<Record<NameKind, number>> = Object.freeze({
  network: 255,
  table: 255,
  key: 1024,
});

/** Far cheaper than the other one, which only names with characters beyond the first plane need. */
const ANY_SURROGATE = /[\ud800-\udfff]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether a name from the network can be used. */
export function isValidName(kind: NameKind, name: string): boolean {
  return problemOf(kind, name) === null;
}

/**
 * Refuses a name that the caller of the library gave.
 *
 * @param allowSlash - false beside Go nodes, which split paths at slashes
 * @throws StateError with `ERR_NAME_INVALID`
 */
export function checkName(kind: NameKind, name: string, allowSlash = true): void {
  const problem = typeof name === 'string' ? problemOf(kind, name, allowSlash) : 'must be text';
  if (problem === null) return;
  throw new StateError('ERR_NAME_INVALID', `the name of a ${kind} ${problem}`, {
    kind,
    name,
    limitBytes: MAX_NAME_BYTES[kind],
  });
}

function problemOf(kind: NameKind, name: string, allowSlash = true): string | null {
  if (name.length === 0) return 'must not be empty';
  const limitBytes = MAX_NAME_BYTES[kind];
  // A character takes three bytes at most, so that most names need not be counted.
  if (name.length * 3 > limitBytes && utf8Length(name) > limitBytes) {
    return `must have at most ${limitBytes} bytes`;
  }
  if (!allowSlash && name.includes('/')) return 'must hold no slash beside Go nodes';
  if (ANY_SURROGATE.test(name) && LONE_SURROGATE.test(name)) {
    return 'must be well-formed text, without lone surrogates';
  }
  return null;
}
