export type { Capabilities } from './capabilities.ts';
export { decodeCapabilities, encodeCapabilities } from './capabilities.ts';
export type {
  Change,
  CreateChange,
  DeleteChange,
  EntryChange,
  Resync,
  UpdateChange,
} from './change.ts';
export type { TableCodec } from './codecs.ts';
export { bytes, json, utf8 } from './codecs.ts';
export type { WriteConflict } from './conflicts.ts';
export type { EnginePorts } from './engine-parts.ts';
export type { EngineHooks, EntryView, JoinNetworkOptions, TableWarning } from './engine.ts';
export { TableEngine } from './engine.ts';
export type { EntryAddress } from './entry.ts';
export type { ClusterNode, Membership, MembershipEvents } from './membership.ts';
export { MAX_NAME_BYTES } from './names.ts';
export type { NetworkOptions } from './network.ts';
export { Network } from './network.ts';
export type { NodeState } from './nodes.ts';
export type { OversizePolicy, TableLimits, TablesOptions } from './options.ts';
export { DEFAULT_TABLES_OPTIONS } from './options.ts';
export type { RadixReader, RadixSnapshot } from './radix.ts';
export { RadixTree } from './radix.ts';
export type { SliceCounts } from './slices.ts';
export type { NetworkStats, TableStats } from './stats.ts';
export { TableWatch } from './table-watch.ts';
export type { TableEntry, TableOptions, TableWatchOptions } from './table.ts';
export { Table } from './table.ts';
export type { WatchFilter, WatchOptions } from './watch.ts';
export { DEFAULT_HIGH_WATER, Watch } from './watch.ts';
export type { WritersPolicy } from './writer.ts';
export type { NetworkDBConfig, NetworkDBOptions, TableTimings } from './config.ts';
export { resolveNetworkDBConfig } from './config.ts';
export type { JoinNetworkWait, NetworkDBEventMap, NetworkDBStats } from './networkdb.ts';
export { NetworkDB } from './networkdb.ts';
