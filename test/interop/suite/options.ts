import { availableParallelism } from 'node:os';

/** What can be asked for. */
export const HELP = `npm run test:interop -- [options]

  --quick           each scenario once, with builds, modes and roles in turn
  --only WORDS      only rows whose title has all of the words, as they are spelt; may be given more than once
  --skip WORDS      no rows whose title has one of the words
  --list            prints the rows and ends
  --jobs N          rows played side by side, 1 or more; default: two per core, 2 to 8. 1 has the best timings
  --retries N       plays a row that failed again, up to N times, and says so; default 0
  --minutes N       begins no row later than that after the start; default: no limit
  --where-possible  a row that lacks something on this machine is NOT RUN instead of failed
  --no-install      gets nothing with apt-get; else what is missing is got so, as root
  --verbose         what was seen, also of what passed
  --help            prints this

Exit codes: 0 all passed, 1 some failed or the options are wrong, 2 nothing was played.`;

/** The command line asks for something that there is not. */
export class NotUnderstood extends Error {}

/** What the command line asks for. */
export interface Options {
  readonly isQuick: boolean;
  readonly isList: boolean;
  readonly isLenient: boolean;
  readonly isInstalling: boolean;
  readonly isVerbose: boolean;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly jobs: number;
  readonly retries: number;
  readonly limitMs: number;
}

const FLAGS: readonly string[] = [
  '--quick',
  '--list',
  '--where-possible',
  '--no-install',
  '--verbose',
];

/**
 * Reads the command line.
 *
 * @throws NotUnderstood that names the word
 */
export function readOptions(words: readonly string[]): Options {
  const only: string[] = [];
  const skip: string[] = [];
  const numbers = new Map([
    ['--jobs', Math.min(8, Math.max(2, 2 * availableParallelism()))],
    ['--retries', 0],
    ['--minutes', Infinity],
  ]);
  const flags = new Set<string>();
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const next = words[at + 1] ?? '';
    if (FLAGS.includes(word)) {
      flags.add(word);
      continue;
    }
    at += 1;
    const named = next.split(/\s+/).filter(Boolean);
    const isNamed = named.length > 0 && !next.startsWith('--');
    const least = word === '--jobs' ? 1 : 0;
    if (word === '--only' && isNamed) only.push(...named);
    else if (word === '--skip' && isNamed) skip.push(...named);
    else if (numbers.has(word) && next !== '' && Number(next) >= least) {
      numbers.set(word, Number(next));
    } else throw new NotUnderstood(`not understood: ${word} ${next}`.trimEnd());
  }
  return {
    isQuick: flags.has('--quick'),
    isList: flags.has('--list'),
    isLenient: flags.has('--where-possible'),
    isInstalling: !flags.has('--no-install'),
    isVerbose: flags.has('--verbose'),
    only,
    skip,
    jobs: numbers.get('--jobs') ?? 1,
    retries: numbers.get('--retries') ?? 0,
    limitMs: (numbers.get('--minutes') ?? Infinity) * 60_000,
  };
}
