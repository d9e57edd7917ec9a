import type { TableEngine } from '../../src/networkdb/index.ts';
import type { AnyBench } from '../bench.ts';
import { benchOf, checkSame } from '../bench.ts';
import { nanosPer } from '../timing.ts';
import { keyOf, NETWORK, TABLE, valueOf } from '../workload.ts';
import { pairOnNetwork } from './engine.ts';

/* One key looked up among so many. */
export const get: AnyBench = benchOf({
  name: 'get',
  subject: {
    get: (engine: TableEngine, key: string) =>
      engine.get({ network: NETWORK, table: TABLE, key })?.value,
  },
  play({ get: read }, { size, budgetMs }) {
    const { engine } = pairOnNetwork().node;
    for (let at = 0; at < size; at += 1) {
      engine.create({ network: NETWORK, table: TABLE, key: keyOf(at) }, valueOf(at));
    }
    checkSame(read(engine, keyOf(size - 1)), valueOf(size - 1), 'value');
    const keys = Array.from({ length: size }, (_, at) => keyOf((at * 7919) % size));
    let at = 0;
    const next = (): unknown => {
      at = at + 1 < size ? at + 1 : 0;
      return read(engine, keys[at] ?? '');
    };
    return { get: nanosPer(budgetMs, next) };
  },
});
