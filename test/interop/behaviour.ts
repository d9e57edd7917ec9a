import { createHash } from 'node:crypto';

import { compressLzw, decompressLzw } from '../../src/codec/index.ts';
import { Awareness } from '../../src/memberlist/awareness.ts';
import { BroadcastQueue, retransmitLimit } from '../../src/memberlist/broadcast-queue.ts';
import {
  pushPullScaleMs,
  suspicionMinMs,
  suspicionTotalMs,
} from '../../src/memberlist/formulas.ts';
import { readVectors } from '../support/vectors.ts';
import type { Comparison, Outcome, Vector } from './check.ts';
import { bytesOf, compare, hexOf, vectorsOf } from './check.ts';
import { envelopeSizeHolds } from './memberlist-framing.ts';

/*
 * What Go computes rather than sends: formulas over grids of inputs, the broadcast queue step by step, and
 * the code streams of LZW.
 */

type Rows = readonly Readonly<Record<string, number>>[];

interface Formulas {
  readonly retransmitLimit: Rows;
  readonly suspicionTimeout: Rows;
  readonly pushPullScale: Rows;
  readonly remainingSuspicionTime: Rows;
  readonly encryptedLength: Rows;
  readonly awareness: readonly {
    readonly max: number;
    readonly steps: readonly { delta: number; score: number; scaledNsOf1s: number }[];
  }[];
}

const NS_PER_MS = 1e6;

/** Formulas, row by row. */
export function checkFormulas(): Outcome[] {
  const recorded = readVectors<Formulas>('memberlist-formulas.json');
  return [
    ...rows('retransmitLimit', recorded.retransmitLimit, (row, comparison) => {
      comparison.equal(
        'limit',
        () => retransmitLimit(of(row, 'mult'), of(row, 'n')),
        row['result'],
      );
    }),
    ...rows('suspicionTimeout', recorded.suspicionTimeout, (row, comparison) => {
      const probeIntervalMs = of(row, 'intervalNs') / NS_PER_MS;
      const options = { mult: of(row, 'mult'), memberCount: of(row, 'n'), probeIntervalMs };
      comparison.equal('ns', () => suspicionMinMs(options) * NS_PER_MS, row['resultNs']);
    }),
    ...rows('pushPullScale', recorded.pushPullScale, (row, comparison) => {
      const intervalMs = of(row, 'intervalNs') / NS_PER_MS;
      const scale = (): number => pushPullScaleMs(intervalMs, of(row, 'n')) * NS_PER_MS;
      comparison.equal('ns', scale, row['resultNs']);
    }),
    ...rows('remainingSuspicionTime', recorded.remainingSuspicionTime, compareRemaining),
    ...rows('encryptedLength', recorded.encryptedLength, (row, comparison) => {
      comparison.equal('bytes', () => envelopeSizeHolds(row as never), true);
    }),
    ...recorded.awareness.map(({ max, steps }, at) =>
      compare(`awareness/${at}-max-${max}`, (comparison) => {
        const awareness = new Awareness(max);
        for (const { delta, score, scaledNsOf1s } of steps) {
          awareness.apply(delta);
          comparison.equal('score', () => awareness.score, score);
          comparison.equal('scaled', () => awareness.scale(1000) * NS_PER_MS, scaledNsOf1s);
        }
      }),
    ),
  ];
}

function compareRemaining(row: Rows[number], comparison: Comparison): void {
  const total = (): number =>
    suspicionTotalMs({
      confirmations: of(row, 'confirmations'),
      expected: of(row, 'k'),
      minMs: of(row, 'minNs') / NS_PER_MS,
      maxMs: of(row, 'maxNs') / NS_PER_MS,
    });
  comparison.equal('ns', () => total() * NS_PER_MS - of(row, 'elapsedNs'), row['resultNs']);
}

function rows(
  formula: string,
  recorded: Rows,
  check: (row: Rows[number], comparison: Comparison) => void,
): Outcome[] {
  return recorded.map((row) => {
    const inputs = Object.entries(row).filter(([key]) => !key.startsWith('result'));
    const name = inputs.map(([key, value]) => `${key}=${value}`).join(' ');
    return compare(`${formula}/${name}`, (comparison) => {
      check(row, comparison);
    });
  });
}

function of(row: Rows[number], key: string): number {
  return row[key] as number;
}

interface Step {
  readonly op: 'queue' | 'get' | 'prune' | 'reset';
  readonly name?: string;
  readonly message?: string;
  readonly overhead?: number;
  readonly limit?: number;
  readonly maxRetain?: number;
  readonly result?: readonly string[];
  readonly finished: readonly string[];
  readonly numQueued: number;
}

interface Scenario {
  readonly name: string;
  readonly numNodes: number;
  readonly retransmitMult: number;
  readonly retransmitLimit: number;
  readonly steps: readonly Step[];
}

/** The transmit-limited queue, scenario by scenario. */
export function checkQueue(): Outcome[] {
  const { scenarios } = readVectors<{ scenarios: readonly Scenario[] }>('memberlist-queue.json');
  return scenarios.map((scenario) =>
    compare(scenario.name, (comparison) => {
      const { numNodes, retransmitMult } = scenario;
      const limit = (): number => retransmitLimit(retransmitMult, numNodes);
      comparison.equal('limit', limit, scenario.retransmitLimit);
      replay(scenario, comparison);
    }),
  );
}

function replay({ numNodes, retransmitMult, steps }: Scenario, comparison: Comparison): void {
  const queue = new BroadcastQueue({ nodeCount: () => numNodes, retransmitMult });
  const finished: string[] = [];
  for (const [at, step] of steps.entries()) {
    if (step.op === 'queue') {
      const text = step.message ?? '';
      const key = step.name === undefined || step.name === '' ? null : step.name;
      const message = new TextEncoder().encode(text);
      queue.queue({ message, key, finished: () => finished.push(text) });
    } else if (step.op === 'get') {
      const got = queue.getBroadcasts(step.overhead ?? 0, step.limit ?? 0);
      const texts = got.map((bytes) => new TextDecoder().decode(bytes));
      comparison.equal(`step ${at}, handed out`, () => texts, step.result);
    } else if (step.op === 'prune') queue.prune(step.maxRetain ?? 0);
    else queue.clear();
    comparison.equal(`step ${at}, finished`, () => finished.splice(0), step.finished);
    comparison.equal(`step ${at}, left`, () => queue.length, step.numQueued);
  }
}

/** LZW code streams. */
export function checkLzw(): Outcome[] {
  return vectorsOf('lzw.json').map((vector) =>
    compare(vector.name, (comparison) => {
      const input = inputOf(vector);
      comparison.equal('input', () => sha256(input), vector.fields['inputSha256']);
      const output = compressLzw(input) ?? new Uint8Array(0);
      comparison.equal('length', () => output.length, vector.fields['outputLength']);
      comparison.equal('written', () => sha256(output), vector.fields['outputSha256']);
      if (vector.hex !== null) comparison.equal('bytes', () => hexOf(output), vector.hex);
      comparison.equal('read', () => decompressLzw(output, input.length), input);
    }),
  );
}

function inputOf({ name, fields }: Vector): Uint8Array {
  if (typeof fields['input'] === 'string') return bytesOf(fields['input']);
  const generator = fields['generator'] as string;
  const lcg = /lcg\((\d+),(\d+)\)/.exec(generator);
  if (lcg !== null) return lcgBytes(Number(lcg[1]), Number(lcg[2]));
  const zeros = /zeros\((\d+)\)/.exec(generator);
  if (zeros !== null) return new Uint8Array(Number(zeros[1]));
  const repeat = /repeat\('(.*)',(\d+)\)/.exec(generator);
  if (repeat === null) throw new Error(`${name}: no such generator: ${generator}`);
  const [, text = '', size] = repeat;
  const copies = Math.ceil(Number(size) / text.length);
  return new TextEncoder().encode(text.repeat(copies).slice(0, Number(size)));
}

function lcgBytes(seed: number, length: number): Uint8Array {
  let next = seed;
  return new Uint8Array(length).map(() => {
    next = (Math.imul(next, 1664525) + 1013904223) >>> 0;
    return next >>> 24;
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
