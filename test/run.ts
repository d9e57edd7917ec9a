import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/*
 * Runs the tests with Node's own runner, given an explicit list: left to itself the runner would take
 * every file under a folder called `test`, helpers too, and differently from version to version.
 *
 *   npm test                                   everything
 *   npm test -- radix simulation/              only files whose path holds one of the words
 *   npm test -- --only-pattern 'snapshot'      only tests whose name matches
 *   npm test -- --test-reporter=spec           any other option goes to node
 */

const OUT = '.test-dist';

/** Test files that still have a source, sorted; what was compiled from a deleted one stays out. */
function testFiles(filters: readonly string[]): string[] {
  return readdirSync(join(OUT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => join(OUT, 'test', name))
    .filter((path) => existsSync(relative(OUT, path).replace(/\.js$/, '.ts')))
    .filter((path) => filters.length === 0 || filters.some((word) => path.includes(word)))
    .sort();
}

const options: string[] = [];
const filters: string[] = [];
const given = process.argv.slice(2);
for (let at = 0; at < given.length; at += 1) {
  const word = given[at] as string;
  if (word === '--only-pattern') {
    at += 1;
    options.push(`--test-name-pattern=${given[at] ?? ''}`);
  } else if (word.startsWith('--only-pattern=')) {
    options.push(word.replace('--only-pattern', '--test-name-pattern'));
  } else if (word.startsWith('-')) {
    options.push(word);
  } else {
    filters.push(word);
  }
}

const files = testFiles(filters);
if (files.length === 0) {
  console.error(`no test file matches ${filters.join(' ')}`);
  process.exitCode = 1;
} else {
  const args = ['--test', '--test-concurrency=2', ...options, ...files];
  const runner = spawn(process.execPath, args, { stdio: 'inherit' });
  runner.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
