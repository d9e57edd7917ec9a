import type { Failure, Findings } from './campaign.ts';
import type { Plan, Step } from './plan.ts';
import { FAULTS, planOf, reduced } from './plan.ts';

/** The line that runs a plan again, exactly; with a rule taken out when one was. */
export function replayLine(plan: Plan, broken: string | null = null): string {
  const { settings, steps } = plan;
  const whole = planOf(settings.seed);
  const off = FAULTS.filter(
    (fault) => whole.settings.faults.includes(fault) && !settings.faults.includes(fault),
  );
  const parts = [`npm run sim -- campaign --seed ${settings.seed} --seeds 1`];
  if (settings.nodes !== whole.settings.nodes) parts.push(`--nodes ${settings.nodes}`);
  if (off.length > 0) parts.push(`--off ${off.join(',')}`);
  if (steps.length < reduced(whole, { off }).steps.length) {
    parts.push(`--keep ${steps.length > 0 ? rangesText(steps.map(({ id }) => id)) : 'none'}`);
  }
  if (broken !== null) parts.push(`--break '${broken}'`);
  return parts.join(' ');
}

/** Numbers as `1-3,7`. */
export function rangesText(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** The numbers of `1-3,7`; null when it is none. */
export function rangesOf(text: string): ReadonlySet<number> | null {
  if (text === 'none') return new Set();
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim());
    if (match === null) return null;
    const from = Number(match[1]);
    const to = Number(match[2] ?? from);
    if (to < from) return null;
    for (let at = from; at <= to; at += 1) numbers.add(at);
  }
  return numbers;
}

/** A failure as a reader wants it: what is wrong, how it came to it, how to see it again. */
export function failureText(
  { seed, outcome, smaller }: Failure,
  broken: string | null = null,
): string {
  const plan = smaller?.plan ?? planOf(seed);
  const shown = smaller?.outcome ?? outcome;
  const { settings, steps } = plan;
  return [
    `seed ${seed}: ${shown.problem ?? 'not seen again'}`,
    `${settings.nodes} nodes, ${steps.length} of ${planOf(seed).steps.length} steps: ${JSON.stringify(settings)}`,
    ...steps.map(stepText),
    'what happened last:',
    shown.trace,
    `again: ${replayLine(plan, broken)}`,
  ].join('\n');
}

function stepText({ id, kind, node, other, key, ms }: Step): string {
  return `  ${String(id).padStart(3)} ${kind.padEnd(9)} node ${node} other ${other} key ${key} ${ms} ms`;
}

/** What a campaign found, in a few lines. */
export function findingsText(findings: Findings, elapsedMs: number): string {
  const { runs, failures, counts, longestCalmMs, largestCalmShare, virtualMs } = findings;
  const exercised = Object.entries(counts)
    .sort()
    .map(([what, count]) => `${what} ${count}`);
  const hours = (virtualMs / 3_600_000).toFixed(1);
  const share = (100 * largestCalmShare).toFixed(0);
  return [
    `${runs === 1 ? '1 run' : `${runs} runs`}, ${failures.length} failed; ${hours} virtual hours, ${(elapsedMs / runs).toFixed(0)} ms each`,
    `longest calm ${longestCalmMs.toFixed(0)} ms; at most ${share} % of the bound was needed`,
    exercised.join(', '),
  ].join('\n');
}
