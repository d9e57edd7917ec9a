import assert from 'node:assert/strict';
import { execFile, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve as resolvePath } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';

import { boardCommand, tasksOf } from '../../../sim/board-command.ts';
import { convergence } from '../../../sim/boards/convergence/index.ts';
import { delivery } from '../../../sim/boards/delivery/index.ts';
import { BOARDS } from '../../../sim/boards/index.ts';
import { lifeguard } from '../../../sim/boards/lifeguard/index.ts';
import type { Board } from '../../../sim/board.ts';
import { rapid } from '../../../sim/boards/rapid/index.ts';
import { numberOf, readValues, UsageError } from '../../../sim/command.ts';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function sim(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['.test-dist/sim/main.js', ...args],
      { timeout: 60_000 },
      (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, err });
      },
    );
  });
}

const TINY = ['delivery', '--nodes', '3', '--loss', '0', '--events', '1', '--jobs', '1'];

test('without a command, or with a wrong one, the exit code is 2 and the commands are named', async () => {
  for (const { code, out, err } of await Promise.all([sim(), sim('nonsense')])) {
    assert.equal(code, 2);
    for (const { name } of BOARDS) assert.ok(`${out}${err}`.includes(`  ${name}  `), name);
  }
});

test('what is wrong with the options is told with exit code 2 and where the options of that command stand', async () => {
  const [value, unknown] = await Promise.all([
    sim('delivery', '--nodes', '1'),
    sim('delivery', '--gravity'),
  ]);
  assert.match(value.err, /^--nodes must be an integer of 2 to \d+, not 1\n/);
  assert.match(unknown.err, /^Unknown option '--gravity'\n/);
  for (const { code, err } of [value, unknown]) {
    assert.equal(code, 2);
    assert.match(err, /\n\n`npm run sim -- delivery --help` prints the options\.\n$/);
  }
});

test('-h is --help and so is help, of all and of one command', async () => {
  const [all, one, word, helped] = await Promise.all([
    sim('-h'),
    sim('keys', '-h'),
    sim('help'),
    sim('help', 'keys'),
  ]);
  assert.deepEqual([all.code, one.code], [0, 0]);
  assert.deepEqual([word, helped], [all, one]);
  assert.match(all.out, / {2}lifeguard {2}/);
  assert.match(one.out, /--asleep S/);
});

test('a number that is none is refused by its own words', () => {
  const refusal = (given: string): string => {
    try {
      return String(numberOf({ nodes: given }, 'nodes', 1, { min: 1, max: 9 }));
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.equal(refusal(' 3 '), '3');
  assert.equal(refusal('2.5'), '--nodes must be an integer of 1 to 9, not 2.5');
  assert.equal(refusal('ten'), '--nodes must be an integer of 1 to 9, not ten');
  assert.equal(refusal(' '), '--nodes must be an integer of 1 to 9, not empty');
});

test('options that leave nothing to play are refused', () => {
  const refused = { name: 'UsageError', message: /nothing is left to play/ };
  const small = { nodes: '2', changes: 'join-network' };
  assert.throws(() => tasksOf(convergence, small, 1), refused);
  const slow = { crashes: '0', rows: 'Lifeguard-4' };
  assert.throws(() => tasksOf(lifeguard, slow, 1), refused);
});

test('options that would be passed over are refused', () => {
  const refused = (board: Board, values: Record<string, string>): string => {
    try {
      return String(board.plan(values, 1).length);
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.equal(
    refused(lifeguard, { nodes: '16', distressed: '4,99' }),
    '--distressed must be below --nodes, 16, not 99',
  );
  assert.equal(
    refused(rapid, { nodes: '6', 'join-seeds': '50' }),
    '--join-seeds must be an integer of 1 to 6, not 50',
  );
  assert.equal(
    refused(rapid, { 'fault-nodes': '10', faults: 'none' }),
    '--fault-nodes says nothing with --faults none',
  );
});

test('what is asked for twice is one sample', () => {
  const twice = { nodes: '3,3', changes: 'create-entry,create-entry', seeds: '2' };
  const seeds = tasksOf(convergence, twice, 5).map(({ input }) => input);
  assert.deepEqual(seeds, [
    { change: 'create-entry', nodes: 3, seed: 5 },
    { change: 'create-entry', nodes: 3, seed: 6 },
  ]);
});

test('where nothing can be saved or kept a sentence says so before anything is played', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sim-'));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  try {
    // Runs that would take a day.
    const long = ['delivery', '--nodes', '2000', '--events', '1000000', '--jobs', '1'];
    const [saved, kept] = await Promise.all([
      sim(...long, '--save', join(file, 'here')),
      sim(...long, '--keep', folder),
    ]);
    assert.deepEqual([saved.code, kept.code], [2, 2]);
    assert.match(saved.err, /^--save: \S+delivery\.json cannot be written: .*\n$/);
    assert.match(kept.err, /^--keep: \S+ cannot be written: .*\n$/);
    assert.deepEqual(readdirSync(folder), ['file']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a command knows its own options and those of all, and no others', () => {
  const command = boardCommand(delivery);
  assert.match(command.help, /--events N/);
  assert.match(command.help, /--jobs N/);
  assert.equal(readValues(command, ['--events', '3', '--seed', '9'])['seed'], '9');
  assert.throws(() => readValues(command, ['--speed', '3']), UsageError);
});

test('a report is printed as JSON, and saved with seed and commit and what makes it again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sim-'));
  try {
    const { code, out } = await sim(...TINY, '--seed', '7', '--json', '--save', folder);
    assert.equal(code, 0);
    const printed = JSON.parse(out) as Record<string, unknown>;
    assert.equal(printed['seed'], 7);
    assert.equal(
      printed['command'],
      'npm run sim -- delivery --nodes 3 --loss 0 --events 1 --seed 7',
    );
    assert.deepEqual(JSON.parse(readFileSync(join(folder, 'delivery.json'), 'utf8')), printed);
    const page = readFileSync(join(folder, 'delivery.md'), 'utf8');
    assert.match(page, /Seed 7, commit (?:[0-9a-f]{12}\+?|unknown), Node/);
    assert.match(page, /!\[.*\]\(delivery-speed\.svg\)/);
    assert.match(readFileSync(join(folder, 'delivery-speed.svg'), 'utf8'), /^<svg /);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the lives of a trace are one JSON value', async () => {
  const { out } = await sim('trace', '--nodes', '3', '--seconds', '1', '--json');
  const { lives, seconds } = JSON.parse(out) as { lives: { wire: string }[]; seconds: number };
  assert.deepEqual([lives.map(({ wire }) => wire), seconds], [['protobuf', 'memberlist'], 1]);
});

test('how far a run is stands there from its beginning on', async () => {
  const small = ['--nodes', '3', '--seeds', '1', '--minutes', '0.1', '--entries', '1'];
  const [one, two] = await Promise.all([
    sim('forecast', ...small, '--jobs', '1'),
    sim('forecast', ...small, '--jobs', '2'),
  ]);
  for (const { code, err } of [one, two]) {
    assert.equal(code, 0);
    assert.match(err, /^ {2}0 % {2}1 run\n/);
  }
});

test('the phases of a timed ring are told', async () => {
  const { code, err } = await sim('speed', '--nodes', '2', '--seconds', '1');
  assert.equal(code, 0);
  assert.match(err, /^ {2}0 % {2}2 nodes start\n/);
  assert.match(err, /1 s of quiet\n/);
});

/** A folder of which git knows the commit, with nothing changed in it. */
function repository(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sim-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const git = (...args: string[]): void => {
    execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=n@example.org', ...args], {
      cwd: folder,
    });
  };
  git('init', '--quiet');
  git('commit', '--quiet', '--allow-empty', '--message', 'one');
  return folder;
}

test('a signal ends a shared run without a word of its processes, and says how to go on', async (t) => {
  const folder = repository(t);
  const long = ['keys', '--nodes', '30', '--minutes', '500', '--jobs', '2', '--keep', 'kept'];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const child = spawn(process.execPath, [resolvePath('.test-dist/sim/main.js'), ...long], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
      if (/ 0 %/.test(text)) child.kill(signal);
    });
    // Its processes have the same stderr: it is closed when they are gone, too.
    const [code, by] = (await once(child, 'close')) as [number | null, string | null];
    assert.deepEqual([code, by], [null, signal]);
    const words = err.split('\n').filter((line) => !/^ *0 %/.test(line) && line !== '');
    const kept = '0 of 2 outcomes are in kept; the same command goes on with them';
    assert.deepEqual(words, [kept, kept]);
  }
});

test('a process that plays ends in silence when the one that it tells is gone', async () => {
  const player = fork('.test-dist/sim/player.js', { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let err = '';
  player.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [task] = delivery.plan({ nodes: '5', loss: '0', events: '40', seeds: '1' }, 1);
  player.send({ board: 'delivery', input: task?.input });
  await once(player, 'message');
  player.disconnect();
  const { stderr } = player;
  assert.ok(stderr !== null);
  await Promise.all([once(player, 'exit'), once(stderr, 'end')]);
  assert.deepEqual([player.exitCode, err], [0, '']);
});
