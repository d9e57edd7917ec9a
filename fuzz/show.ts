import type { FuzzReport } from './run-target.ts';

const SHOW_EVERY_MS = 1000;

/** How far the run is and how long it will take, on a line of its own or, in a log, now and then. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #total: number;
  readonly #startedAt = performance.now();
  #shownAt = 0;
  #isShown = false;

  constructor(out: NodeJS.WriteStream, total: number) {
    this.#out = out;
    this.#total = total;
  }

  /** @param done - inputs done over all targets */
  show(target: string, done: number): void {
    const now = performance.now();
    if (now - this.#shownAt < SHOW_EVERY_MS * (this.#out.isTTY ? 1 : 15)) return;
    this.#shownAt = now;
    const share = done / this.#total;
    const left = share === 0 ? 0 : ((now - this.#startedAt) * (1 - share)) / share / 1000;
    const line = `${(share * 100).toFixed(0)} %, about ${left.toFixed(0)} s left: ${target}`;
    this.#out.write(this.#out.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
    this.#isShown = this.#out.isTTY;
  }

  /** Makes room for other output. */
  clear(): void {
    if (this.#isShown) this.#out.write('\r\x1b[K');
    this.#isShown = false;
  }
}

/** What became of one target, in lines. */
export function reportLines(report: FuzzReport, seed: number): string {
  const { target, inputs, accepted, rejected, worstStepMs, slowOnce } = report;
  const reasons = Object.entries(rejected).map(([code, count]) => `${code} ${count}`);
  const lines = [
    `${report.failed > 0 ? 'FAILED' : 'passed'}  ${target}`,
    `  ${inputs} inputs in ${(report.elapsedMs / 1000).toFixed(1)} s, ${accepted} accepted`,
    `  refused: ${reasons.length === 0 ? 'none' : reasons.join(', ')}`,
    `  worst step ${worstStepMs.toFixed(2)} ms (${slowOnce} were slow once), ` +
      `largest output ${kib(report.maxOutputBytes)}, ` +
      `peak growth of a step ${kib(report.maxStepGrowthBytes)}, left ${kib(report.retainedBytes)}`,
    ...report.failures.flatMap(({ why, index, detail, hex }) => [
      `  ${why}: ${detail}`,
      `    ${hex}`,
      index === null
        ? `    npm run fuzz -- --target '${target}' --seed ${seed} --count ${inputs}`
        : `    npm run fuzz -- --target '${target}' --seed ${seed} --at ${index} --count 1`,
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** The last line. */
export function summaryLine(passed: number, failed: number): string {
  return `${passed} passed, ${failed} failed\n`;
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
