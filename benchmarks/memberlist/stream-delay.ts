import type { MemberlistOptions, WireName } from '../../src/memberlist/public.ts';
import { Memberlist } from '../../src/memberlist/public.ts';

/*
 * How long a large message over a stream keeps the event loop from its next turn: two members of one
 * process on loopback, so that sealing and opening share the loop. A turn is timed from one immediate to the
 * next; the longest one is what a probe would have had to wait.
 *
 *   npm run --silent compile && node .test-dist/benchmarks/memberlist/stream-delay.js [MiB]
 */

const MIB = 1024 * 1024;
const RUNS = 3;

/** Text-like bytes: they become some two fifths of their size when compressed. */
function recordsOf(length: number): Uint8Array {
  let seed = 1;
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    bytes[i] = 97 + ((seed >>> 24) & 7);
  }
  return bytes;
}

class TurnTimer {
  readonly #turns: number[] = [];
  #handle: NodeJS.Immediate | null = null;
  #since = 0;

  start(): void {
    this.#since = performance.now();
    const turn = (): void => {
      const now = performance.now();
      this.#turns.push(now - this.#since);
      this.#since = now;
      this.#handle = setImmediate(turn);
    };
    this.#handle = setImmediate(turn);
  }

  /** The longest turn, and how many were longer than 5 ms. */
  stop(): { readonly longestMs: number; readonly above5Ms: number } {
    if (this.#handle !== null) clearImmediate(this.#handle);
    return {
      longestMs: Math.max(...this.#turns),
      above5Ms: this.#turns.filter((ms) => ms > 5).length,
    };
  }
}

async function measure(options: MemberlistOptions, message: Uint8Array): Promise<string> {
  const local = { bindAddress: '127.0.0.1', bindPort: 0, ...options };
  let heard: () => void = () => undefined;
  const onUserMessage = (): void => {
    heard();
  };
  const from = await Memberlist.create({ nodeName: 'from', ...local });
  const to = await Memberlist.create({ nodeName: 'to', ...local }, { user: { onUserMessage } });
  await from.join([{ host: '127.0.0.1', port: to.localMember.port }]);
  let longestMs = Infinity;
  let above5Ms = 0;
  let totalMs = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const arrived = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const timer = new TurnTimer();
    const start = performance.now();
    timer.start();
    await from.sendReliable('to', message);
    await arrived;
    totalMs = performance.now() - start;
    const result = timer.stop();
    if (result.longestMs < longestMs) ({ longestMs, above5Ms } = result);
  }
  await Promise.all([from.close(), to.close()]);
  const columns = [longestMs.toFixed(1).padStart(11), `${above5Ms}`.padStart(15)];
  return [...columns, totalMs.toFixed(0).padStart(9)].join(' ');
}

const sizeBytes = Number(process.argv[2] ?? 16) * MIB;
const message = recordsOf(sizeBytes);
console.log(`one user message of ${sizeBytes / MIB} MiB, best of ${RUNS} runs`);
console.log('wire        sealed  compressed  longest, ms  turns above 5 ms  all, ms');
for (const wire of ['memberlist', 'protobuf'] satisfies WireName[]) {
  for (const sealed of [false, true]) {
    for (const compression of [false, true]) {
      const keys = [new Uint8Array(32).fill(7)];
      const options = { wire, compression, ...(sealed ? { encryption: { keys } } : {}) };
      const columns = [wire.padEnd(11), String(sealed).padEnd(7), String(compression).padEnd(10)];
      console.log([...columns, await measure(options, message)].join(' '));
    }
  }
}
