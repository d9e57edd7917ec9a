import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';

/*
 * Three of ten real processes block their event loop for five seconds, as a long garbage collection or a
 * synchronous task does. Waking, each finds timers that are due and datagrams that waited: it must blame
 * nobody, and be seen alive again soon.
 */

const COUNT = 10;
const BLOCKED = 3;
const LIMIT_MS = 40_000;

interface Told {
  readonly port?: number;
  readonly alive?: number;
  readonly woke?: true;
  readonly failed?: string;
}

class Process {
  readonly name: string;
  readonly child: ChildProcess;
  readonly failed: string[] = [];
  alive = 0;
  port = 0;
  wokeAt = 0;

  constructor(name: string, seed?: string) {
    this.name = name;
    const script = join(import.meta.dirname, '..', 'support', 'blocking-member.js');
    this.child = fork(script, seed === undefined ? [name] : [name, seed]);
    this.child.on('message', (told: Told) => {
      if (told.failed !== undefined) this.failed.push(told.failed);
      this.alive = told.alive ?? this.alive;
      this.port = told.port ?? this.port;
      if (told.woke) this.wokeAt = performance.now();
    });
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (!condition()) {
    assert.ok(performance.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

test('three of ten processes that block for 5 s lose nobody, and are back soon after waking', async (t) => {
  const first = new Process('p1');
  const all = [first];
  t.after(async () => {
    for (const { child } of all) child.kill('SIGKILL');
    await Promise.all(all.map(async ({ child }) => child.exitCode ?? once(child, 'exit')));
  });
  await until(() => first.port > 0, 'the first listens');
  for (let i = 2; i <= COUNT; i += 1) all.push(new Process(`p${i}`, `127.0.0.1:${first.port}`));
  const isWhole = (): boolean => {
    for (const { child } of all) child.send({ count: true });
    return all.every(({ alive }) => alive === COUNT);
  };
  await until(isWhole, 'all ten see ten');

  const blocked = all.slice(0, BLOCKED);
  for (const { child } of blocked) child.send({ blockMs: 5000 });
  await until(() => blocked.every(({ wokeAt }) => wokeAt > 0), 'the blocked wake');
  for (const process of all) process.alive = 0;
  await until(isWhole, 'all ten see ten again');
  const wokeAt = Math.max(...blocked.map((process) => process.wokeAt));
  t.diagnostic(`one view ${Math.round(performance.now() - wokeAt)} ms after waking`);

  const names = new Set(blocked.map(({ name }) => name));
  const wrong = all.flatMap(({ name, failed }) => {
    return failed.filter((lost) => !names.has(lost)).map((lost) => `${name} lost ${lost}`);
  });
  assert.deepEqual(wrong, []);
});
