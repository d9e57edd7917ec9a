import { createHash } from 'node:crypto';

import type { SeenEntry } from './messages.ts';

/*
 * How the demo compares tables: by a hash over what a reader of the table sees. It does not rest on the
 * order or on any hash of the library itself.
 */

/** Digest of a value: the beginning of SHA-256 over its JSON text. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}

/**
 * SHA-256 over the entries in the byte order of their keys: key, owner and value digest of each, every
 * part led by its length, so that no two tables read alike.
 *
 * @returns 64 hexadecimal digits
 */
export function tableHash(entries: Iterable<SeenEntry>): string {
  const rows = [...entries].map((entry) => ({ entry, bytes: Buffer.from(entry.key) }));
  rows.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const hash = createHash('sha256');
  for (const { entry } of rows) {
    const parts = [entry.key, entry.owner, entry.digest];
    hash.update(parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join(''));
  }
  return hash.digest('hex');
}
