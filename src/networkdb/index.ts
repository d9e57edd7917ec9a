export type { Capabilities } from './capabilities.ts';
export { decodeCapabilities, encodeCapabilities } from './capabilities.ts';
export type {
  Change,
  ClusterChange,
  CreateChange,
  DeleteChange,
  EntryChange,
  NodeChange,
  NodeGoneChange,
  NodeJoinChange,
  NodeUpdateChange,
  Resync,
  UpdateChange,
} from './change.ts';
export { NODE_TABLE } from './change.ts';
export type { ProtobufOptions, ProtobufType } from './codec-protobuf.ts';
export { protobuf } from './codec-protobuf.ts';
export type { Schema } from './codec-schema.ts';
export type { TableCodec } from './codecs.ts';
export { bytes, json, utf8 } from './codecs.ts';
export type { WriteConflict } from './conflicts.ts';
export type { EnginePorts } from './engine-parts.ts';
export type { EngineHooks, JoinNetworkOptions, TableWarning } from './engine.ts';
export { TableEngine } from './engine.ts';
export type { EntryAddress, OwnerGroup, StoredEntry } from './entry.ts';
export type { ClusterNode, Membership, MembershipEvents } from './membership.ts';
export { MAX_NAME_BYTES } from './names.ts';
export type { NetworkOptions } from './network.ts';
export { Network } from './network.ts';
export type { NodeState } from './nodes.ts';
export type { OversizePolicy, TableLimits, TablesOptions } from './options.ts';
export { DEFAULT_TABLES_OPTIONS } from './options.ts';
export type { RadixRange, RadixReader, RadixSnapshot } from './radix.ts';
export { RadixTree } from './radix.ts';
export type { SliceCounts } from './slices.ts';
export type { PeerSyncStats } from './peer-syncs.ts';
export type { NetworkStats, TableStats } from './stats.ts';
export type { StoreWatcher } from './store.ts';
export type { KeyRange, TableEntry, Unreadable } from './table-values.ts';
export { TableSnapshot } from './table-values.ts';
export type { EntryView } from './table-view.ts';
export type { BatchTableWatchOptions, TableOptions, TableWatchOptions } from './table.ts';
export { Table } from './table.ts';
export type {
  BatchFilteredWatchOptions,
  BatchNetworkWatchOptions,
  BatchOptions,
  BatchWatchOptions,
  FilteredWatchOptions,
  NetworkWatchOptions,
  WatchFilter,
  WatchOptions,
} from './watch-options.ts';
export { DEFAULT_WATCH_BUFFER } from './watch-options.ts';
export { Watch } from './watch.ts';
export type { WritersPolicy } from './writer.ts';
export type { NetworkDBConfig, NetworkDBOptions, TableTimings } from './config.ts';
export { resolveNetworkDBConfig } from './config.ts';
export type {
  JoinNetworkWait,
  NetworkDBEventMap,
  NetworkDBStats,
  NodeWatcher,
} from './networkdb.ts';
export { NetworkDB } from './networkdb.ts';
