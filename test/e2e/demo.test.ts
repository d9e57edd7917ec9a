import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import type { Figures } from '../../demo/figures.ts';

/*
 * The demo as a user runs it: real processes, real sockets on loopback. Whatever way it ends, its five
 * members must have ended too.
 */

const LIMIT_MS = 90_000;
const MAIN = '.test-dist/demo/main.js';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function startDemo(args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  }
  const ended = once(child, 'close').then(([code]: unknown[]) => {
    clearTimeout(limit);
    return { code: code as number | null, ...said };
  });
  return { child, ended };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function assertEnd(pids: readonly number[]): Promise<void> {
  assert.equal(pids.length, 5);
  for (let looks = 0; pids.some(isRunning) && looks < 100; looks += 1) await delay(50);
  assert.deepEqual(pids.filter(isRunning), []);
}

/** Starts the demo and waits until it has formed its cluster. */
async function startFormed(): Promise<ReturnType<typeof startDemo> & { pids: readonly number[] }> {
  const demo = startDemo([]);
  let text = '';
  const formed = new Promise<void>((resolve) => {
    demo.child.stdout!.on('data', (part: string) => {
      text += part;
      if (text.includes('stage 2/')) resolve();
    });
  });
  await Promise.race([formed, demo.ended]);
  const pids = [...text.matchAll(/^ {2}m\d +(\d+) +running/gm)].map((match) => Number(match[1]));
  return { ...demo, pids };
}

void test('the demo meets all its expectations and prints one line of JSON', async () => {
  const { code, stdout, stderr } = await startDemo(['--json']).ended;
  assert.equal(stderr, '');
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^\{.*\}\n$/);
  const figures = JSON.parse(stdout) as Figures;
  assert.equal(figures.ok, true);
  assert.equal(figures.failed, undefined);
  assert.equal(figures.nodeVersion, process.version);
  assert.equal(figures.members, 5);
  assert.deepEqual([figures.lost, figures.ghosts], [0, 0]);
  assert.equal(figures.entries.endpoints, 4);
  assert.ok(figures.entries.dataset >= 2000);
  assert.ok(figures.entries.writes > 50);
  assert.ok(figures.writesUnderRotation > 300);
  assert.equal(figures.comparisons.length, 5);
  assert.ok(figures.compared > 5 * 4 * 2000);
  for (const hash of Object.values(figures.hashes)) assert.match(hash, /^[0-9a-f]{64}$/);
  for (const [name, ms] of Object.entries(figures.times)) {
    assert.ok(Number.isInteger(ms) && ms! > 0, `${name} is ${ms}`);
  }
  assert.ok(figures.times.totalMs! < 60_000);
  assert.ok(figures.times.detectedMs! <= figures.times.vanishedMs!);
  await assertEnd(Object.values(figures.processes).map(({ pid }) => pid));
});

void test('an expectation that fails is named, ends the demo with 1 and leaves no process', async () => {
  const { code, stdout, stderr } = await startDemo(['--json', '--deadline-ms', '1']).ended;
  assert.equal(code, 1);
  assert.match(stdout, /^\{.*\}\n$/);
  const figures = JSON.parse(stdout) as Figures;
  assert.equal(figures.ok, false);
  assert.equal(figures.failed?.expectation, 'five processes listen on loopback');
  assert.match(stderr, /^expectation failed: five processes listen on loopback: /);
  await assertEnd(Object.values(figures.processes).map(({ pid }) => pid));
});

void test('a member that dies unexpectedly fails the demo, by name', async () => {
  const { pids, ended } = await startFormed();
  process.kill(pids[1]!, 'SIGKILL');
  const { code, stderr } = await ended;
  assert.equal(code, 1);
  assert.match(stderr, /^expectation failed: m2 stays up: its process ended with SIGKILL/);
  await assertEnd(pids);
});

void test('a demo that is interrupted leaves no process', async () => {
  const { child, pids, ended } = await startFormed();
  child.kill('SIGINT');
  assert.equal((await ended).code, 130);
  await assertEnd(pids);
});

void test('the members of a demo that is killed end by themselves', async () => {
  const { child, pids, ended } = await startFormed();
  child.kill('SIGKILL');
  assert.equal((await ended).code, null);
  await assertEnd(pids);
});

void test('an unknown option ends with 2 and the help', async () => {
  const { code, stdout, stderr } = await startDemo(['--unknown']).ended;
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(stderr, /--unknown[^]*Usage:/);
});
