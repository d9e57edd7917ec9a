/*
 * What a decoded value keeps alive, counted by a plain rule and not by the engine's accounts, so that a
 * bound means the same on every machine: bytes as they are, text two bytes a character, 16 bytes for each
 * object and array and 8 for each field.
 */

const OBJECT_BYTES = 16;
const FIELD_BYTES = 8;

/** Bytes that a value keeps, by the rule above; values that hold themselves are not for it. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length * 2;
  if (typeof value !== 'object' || value === null) return FIELD_BYTES;
  if (value instanceof Uint8Array) return OBJECT_BYTES + value.length;
  let size = OBJECT_BYTES;
  for (const item of Object.values(value)) size += FIELD_BYTES + sizeOf(item);
  return size;
}
