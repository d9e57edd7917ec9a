import type { EntryAddress, EntryVersion } from './entry.ts';
import type { Publisher } from './publisher.ts';
import type { TableState } from './transitions.ts';

/** Where a write of our own is kept and told. */
export interface OwnWriteParts {
  readonly state: TableState;
  readonly publisher: Publisher;
}

/**
 * Writes again, at a fresh time, what this node has written or should not have.
 *
 * @param content - whether the entry is deleted by it, and its value; a tombstone keeps the last one
 */
export function writeAnew(
  { state, publisher }: OwnWriteParts,
  address: EntryAddress,
  { isDeleted, value }: Pick<EntryVersion, 'isDeleted' | 'value'>,
): void {
  const time = state.tableClock.increment();
  const version: EntryVersion = { time, owner: state.localName, isDeleted, value };
  const expiresAt = isDeleted ? state.countdown.after(state.options.reapEntryMs) : 0;
  state.write(address, version, expiresAt, 'local');
  const kind = isDeleted ? 'delete' : 'update';
  publisher.write(address, publisher.encodeWrite(kind, address, version));
}
