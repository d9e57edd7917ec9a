/*
 * What is reported: one row for each figure that somebody asks for, with the target of ours over Go's.
 */

/** One row of the report. */
export interface Row {
  readonly name: string;
  /** Which benchmark, at which size, and which of its figures. */
  readonly bench: string;
  readonly size: number;
  readonly figure: string;
  readonly unit: Unit;
  /** Most that ours may be of Go's; null where both are only stated. */
  readonly target: number | null;
  /** Most that ours may be, where there is no peer to compare with. */
  readonly limit?: number;
  /** How often each side plays it when nobody says: more where it is short. */
  readonly runs: number;
}

/** What figures are in. */
export type Unit =
  'ns' | 'ms' | 'ms cpu' | 'ms cpu/s' | 'bytes' | 'bytes/s' | '1/s' | 'members' | 'times';

type Figure = readonly [name: string, figure: string, target: number | null, unit?: Unit];

function rowsOf(
  about: Pick<Row, 'bench' | 'size' | 'runs' | 'unit'>,
  figures: readonly Figure[],
): Row[] {
  return figures.map(([name, figure, target, unit = about.unit]) => {
    return { ...about, name, figure, target, unit };
  });
}

const swim = (wire: string, bench: string): Row[] =>
  rowsOf({ bench, size: 0, runs: 5, unit: 'ns' }, [
    [`encode alive, ${wire} wire`, 'alive-encode', 0.5],
    [`decode alive, ${wire} wire`, 'alive-decode', 0.5],
    [`encode suspect, ${wire} wire`, 'suspect-encode', 0.5],
    [`decode suspect, ${wire} wire`, 'suspect-decode', 0.5],
    [`encode ping, ${wire} wire`, 'ping-encode', 0.5],
    [`decode ping, ${wire} wire`, 'ping-decode', 0.5],
  ]);

const codec: readonly Row[] = [
  ...swim('memberlist', 'swim-memberlist'),
  ...swim('protobuf', 'swim-protobuf'),
  ...rowsOf({ bench: 'swim-protobuf', size: 0, runs: 5, unit: 'bytes' }, [
    ['bytes of an alive with 32 bytes of metadata, protobuf wire', 'alive-bytes', 0.7],
    ['bytes of an alive without metadata, protobuf wire', 'bare-alive-bytes', 0.55],
  ]),
  ...rowsOf({ bench: 'compound', size: 12, runs: 5, unit: 'ns' }, [
    ['split a compound of 12 alives and decode them', 'split-decode', 0.5],
  ]),
  ...rowsOf({ bench: 'compound', size: 120, runs: 3, unit: 'ns' }, [
    ['split a compound of 120 alives and decode them', 'split-decode', null],
  ]),
  ...rowsOf({ bench: 'table-event', size: 0, runs: 5, unit: 'ns' }, [
    ['encode TableEvent with header', 'encode', 4],
    ['decode TableEvent with header', 'decode', 2],
  ]),
  ...rowsOf({ bench: 'aes-gcm', size: 1400, runs: 5, unit: 'ns' }, [
    ['seal 1400 bytes, AES-256-GCM', 'seal', 3],
    ['open 1400 bytes, AES-256-GCM', 'open', 4],
  ]),
  ...rowsOf({ bench: 'secretbox', size: 1400, runs: 5, unit: 'ns' }, [
    ["seal 1400 bytes, secretbox beside Go's AES", 'seal', null],
    ["open 1400 bytes, secretbox beside Go's AES", 'open', null],
  ]),
  ...rowsOf({ bench: 'lzw', size: 12, runs: 5, unit: 'ns' }, [
    ['LZW of a compound of 1358 bytes, compress', 'compress', 0.7],
    ['LZW of a compound of 1358 bytes, expand', 'expand', 0.7],
  ]),
];

const sizes = (bench: string, runs: number, rows: readonly (readonly [number, Figure])[]): Row[] =>
  rows.flatMap(([size, figure]) => rowsOf({ bench, size, runs, unit: 'ms cpu' }, [figure]));

const tables: readonly Row[] = [
  ...sizes('creates', 5, [
    [1_000, ['1,000 creates in a row', 'ms', null]],
    [10_000, ['10,000 creates in a row', 'ms', 0.1]],
  ]),
  ...sizes('creates', 1, [[30_000, ['30,000 creates in a row', 'ms', null]]]),
  ...sizes('gossip-events', 5, [
    [1_000, ['1,000 events by gossip, queued again', 'ms', null]],
    [10_000, ['10,000 events by gossip, queued again', 'ms', 0.15]],
  ]),
  ...sizes('bulk-events', 5, [
    [10_000, ['10,000 events by bulk sync', 'ms', null]],
    [100_000, ['100,000 events by bulk sync', 'ms', 1]],
  ]),
  ...rowsOf({ bench: 'get', size: 10_000, runs: 5, unit: 'ns' }, [
    ['get, one of 10,000', 'get', null],
  ]),
  ...rowsOf({ bench: 'get', size: 100_000, runs: 3, unit: 'ns' }, [
    ['get, one of 100,000', 'get', null],
  ]),
  ...rowsOf({ bench: 'memory', size: 10_000, runs: 3, unit: 'bytes' }, [
    ['memory of an entry at 10,000', 'bytes-per-entry', null],
  ]),
  ...rowsOf({ bench: 'memory', size: 100_000, runs: 3, unit: 'bytes' }, [
    ['memory of an entry at 100,000', 'bytes-per-entry', 0.8],
  ]),
];

const loopRows = (entries: string, size: number): Row[] =>
  (
    [
      ['p99 of loop delay, joiner', 'joiner-delay-p99', 5],
      ['longest loop delay, joiner', 'joiner-delay-longest', undefined],
      ['p99 of loop delay by own work, joiner', 'joiner-own-delay-p99', 5],
      ['longest loop delay by own work, joiner', 'joiner-own-delay-longest', undefined],
      ["p99 of loop delay by the loop's thread, joiner", 'joiner-thread-delay-p99', undefined],
      ["longest loop delay by the loop's thread, joiner", 'joiner-thread-delay-longest', undefined],
      ['p99 of loop delay, holder', 'holder-delay-p99', 5],
      ['longest loop delay, holder', 'holder-delay-longest', undefined],
      ['p99 of loop delay by own work, holder', 'holder-own-delay-p99', 5],
      ['longest loop delay by own work, holder', 'holder-own-delay-longest', undefined],
      ["p99 of loop delay by the loop's thread, holder", 'holder-thread-delay-p99', undefined],
      ["longest loop delay by the loop's thread, holder", 'holder-thread-delay-longest', undefined],
    ] as const
  ).map(([what, figure, limit]) => ({
    name: `${what}, sync of ${entries}`,
    bench: 'sync',
    size,
    figure,
    unit: 'ms',
    target: null,
    ...(limit !== undefined && { limit }),
    runs: 3,
  }));

const syncRows = (entries: string, size: number): Row[] => [
  ...rowsOf({ bench: 'sync', size, runs: 3, unit: 'ms' }, [
    [`bulk sync of ${entries} between processes, until all are there`, 'ms', 1],
    [`bulk sync of ${entries}, processor time of the joiner`, 'cpu-ms', null, 'ms cpu'],
    [`bulk sync of ${entries}, bytes sent by both`, 'bytes', 1.1, 'bytes'],
  ]),
  ...rowsOf({ bench: 'sync-go-wire', size, runs: 3, unit: 'ms' }, [
    [`bulk sync of ${entries}, memberlist wire, until all are there`, 'ms', null],
    [`bulk sync of ${entries}, memberlist wire, bytes sent by both`, 'bytes', null, 'bytes'],
  ]),
];

const coldRow = (entries: string, size: number): Row[] =>
  rowsOf({ bench: 'sync-cold', size, runs: 3, unit: 'ms' }, [
    [`bulk sync of ${entries}, the first of both processes`, 'ms', null],
  ]);

const ringRows = (size: number): Row[] => [
  ...rowsOf({ bench: 'one-create', size, runs: 3, unit: 'ms' }, [
    [`one create until all of ${size}, median of 10`, 'ms', 0.5],
    [`one create until all of ${size}, longest of 10`, 'most-ms', null],
  ]),
  ...rowsOf({ bench: 'many-creates', size, runs: 2, unit: 'ms' }, [
    [`1,000 creates until all of ${size}`, 'ms', 0.05],
    [`1,000 creates until all of ${size}, processor time`, 'cpu-ms', null, 'ms cpu'],
  ]),
  ...rowsOf({ bench: 'killed', size, runs: 3, unit: 'ms' }, [
    [`killed process known to all of ${size}`, 'ms', null],
  ]),
  ...rowsOf({ bench: 'idle', size, runs: 3, unit: 'ms cpu/s' }, [
    [`idle member of ${size}, processor time`, 'cpu-ms-per-s', size === 20 ? 2.5 : null],
    [`idle member of ${size}, bytes sent`, 'bytes-per-s', size === 20 ? 1 : null, 'bytes/s'],
    [`idle member of ${size}, packets sent`, 'packets-per-s', null, '1/s'],
  ]),
];

const rings: readonly Row[] = [
  ...syncRows('10,000', 10_000),
  ...coldRow('10,000', 10_000),
  ...syncRows('100,000', 100_000),
  ...loopRows('100,000', 100_000),
  ...rowsOf({ bench: 'large-values', size: 24, runs: 1, unit: 'ms' }, [
    ['24 MB in 24 entries', 'ms', null],
    ['24 MB in 24 entries, bytes sent by both', 'bytes', null, 'bytes'],
  ]),
  ...ringRows(5),
  ...ringRows(20),
  ...rowsOf({ bench: 'one-create', size: 50, runs: 1, unit: 'ms' }, [
    ['one create until all of 50, median of 10', 'ms', null],
  ]),
  ...rowsOf({ bench: 'many-creates', size: 50, runs: 1, unit: 'ms' }, [
    ['1,000 creates until all of 50', 'ms', null],
    ['1,000 creates until all of 50, processor time', 'cpu-ms', null, 'ms cpu'],
  ]),
  ...rowsOf({ bench: 'killed', size: 50, runs: 1, unit: 'ms' }, [
    ['killed process known to all of 50', 'ms', null],
  ]),
  ...rowsOf({ bench: 'idle', size: 50, runs: 1, unit: 'ms cpu/s' }, [
    ['idle member of 50, processor time', 'cpu-ms-per-s', null],
    ['idle member of 50, bytes sent', 'bytes-per-s', null, 'bytes/s'],
  ]),
];

/** All rows, in the order in which they are played. */
export const ROWS: readonly Row[] = [...codec, ...tables, ...rings];
