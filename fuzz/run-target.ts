import { getHeapStatistics } from 'node:v8';

import { GossipError } from '../src/runtime/index.ts';
import { Mutator } from './mutate.ts';
import { sizeOf } from './sizes.ts';
import type { FuzzTarget } from './target.ts';
import { DEFAULT_BOUND, DEFAULT_MAX_INPUT_BYTES } from './target.ts';

/*
 * One target against many inputs. An input passes when the decoder
 *
 *  - returns, or throws an error of this package;
 *  - holds afterwards no more than the target's bound, measured by sizes.ts;
 *  - allocates no more than 64 times that bound and a MiB on the way, by the engine's accounts;
 *  - needs no more than 10 ms. An input slower than that, or than all before it, is replayed five times
 *    and the least counts, since on a shared machine a step may be slow for reasons of its own.
 *
 * At the end nothing may be left behind: once collected, the heap is as before, give or take 16 MiB.
 */

/** Milliseconds that one input may take. */
export const STEP_LIMIT_MS = 10;

const REPLAYS = 5;
/** Steps below this are not worth a replay. */
const FAST_ENOUGH_MS = 0.2;
const TRANSIENT_FACTOR = 64;
const TRANSIENT_BASE_BYTES = 1 << 20;
const RETAINED_LIMIT_BYTES = 16 << 20;
const FAILURES_KEPT = 5;

/** What went wrong, and how to see it again. */
export interface FuzzFailure {
  readonly why: 'untyped' | 'output' | 'allocation' | 'slow' | 'retained';
  /** Number of the input; null when no single input is to blame. */
  readonly index: number | null;
  readonly detail: string;
  /** The input, cut at 512 bytes. */
  readonly hex: string;
}

/** What became of the inputs of one target. */
export interface FuzzReport {
  readonly target: string;
  readonly inputs: number;
  readonly accepted: number;
  /** Refused inputs by error code. */
  readonly rejected: Readonly<Record<string, number>>;
  /** The slowest input, after replays. */
  readonly worstStepMs: number;
  /** Inputs over the limit that were fast in a replay. */
  readonly slowOnce: number;
  /** Most bytes held by one decoded value. */
  readonly maxOutputBytes: number;
  /** Most bytes allocated during one input, collected or not. */
  readonly maxStepGrowthBytes: number;
  /** Heap and array buffers after the run beyond those before it, both collected. */
  readonly retainedBytes: number;
  readonly elapsedMs: number;
  readonly failed: number;
  /** The first few. */
  readonly failures: readonly FuzzFailure[];
}

/** How a target is run. */
export interface RunOptions {
  readonly count: number;
  readonly seed: number;
  /** The first input's number. Default 0. */
  readonly from?: number;
  /** Clock in milliseconds. */
  readonly now: () => number;
  /** Collects garbage, where the engine lets us; without it nothing is said about what is retained. */
  readonly collect?: () => void;
  /** Hears now and then how many inputs are done. */
  readonly onProgress?: (done: number) => void;
}

/** Runs one target; its inputs are the same for the same seed, name and number. */
export async function runTarget(target: FuzzTarget, options: RunOptions): Promise<FuzzReport> {
  const { collect } = options;
  await target.prepare?.();
  const run = new Run(target, options);
  collect?.();
  const before = heapBytes();
  run.all();
  collect?.();
  const retainedBytes = collect === undefined ? 0 : Math.max(0, heapBytes() - before);
  await target.finish?.();
  return run.report(retainedBytes);
}

class Run {
  readonly #target: FuzzTarget;
  readonly #options: RunOptions;
  readonly #mutator: Mutator;
  readonly #startedAt: number;
  readonly #rejected = new Map<string, number>();
  readonly #failures: FuzzFailure[] = [];
  #accepted = 0;
  #failed = 0;
  #worstStepMs = 0;
  #slowOnce = 0;
  #maxOutputBytes = 0;
  #maxStepGrowthBytes = 0;

  constructor(target: FuzzTarget, options: RunOptions) {
    this.#target = target;
    this.#options = options;
    this.#startedAt = options.now();
    const { name, seeds, maxInputBytes = DEFAULT_MAX_INPUT_BYTES } = target;
    this.#mutator = new Mutator({ name, seeds, seed: options.seed, maxInputBytes });
  }

  all(): void {
    const { count, from = 0, onProgress } = this.#options;
    for (let index = from; index < from + count; index += 1) {
      this.#one(index, this.#mutator.input(index));
      if ((index & 0xf) === 0) this.#target.rest?.();
      if ((index & 0x3ff) === 0) onProgress?.(index - from);
    }
  }

  report(retainedBytes: number): FuzzReport {
    if (retainedBytes > RETAINED_LIMIT_BYTES && this.#target.prepare === undefined) {
      this.#fail('retained', null, `${retainedBytes} bytes are left behind`, new Uint8Array(0));
    }
    const rejected = [...this.#rejected].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      target: this.#target.name,
      inputs: this.#options.count,
      accepted: this.#accepted,
      rejected: Object.fromEntries(rejected),
      worstStepMs: this.#worstStepMs,
      slowOnce: this.#slowOnce,
      maxOutputBytes: this.#maxOutputBytes,
      maxStepGrowthBytes: this.#maxStepGrowthBytes,
      retainedBytes,
      elapsedMs: this.#options.now() - this.#startedAt,
      failed: this.#failed,
      failures: this.#failures,
    };
  }

  #one(index: number, bytes: Uint8Array): void {
    const { now } = this.#options;
    const heapBefore = heapBytes();
    const startedAt = now();
    let output: unknown;
    try {
      output = this.#target.run(bytes);
      this.#accepted += 1;
    } catch (error) {
      if (!(error instanceof GossipError)) return this.#fail('untyped', index, show(error), bytes);
      this.#rejected.set(error.code, (this.#rejected.get(error.code) ?? 0) + 1);
    }
    const stepMs = now() - startedAt;
    this.#judgeMemory(index, bytes, { output, growth: heapBytes() - heapBefore });
    this.#judgeTime(index, bytes, stepMs);
  }

  #judgeMemory(index: number, bytes: Uint8Array, is: { output: unknown; growth: number }): void {
    const { perByte, base } = this.#target.bound ?? DEFAULT_BOUND;
    const limit = perByte * bytes.length + base;
    const size = is.output === undefined ? 0 : sizeOf(is.output);
    this.#maxOutputBytes = Math.max(this.#maxOutputBytes, size);
    this.#maxStepGrowthBytes = Math.max(this.#maxStepGrowthBytes, is.growth);
    if (size > limit) {
      this.#fail('output', index, `${size} bytes of ${bytes.length}, at most ${limit}`, bytes);
    }
    const transient = limit * TRANSIENT_FACTOR + TRANSIENT_BASE_BYTES;
    if (is.growth > transient) {
      this.#fail('allocation', index, `${is.growth} bytes, at most ${transient}`, bytes);
    }
  }

  #judgeTime(index: number, bytes: Uint8Array, firstMs: number): void {
    let stepMs = firstMs;
    // Replaying changes what later inputs meet where they share state; there only the first counts.
    const isReplayable = this.#target.prepare === undefined;
    const isReplayed = isReplayable && stepMs > Math.max(this.#worstStepMs, FAST_ENOUGH_MS);
    for (let replay = 0; isReplayed && replay < REPLAYS; replay += 1) {
      const startedAt = this.#options.now();
      try {
        this.#target.run(bytes.slice());
      } catch {
        // Judged the first time.
      }
      stepMs = Math.min(stepMs, this.#options.now() - startedAt);
    }
    if (firstMs > STEP_LIMIT_MS && stepMs <= STEP_LIMIT_MS) this.#slowOnce += 1;
    this.#worstStepMs = Math.max(this.#worstStepMs, stepMs);
    if (stepMs <= STEP_LIMIT_MS || !isReplayable) return;
    this.#fail('slow', index, `${stepMs.toFixed(1)} ms, at most ${STEP_LIMIT_MS}`, bytes);
  }

  #fail(why: FuzzFailure['why'], index: number | null, detail: string, bytes: Uint8Array): void {
    this.#failed += 1;
    if (this.#failures.length >= FAILURES_KEPT) return;
    const hex = Buffer.from(bytes.subarray(0, 512)).toString('hex');
    this.#failures.push({ why, index, detail, hex });
  }
}

function heapBytes(): number {
  const statistics = getHeapStatistics();
  return statistics.used_heap_size + statistics.external_memory;
}

function show(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
