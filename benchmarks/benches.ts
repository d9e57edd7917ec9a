import type { AnyBench } from './bench.ts';
import { compound } from './codec/compound.bench.ts';
import { lzw } from './codec/lzw.bench.ts';
import { aesGcm, secretbox } from './codec/sealing.bench.ts';
import { swimMemberlist, swimProtobuf } from './codec/swim.bench.ts';
import { tableEvent } from './codec/table-event.bench.ts';
import { creates } from './networkdb/creates.bench.ts';
import { bulkEvents, gossipEvents } from './networkdb/events.bench.ts';
import { get } from './networkdb/get.bench.ts';
import { memory } from './networkdb/memory.bench.ts';
import { idle, killed } from './rings/quiet.bench.ts';
import { manyCreates, oneCreate } from './rings/spread.bench.ts';
import { largeValues, sync, syncCold, syncGoWire } from './rings/sync.bench.ts';
import { besideSwim, besideSwimFast } from './swim/beside-swim.bench.ts';

/** Bytes to messages and back. */
export const CODEC_BENCHES: readonly AnyBench[] = [
  swimMemberlist,
  swimProtobuf,
  compound,
  tableEvent,
  aesGcm,
  secretbox,
  lzw,
];

/** Tables of one process. */
export const TABLE_BENCHES: readonly AnyBench[] = [creates, gossipEvents, bulkEvents, get, memory];

/** Members that talk to each other. */
export const RING_BENCHES: readonly AnyBench[] = [
  sync,
  syncCold,
  syncGoWire,
  largeValues,
  oneCreate,
  manyCreates,
  killed,
  idle,
];

export const BENCHES: readonly AnyBench[] = [
  ...CODEC_BENCHES,
  ...TABLE_BENCHES,
  ...RING_BENCHES,
  besideSwim,
  besideSwimFast,
];
