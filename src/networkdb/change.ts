import type { Address } from '../runtime/index.ts';
import type { EntryAddress } from './entry.ts';

/*
 * What a watch tells. Kinds follow what readers of this node see change, not what was sent: an update
 * that overtook its create is a create here.
 */

/** What a watch of entries tells, with values of type `T`. */
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

/** The table under which changes of nodes are told, as in Docker; it has neither network nor key. */
export const NODE_TABLE = 'NodeTable';

/** What changes of nodes have in common. */
export interface NodeChangeBase {
  readonly network: '';
  readonly table: typeof NODE_TABLE;
  readonly key: '';
  /** Name of the node. */
  readonly node: string;
  /** Where it is, or was when it went. */
  readonly address: Address;
}

/** A node takes part in the cluster: new, or back after a failure or a leave. */
export interface NodeJoinChange extends NodeChangeBase {
  readonly kind: 'nodeJoin';
  /** `{"Addr":"10.0.0.1"}` as UTF-8, as Docker has it. */
  readonly value: Uint8Array;
}

/** A node has another address. */
export interface NodeUpdateChange extends NodeChangeBase {
  readonly kind: 'nodeUpdate';
  readonly value: Uint8Array;
  readonly previous: Uint8Array;
}

/** A node takes part no more. */
export interface NodeGoneChange extends NodeChangeBase {
  readonly kind: 'nodeGone';
  /** True when it left on purpose, false when it failed. */
  readonly hasLeft: boolean;
  readonly previous: Uint8Array;
}

/** A change of who is in the cluster. */
export type NodeChange = NodeJoinChange | NodeUpdateChange | NodeGoneChange;

/** What a watch over the whole cluster tells: changes of entries, and of nodes. */
export type ClusterChange = Change | NodeChange;
