import type { Table } from '../../src/networkdb/index.ts';
import type { AnyBench } from '../bench.ts';
import { benchOf, check, checkSame } from '../bench.ts';
import { closeAll, startRing } from '../rings/ring.ts';
import { cpuMs } from '../timing.ts';
import { keyOf, valueOf } from '../workload.ts';

/** Entries of another network before those that are timed, for the compiler. */
const WARM_UP = 5_000;

/* So many creates in a row on a network with another member, until the last call has returned. */
export const creates: AnyBench = benchOf({
  name: 'creates',
  subject: {
    create: (table: Table<Uint8Array>, key: string, value: Uint8Array) => {
      table.create(key, value);
    },
  },
  async play({ create }, { size }) {
    const members = await startRing(2);
    const table = members[0]?.table;
    if (!table) throw new Error('a member of a ring has its table');
    const keys = Array.from({ length: size }, (_, at) => keyOf(at));
    const values = Array.from({ length: size }, (_, at) => valueOf(at));
    const other = await members[0]?.db.joinNetwork('another');
    const aside = other?.table('t') ?? table;
    for (let at = 0; at < Math.min(size, WARM_UP); at += 1) {
      create(aside, keys[at] as string, values[at] as Uint8Array);
    }
    const before = cpuMs();
    for (let at = 0; at < size; at += 1)
      create(table, keys[at] as string, values[at] as Uint8Array);
    const ms = cpuMs() - before;
    const found = { size: table.size, last: table.get(keyOf(size - 1)) };
    await closeAll(members);
    check(found.size === size, 'number of entries');
    checkSame(found.last, valueOf(size - 1), 'last value');
    return { ms };
  },
});
