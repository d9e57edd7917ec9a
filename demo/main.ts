import { parseArgs } from 'node:util';

import { Orchestra } from './orchestra.ts';
import { tell } from './story.ts';
import { summarize } from './summary.ts';
import type { View } from './view.ts';
import { LiveView, plainView, silentView } from './view.ts';

/*
 * The demo: five processes, one encrypted cluster, and everything that happens to a cluster in a bad
 * week, in half a minute. Every claim is an expectation with a deadline; the first that does not hold
 * ends the demo with exit code 1. Whatever happens, no process is left behind.
 */

const HELP = `Usage: npm run demo [-- --json]

Starts five members as five processes on loopback, encrypted. They publish their endpoint records and
a real data set, rotate the key under writes, lose one member to SIGKILL, get it back, and let one leave.

  --json   print nothing but one line of JSON with the figures
  --help   print this

Exit code 0 when all expectations hold, 1 when one does not, 2 when the options are wrong.
`;

const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

async function run(o: { readonly json: boolean; readonly deadlineMs: number | undefined }) {
  const orchestra = new Orchestra();
  const view = viewFor(o.json, orchestra);
  process.on('exit', () => {
    orchestra.killAll();
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      orchestra.killAll();
      view.end();
      process.exit(SIGNAL_EXIT_CODES[signal]);
    });
  }
  const figures = await tell(orchestra, view, o.deadlineMs);
  orchestra.killAll();
  view.end();
  process.stdout.write(o.json ? `${JSON.stringify(figures)}\n` : summarize(figures));
  if (figures.failed === undefined) return;
  process.exitCode = 1;
  const { expectation, seen } = figures.failed;
  process.stderr.write(`expectation failed: ${expectation}: ${seen}\n`);
}

function viewFor(json: boolean, orchestra: Orchestra): View {
  if (json) return silentView();
  return process.stdout.isTTY
    ? new LiveView(orchestra, process.stdout)
    : plainView(orchestra, process.stdout);
}

/** Undefined when the options are wrong, which has been said then. */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        // For the test of failing; not in the help.
        'deadline-ms': { type: 'string' },
      },
    });
    const given = values['deadline-ms'];
    const deadlineMs = given === undefined ? undefined : Number(given);
    if (deadlineMs !== undefined && !(deadlineMs > 0)) throw new Error('--deadline-ms is no time');
    return { json: values.json, help: values.help, deadlineMs };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return undefined;
  }
}

const options = readOptions();
if (options === undefined) process.exitCode = 2;
else if (options.help) process.stdout.write(HELP);
else await run(options);
