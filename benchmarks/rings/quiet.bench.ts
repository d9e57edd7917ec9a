import type { AnyBench } from '../bench.ts';
import { benchOf, check } from '../bench.ts';
import { cpuMs } from '../timing.ts';
import { OtherProcess } from './other-process.ts';
import { closeAll, noneSent, pause, startRing, until } from './ring.ts';

/* What a ring costs when nothing happens, and how long it takes to know of a process that was killed. */

const SETTLE_MS = 5_000;
const IDLE_MS = 30_000;
const PATIENCE_MS = 120_000;

export const idle: AnyBench = benchOf({
  name: 'idle',
  subject: {},
  async play(_, { size }) {
    const sent = noneSent();
    const members = await startRing(size, { sent });
    await pause(SETTLE_MS);
    const before = { ...sent };
    const cpu = cpuMs();
    await pause(IDLE_MS);
    const per = (IDLE_MS / 1000) * size;
    const bytes = sent.packetBytes - before.packetBytes + sent.streamBytes - before.streamBytes;
    const figures = {
      'packets-per-s': (sent.packets - before.packets) / per,
      'bytes-per-s': bytes / per,
      'cpu-ms-per-s': (cpuMs() - cpu) / per,
    };
    check(figures['packets-per-s'] > 0, 'traffic');
    check(
      members.every(({ db }) => db.members().length === size),
      'members at the end',
    );
    await closeAll(members);
    return figures;
  },
});

export const killed: AnyBench = benchOf({
  name: 'killed',
  subject: {},
  async play(_, { size }) {
    const members = await startRing(size - 1);
    const others = { entries: 0, warmUp: 0, valueBytes: 0, wire: 'protobuf' } as const;
    const victim = await OtherProcess.start({ at: size, port: members[0]?.port ?? 0, ...others });
    const all = (count: number) => () => members.every(({ db }) => db.members().length === count);
    await until(all(size), 'the victim');
    await pause(3_000);
    victim.kill();
    const startedAt = performance.now();
    await until(all(size - 1), 'the news', PATIENCE_MS);
    const ms = performance.now() - startedAt;
    await closeAll(members);
    return { ms };
  },
});
