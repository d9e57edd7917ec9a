import type { Clock, Timer } from '../clock.ts';
import { GossipError } from '../errors.ts';

/*
 * Node fires timers up to a millisecond early when measured against `performance.now()`, takes no
 * delay above 2^31 - 1 and turns such a delay into 1 ms. So every firing is checked against the due
 * time and armed again for what is left: never early, and any length works.
 */

const MAX_TIMEOUT_MS = 0x7fff_ffff;

/** A timer this late means that the loop was blocked, so more than one burst of input may wait. */
const STALL_MS = 100;
const PENDING_INPUT_TURNS = 2;
const PENDING_INPUT_TURNS_AFTER_STALL = 4;

/**
 * Real time: monotonic milliseconds and Node's timers. A pending timer keeps the process alive.
 *
 * @returns a clock; all clocks of a process share one origin
 */
export function nodeClock(): Clock {
  return new NodeClock();
}

class NodeClock implements Clock {
  #afterStall = false;

  now(): number {
    return performance.now();
  }

  schedule(delayMs: number, run: () => void): Timer {
    if (!Number.isFinite(delayMs)) {
      throw new GossipError('ERR_ARGUMENT_INVALID', `a delay must be finite, got ${delayMs}`);
    }
    const delay = Math.max(0, delayMs);
    const due = performance.now() + delay;
    let handle: NodeJS.Timeout;
    const arm = (ms: number): void => {
      handle = setTimeout(fire, Math.min(Math.ceil(ms), MAX_TIMEOUT_MS));
    };
    const fire = (): void => {
      const left = due - performance.now();
      if (left > 0) arm(left);
      else this.#run(-left, run);
    };
    arm(delay);
    return { cancel: () => clearTimeout(handle) };
  }

  afterPendingInput(run: () => void): Timer {
    // One turn may already be past its poll phase; the second has a whole one. A poll phase reads at
    // most 32 datagrams of a socket, so after a stall two more are waited for.
    let turns = this.#afterStall ? PENDING_INPUT_TURNS_AFTER_STALL : PENDING_INPUT_TURNS;
    let handle: NodeJS.Immediate;
    const turn = (): void => {
      turns -= 1;
      if (turns > 0) handle = setImmediate(turn);
      else run();
    };
    handle = setImmediate(turn);
    return { cancel: () => clearImmediate(handle) };
  }

  #run(lateMs: number, run: () => void): void {
    this.#afterStall = lateMs > STALL_MS;
    try {
      run();
    } finally {
      this.#afterStall = false;
    }
  }
}
