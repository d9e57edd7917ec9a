import type { Clock, Timer, Transport } from '../../src/runtime/index.ts';
import type { MemoryRuntime } from '../../src/simulator/index.ts';

/*
 * A process whose messages wait while its timers run, as the Lifeguard paper makes its members slow: every
 * routine that sends or receives is held at its next message, until the time is over.
 *
 * In Go each routine is held alone. The probe that is begun while its ping is held fails at the end, unanswered;
 * a suspicion that was begun before runs out all the same, for its timer is held by nobody. Here: timers that were
 * set before go off in time; what is set meanwhile goes off at the end at the earliest; sends leave at the end,
 * then come the late timers, then what arrived. A Node process cannot be slow like this, since its loop holds
 * messages and timers alike; the figures of the paper are about this.
 */

/** The ports of one process, and the way to hold them. */
export interface BlockedRuntime {
  /** For the `runtime` option of the member. */
  readonly ports: Pick<MemoryRuntime, 'clock' | 'random' | 'entropy' | 'resolver' | 'files'> & {
    readonly transport: Transport;
  };
  /** Holds messages for so many milliseconds. */
  block(durationMs: number): void;
}

/** Wraps the ports of a simulated process. */
export function blockedRuntime(runtime: MemoryRuntime): BlockedRuntime {
  const { clock, random, entropy, resolver, files, transport } = runtime;
  let until = -Infinity;
  const held: (() => void)[] = [];
  const heldClock: Clock = {
    now: () => clock.now(),
    schedule: (delayMs, run): Timer => clock.schedule(Math.max(delayMs, until - clock.now()), run),
    afterPendingInput: (run) => clock.afterPendingInput(run),
  };
  const heldTransport: Transport = {
    listen: (options, handlers, done) => transport.listen(options, handlers, done),
    sendPacket: (to, bytes, done) => {
      if (clock.now() < until) held.push(() => transport.sendPacket(to, bytes, done));
      else transport.sendPacket(to, bytes, done);
    },
    dial: (to, handlers) => transport.dial(to, handlers),
    interfaceAddresses: () => transport.interfaceAddresses(),
    counters: () => transport.counters(),
    close: (done) => transport.close(done),
  };
  return {
    ports: { clock: heldClock, random, entropy, resolver, files, transport: heldTransport },
    block: (durationMs) => {
      until = clock.now() + durationMs;
      clock.schedule(durationMs, () => {
        for (const send of held.splice(0)) send();
      });
      transport.pause(durationMs + INPUT_AFTER_MS);
    },
  };
}

/** Late timers run before what arrived is read. */
const INPUT_AFTER_MS = 0.01;
