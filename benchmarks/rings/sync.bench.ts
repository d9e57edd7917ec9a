import type { WireName } from '../../src/memberlist/public.ts';
import type { AnyBench, Extent, Figures } from '../bench.ts';
import { benchOf, check, checkSame } from '../bench.ts';
import { cpuMs } from '../timing.ts';
import { keyOf, VALUE_BYTES, valueOf, WARM_UP_NETWORK } from '../workload.ts';
import type { LoopDelay } from './loop-delay.ts';
import { watchLoop } from './loop-delay.ts';
import { OtherProcess } from './other-process.ts';
import { join, joinNetwork, noneSent, pause, startMember, until } from './ring.ts';

/*
 * A member joins the network of another process that holds so many entries: until it has them all. How late the loop of
 * either was meanwhile is told too.
 */

const SETTLE_MS = 1_000;
const WARM_UP = 5_000;
const MIB = 1024 * 1024;

interface Exchange {
  readonly wire: WireName;
  readonly valueBytes: number;
  /** Entries of another network, fetched before. */
  readonly warmUp: number;
}

async function play({ wire, valueBytes, warmUp }: Exchange, { size }: Extent): Promise<Figures> {
  const holder = { at: 2, wire, entries: size, warmUp, valueBytes, port: 0 };
  const other = await OtherProcess.start(holder);
  const sent = noneSent();
  const member = await startMember(1, { wire, sent });
  try {
    await join(member, other.port);
    if (warmUp > 0) {
      const before = await joinNetwork(member, WARM_UP_NETWORK);
      await until(() => before.size === warmUp, 'entries before');
    }
    await pause(SETTLE_MS);
    await other.ask({ do: 'watch' });
    const before = sent.packetBytes + sent.streamBytes;
    const endWatch = watchLoop();
    const cpu = cpuMs();
    const startedAt = performance.now();
    const table = await joinNetwork(member);
    await until(() => table.size === size, 'entries');
    const ms = performance.now() - startedAt;
    const used = cpuMs() - cpu;
    const delay = endWatch();
    const report = await other.ask({ do: 'report' });
    const ownBytes = sent.packetBytes + sent.streamBytes - before;
    for (const at of [0, size - 1]) {
      checkSame(table.get(keyOf(at)), valueOf(at, valueBytes), `entry ${at}`);
    }
    check(report.sentBytes !== undefined, 'what the other process sent');
    return {
      ms,
      'cpu-ms': used,
      bytes: ownBytes + (report.sentBytes ?? 0),
      ...delayFigures('joiner', delay),
      ...(report.delay && delayFigures('holder', report.delay)),
    };
  } finally {
    await member.db.close();
    other.kill();
  }
}

function delayFigures(who: string, delay: LoopDelay): Figures {
  const { p99, longest, ownP99, ownLongest, threadP99, threadLongest } = delay;
  return {
    [`${who}-delay-p99`]: p99,
    [`${who}-delay-longest`]: longest,
    [`${who}-own-delay-p99`]: ownP99,
    [`${who}-own-delay-longest`]: ownLongest,
    ...(threadP99 !== null && { [`${who}-thread-delay-p99`]: threadP99 }),
    ...(threadLongest !== null && { [`${who}-thread-delay-longest`]: threadLongest }),
  };
}

const warm = { valueBytes: VALUE_BYTES, warmUp: WARM_UP } as const;

export const sync: AnyBench = benchOf({
  name: 'sync',
  subject: {},
  play: (_, extent) => play({ wire: 'protobuf', ...warm }, extent),
});

/** The first exchange of both processes: the compiler's time counts. */
export const syncCold: AnyBench = benchOf({
  name: 'sync-cold',
  subject: {},
  play: (_, extent) => play({ wire: 'protobuf', ...warm, warmUp: 0 }, extent),
});

export const syncGoWire: AnyBench = benchOf({
  name: 'sync-go-wire',
  subject: {},
  play: (_, extent) => play({ wire: 'memberlist', ...warm }, extent),
});

export const largeValues: AnyBench = benchOf({
  name: 'large-values',
  subject: {},
  play: (_, extent) => play({ wire: 'protobuf', valueBytes: MIB, warmUp: 0 }, extent),
});
