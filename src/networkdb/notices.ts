import type { KeptBytes } from '../codec/index.ts';
import { bytesOf } from '../codec/index.ts';
import type { Address } from '../runtime/index.ts';
import { utf8 } from '../runtime/index.ts';
import type { ClusterChange, EntryChange } from './change.ts';
import { NODE_TABLE } from './change.ts';
import type { StoredEntry } from './entry.ts';

/*
 * Changes as they wait to be read: bytes are shared with the store until a reader takes a copy.
 */

/** A node came, went or moved. */
export interface NodeNotice {
  readonly kind: 'nodeJoin' | 'nodeUpdate' | 'nodeGone';
  readonly node: string;
  readonly address: Address;
  /** Where it was before a `nodeUpdate`. */
  readonly previousAddress: Address;
  readonly hasLeft: boolean;
}

/** A change of one entry, with values as the store has them. */
export type KeptChange = EntryChange<KeptBytes>;

/** What waits for a reader. */
export type Notice = KeptChange | NodeNotice | { readonly kind: 'resync' };

/** @param previous - what readers saw, undefined for nothing; `current` likewise */
export function changeBetween(
  previous: StoredEntry | undefined,
  current: StoredEntry | undefined,
): KeptChange | null {
  if (current === undefined) return previous === undefined ? null : deleteOf(previous);
  return previous === undefined
    ? createOf(current)
    : { ...createOf(current), kind: 'update', previous: previous.value };
}

/** The entry can be seen. */
export function createOf(entry: StoredEntry): KeptChange & { readonly kind: 'create' } {
  const { network, table, key, owner, time, value } = entry;
  return { kind: 'create', network, table, key, owner, time, value };
}

/** The entry can be seen no more. */
export function deleteOf(entry: StoredEntry): KeptChange {
  const { network, table, key, owner, value } = entry;
  return { kind: 'delete', network, table, key, owner, previous: value };
}

/** What the reader gets: frozen, and its bytes are the reader's own. */
export function toChange(notice: Notice): ClusterChange {
  switch (notice.kind) {
    case 'resync':
      return Object.freeze({ kind: 'resync' });
    case 'create':
      return Object.freeze({ ...notice, value: bytesOf(notice.value) });
    case 'update':
      return Object.freeze({
        ...notice,
        value: bytesOf(notice.value),
        previous: bytesOf(notice.previous),
      });
    case 'delete':
      return Object.freeze({ ...notice, previous: bytesOf(notice.previous) });
    case 'nodeJoin':
    case 'nodeUpdate':
    case 'nodeGone':
      return nodeChange(notice);
  }
}

function nodeChange(notice: NodeNotice): ClusterChange {
  const { node, address, previousAddress, hasLeft } = notice;
  const base = {
    network: '',
    table: NODE_TABLE,
    key: '',
    node,
    address: Object.freeze({ host: address.host, port: address.port }),
  } as const;
  const value = addressValue(address);
  switch (notice.kind) {
    case 'nodeJoin':
      return Object.freeze({ kind: 'nodeJoin', ...base, value });
    case 'nodeUpdate':
      return Object.freeze({
        kind: 'nodeUpdate',
        ...base,
        value,
        previous: addressValue(previousAddress),
      });
    case 'nodeGone':
      return Object.freeze({ kind: 'nodeGone', ...base, hasLeft, previous: value });
  }
}

/** @remarks networkdb: NodeAddr, whose JSON is the value of its node events. */
function addressValue({ host }: Address): Uint8Array {
  return utf8(JSON.stringify({ Addr: host }));
}
