import type { MemberlistConfig, MemberlistLimits, MemberlistOptions } from '../memberlist/index.ts';
import { MEMBERLIST_OPTION_KEYS, readMemberlistOptions } from '../memberlist/index.ts';
import { Validator } from '../runtime/index.ts';
import type { OversizePolicy, TableLimits, TablesOptions } from './options.ts';
import { DEFAULT_TABLES_OPTIONS } from './options.ts';

/** Replication and retention of tables. */
export interface TableTimings {
  /**
   * Milliseconds between exchanges of whole networks with a random peer. `false` turns them off.
   *
   * @defaultValue as `pushPull.intervalMs` of the profile
   */
  readonly bulkSyncIntervalMs: number | false;
  /**
   * Milliseconds to wait for a peer's half of an exchange before the next peer is tried; for each further chunk of
   * it (256 KiB to 4 MiB) as long again.
   *
   * @defaultValue 30000
   */
  readonly bulkSyncTimeoutMs: number;
  /**
   * Milliseconds between two rounds of the reaper.
   *
   * @defaultValue 5000
   */
  readonly reapPeriodMs: number;
  /**
   * Milliseconds a deleted entry, or one of a failed member, is remembered; longer than any partition
   * after which deletes must still win.
   *
   * @defaultValue 1800000
   */
  readonly reapEntryMs: number;
  /**
   * What becomes of an event too large for a packet: `reliable` sends it over streams, `bulk-only`
   * leaves it to the bulk sync (as Go does), `reject` refuses the write.
   *
   * @defaultValue 'reliable'
   */
  readonly oversize: OversizePolicy;
}

/** Options of a {@link NetworkDB}: those of the membership, and the tables' own. */
export interface NetworkDBOptions extends Omit<MemberlistOptions, 'limits'> {
  readonly tables?: Partial<TableTimings>;
  readonly limits?: Partial<MemberlistLimits & TableLimits>;
}

/** Options with every default filled in; frozen. */
export interface NetworkDBConfig {
  readonly memberlist: MemberlistConfig;
  readonly tables: TablesOptions;
}

const OPTION_KEYS = [...MEMBERLIST_OPTION_KEYS, 'tables'];
const TABLE_KEYS = [
  'bulkSyncIntervalMs',
  'bulkSyncTimeoutMs',
  'reapPeriodMs',
  'reapEntryMs',
  'oversize',
] as const;

/**
 * Fills in defaults, checks everything and freezes the result.
 *
 * @throws ConfigError with `ERR_CONFIG_INVALID`, listing every problem at once
 */
export function resolveNetworkDBConfig(options: NetworkDBOptions): NetworkDBConfig {
  const validator = new Validator();
  if (!validator.knownKeys('', options, OPTION_KEYS)) {
    if (typeof options !== 'object' || (options as unknown) === null) validator.throwIfAny();
  }
  validator.knownKeys('tables', options.tables, TABLE_KEYS);
  const split = splitLimits(options.limits);
  const memberlist = readMemberlistOptions({ ...options, limits: split.memberlist }, validator);
  const tables = resolveTables(options, memberlist, split.tables);
  checkTables(tables, validator);
  const { intervalMs } = memberlist.gossip;
  validator.check(intervalMs !== false, 'gossip.intervalMs', intervalMs, 'on: tables need gossip');
  validator.throwIfAny();
  return Object.freeze({ memberlist, tables });
}

function resolveTables(
  options: NetworkDBOptions,
  memberlist: MemberlistConfig,
  limits: Partial<TableLimits>,
): TablesOptions {
  const { gossip, pushPull } = memberlist;
  return Object.freeze({
    ...DEFAULT_TABLES_OPTIONS,
    bulkSyncIntervalMs: pushPull.intervalMs,
    ...options.tables,
    gossipIntervalMs: gossip.intervalMs === false ? 1 : gossip.intervalMs,
    gossipNodes: gossip.nodes,
    retransmitMult: gossip.retransmitMult,
    maxBytesPerSecond: gossip.maxBytesPerSecond,
    allowSlash: memberlist.wire !== 'memberlist',
    limits: Object.freeze({ ...DEFAULT_TABLES_OPTIONS.limits, ...limits }),
  });
}

function checkTables(tables: TablesOptions, validator: Validator): void {
  validator.durationOrOff('tables.bulkSyncIntervalMs', tables.bulkSyncIntervalMs);
  validator.duration('tables.bulkSyncTimeoutMs', tables.bulkSyncTimeoutMs);
  validator.oneOf('tables.oversize', tables.oversize, ['reliable', 'bulk-only', 'reject']);
  const isReapPeriod = validator.duration('tables.reapPeriodMs', tables.reapPeriodMs);
  const isReapEntry = validator.duration('tables.reapEntryMs', tables.reapEntryMs);
  if (isReapPeriod && isReapEntry) {
    const holds = tables.reapEntryMs >= 2 * tables.reapPeriodMs;
    const rule = 'at least twice tables.reapPeriodMs';
    validator.check(holds, 'tables.reapEntryMs', tables.reapEntryMs, rule);
  }
  for (const [name, value] of Object.entries(tables.limits)) {
    validator.integer(`limits.${name}`, value, 1);
  }
}

/** Each layer gets the limits it knows; what neither knows stays with the membership, which objects. */
function splitLimits(limits: NetworkDBOptions['limits']): {
  readonly memberlist: Partial<MemberlistLimits>;
  readonly tables: Partial<TableLimits>;
} {
  const given: unknown = limits ?? {};
  if (typeof given !== 'object' || given === null) {
    return { memberlist: given as Partial<MemberlistLimits>, tables: {} };
  }
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const isTableLimit = ([name]: [string, unknown]): boolean =>
    name in DEFAULT_TABLES_OPTIONS.limits;
  return {
    memberlist: Object.fromEntries(entries.filter((entry) => !isTableLimit(entry))),
    tables: Object.fromEntries(entries.filter(isTableLimit)),
  };
}
