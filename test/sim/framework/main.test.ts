import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { boardCommand } from '../../../sim/board-command.ts';
import { delivery } from '../../../sim/boards/delivery/index.ts';
import { BOARDS } from '../../../sim/boards/index.ts';
import { readValues, UsageError } from '../../../sim/command.ts';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function sim(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['.test-dist/sim/main.js', ...args], (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

const TINY = ['delivery', '--nodes', '3', '--loss', '0', '--events', '1', '--jobs', '1'];

test('without a command, or with a wrong one, the exit code is 2 and the commands are named', async () => {
  for (const { code, out, err } of await Promise.all([sim(), sim('nonsense')])) {
    assert.equal(code, 2);
    for (const { name } of BOARDS) assert.ok(`${out}${err}`.includes(`  ${name}  `), name);
  }
});

test('a wrong value of an option is told with exit code 2', async () => {
  const { code, err } = await sim('delivery', '--nodes', '1');
  assert.equal(code, 2);
  assert.match(err, /--nodes must be an integer of 2 to/);
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
