import type { EntryAddress } from './entry.ts';

/** What a watch tells, with values of type `T`. Kinds follow what readers of this node see change. */
export type Change<T = Uint8Array> = CreateChange<T> | UpdateChange<T> | DeleteChange<T> | Resync;

/** An entry can be seen now and could not before. */
export interface CreateChange<T = Uint8Array> extends EntryAddress {
  readonly kind: 'create';
  readonly owner: string;
  readonly time: number;
  readonly value: T;
}

/** The entry of a key was replaced; the owner may be another than before. */
export interface UpdateChange<T = Uint8Array> extends EntryAddress {
  readonly kind: 'update';
  readonly owner: string;
  readonly time: number;
  readonly value: T;
  readonly previous: T;
}

/** An entry can be seen no more: deleted, or its owner left or failed. */
export interface DeleteChange<T = Uint8Array> extends EntryAddress {
  readonly kind: 'delete';
  /** Who owned what was seen last. */
  readonly owner: string;
  readonly previous: T;
}

/** Changes were lost: forget what was told; what is there now follows as creates. */
export interface Resync {
  readonly kind: 'resync';
}

/** A change of one entry. */
export type EntryChange<T = Uint8Array> = CreateChange<T> | UpdateChange<T> | DeleteChange<T>;
