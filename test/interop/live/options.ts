/*
 *   npm run test:interop -- [options]
 *
 *   --quick        each scenario once, with builds, modes and roles in turn
 *   --only WORDS   only rows whose title has all of the words; may be given more than once
 *   --skip WORDS   no rows whose title has one of the words
 *   --list         prints the rows and ends
 *   --jobs N       rows played at once, default 1; timings suffer
 *   --retries N    plays a row that failed again, up to N times, and says so; default 0
 *   --minutes N    begins no row later than that after the start; says how many were left out; default: no limit
 */

/** What the command line asks for. */
export interface Options {
  readonly isQuick: boolean;
  readonly isList: boolean;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly jobs: number;
  readonly retries: number;
  readonly limitMs: number;
}

/**
 * Reads the command line.
 *
 * @throws Error that names a word nobody understands
 */
export function readOptions(words: readonly string[]): Options {
  const only: string[] = [];
  const skip: string[] = [];
  const numbers = new Map([
    ['--jobs', 1],
    ['--retries', 0],
    ['--minutes', Infinity],
  ]);
  const flags = new Set<string>();
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const next = words[at + 1] ?? '';
    if (word === '--quick' || word === '--list') flags.add(word);
    else if (word === '--only') only.push(...next.split(/\s+/).filter(Boolean));
    else if (word === '--skip') skip.push(...next.split(/\s+/).filter(Boolean));
    else if (numbers.has(word) && Number(next) >= 0) numbers.set(word, Number(next));
    else throw new Error(`not understood: ${word} ${next}`);
    if (!flags.has(word)) at += 1;
  }
  return {
    isQuick: flags.has('--quick'),
    isList: flags.has('--list'),
    only,
    skip,
    jobs: Math.max(1, numbers.get('--jobs') ?? 1),
    retries: numbers.get('--retries') ?? 0,
    limitMs: (numbers.get('--minutes') ?? Infinity) * 60_000,
  };
}
