import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { FuzzReport } from './run-target.ts';
import { runTarget } from './run-target.ts';
import { Progress, reportLines, summaryLine } from './show.ts';
import type { FuzzTarget } from './target.ts';
import { allTargets } from './targets.ts';

/*
 * Changed encodings against every decoder that reads what a peer sent. An input that fails is named by
 * target, seed and number, and can be replayed alone.
 */

const HELP = `Usage: npm run fuzz -- [options]

  --count N      inputs for each target (default 100000)
  --seed N       other inputs (default 1); the same number gives the same inputs
  --target NAME  only targets whose name contains this; may be given more than once
  --at I         begin with input number I; with --count 1 a replay of one input
  --list         print the names of the targets
  --json         print one line of JSON instead of text
  --help         print this

Exit code 0 when every target passes, 1 when one does not, 2 when the options are wrong.
`;

interface Settings {
  readonly count: number;
  readonly seed: number;
  readonly from: number;
  readonly targets: readonly FuzzTarget[];
  readonly isJson: boolean;
  readonly isList: boolean;
}

/** Undefined when there is nothing to run, which has been said then. */
function readSettings(): Settings | undefined {
  try {
    const { values } = parseArgs({
      options: {
        count: { type: 'string', default: '100000' },
        seed: { type: 'string', default: '1' },
        at: { type: 'string', default: '0' },
        target: { type: 'string', multiple: true, default: [] },
        list: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return undefined;
    }
    const wanted = values.target;
    const targets = allTargets().filter(
      ({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)),
    );
    if (targets.length === 0) throw new Error(`no target is called ${wanted.join(' or ')}`);
    return {
      count: integerOf('--count', values.count, 1, 2 ** 21),
      seed: integerOf('--seed', values.seed, 0, 2 ** 20 - 1),
      from: integerOf('--at', values.at, 0, 2 ** 21 - 1),
      targets,
      isJson: values.json,
      isList: values.list,
    };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    process.exitCode = 2;
    return undefined;
  }
}

function integerOf(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${option} must be an integer of ${min} to ${max}`);
}

/** The engine's own collector, which it shows only when asked to. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

async function run(settings: Settings): Promise<void> {
  const { targets, count, seed, from, isJson } = settings;
  const progress = new Progress(process.stderr, targets.length * count);
  const reports: FuzzReport[] = [];
  const collect = garbageCollector();
  // Most of a refusal's price is its stack trace; the replay of a single input shows it.
  if (count > 1) Error.stackTraceLimit = 0;
  for (const [at, target] of targets.entries()) {
    const report = await runTarget(target, {
      ...{ count, seed, from, collect },
      now: () => performance.now(),
      onProgress: (done) => progress.show(target.name, at * count + done),
    });
    progress.clear();
    reports.push(report);
    if (!isJson) process.stdout.write(reportLines(report, seed));
  }
  const failed = reports.filter((report) => report.failed > 0).length;
  if (isJson) process.stdout.write(`${JSON.stringify({ seed, count, from, reports })}\n`);
  else process.stdout.write(summaryLine(reports.length - failed, failed));
  if (failed > 0) process.exitCode = 1;
}

const settings = readSettings();
if (settings?.isList === true) {
  for (const { name } of settings.targets) process.stdout.write(`${name}\n`);
} else if (settings !== undefined) await run(settings);
