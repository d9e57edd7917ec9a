import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { test } from 'node:test';

/*
 * The programs in examples/ as a user runs them: processes of their own, real sockets on loopback.
 */

const LIMIT_MS = 60_000;

/** A running example, and what it has said so far. */
class Program {
  readonly child: ChildProcess;
  readonly #closed: Promise<unknown[]>;
  #said = '';

  constructor(t: TestContext, name: string, ...args: string[]) {
    const path = `.test-dist/examples/${name}/main.js`;
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const child = spawn(process.execPath, [path, ...args], {
      stdio: [...stdio],
      timeout: LIMIT_MS,
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    }
    this.child = child;
    this.#closed = once(child, 'close');
    t.after(() => child.kill('SIGKILL'));
  }

  /** The first match in what was said, once there is one. */
  async hears(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#said);
      if (match !== null) return match;
      const isOver = this.child.exitCode !== null || this.child.signalCode !== null;
      assert.ok(!isOver, `ended without ${String(pattern)}:\n${this.#said}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Waits for the end. */
  async ended(): Promise<{ code: unknown; said: string }> {
    const [code] = await this.#closed;
    return { code, said: this.#said };
  }
}

test('a service that is told to stop leaves its cluster and ends by itself', async (t) => {
  const stays = new Program(t, 'graceful-shutdown', '--name', 'stays');
  const [, port] = await stays.hears(/ready (\d+)/);
  const goes = new Program(t, 'graceful-shutdown', '--name', 'goes', '--join', `127.0.0.1:${port}`);
  await goes.hears(/ready/);
  await stays.hears(/join goes/);
  const since = performance.now();
  goes.child.kill('SIGTERM');
  const { code, said } = await goes.ended();
  assert.equal(code, 0, said);
  assert.match(said, /stopping on SIGTERM\n(.*\n)*stopped\n$/);
  assert.ok(performance.now() - since < 5_000);
  await stays.hears(/leave goes/);
  stays.child.kill('SIGTERM');
  const last = await stays.ended();
  assert.equal(last.code, 0, last.said);
  assert.doesNotMatch(last.said, /fail/);
});

// Without a good-bye it takes longer; simulation/rolling-restart.test.ts has that in virtual time.
test('members that restart one by one lose nothing', async (t) => {
  const { code, said } = await new Program(t, 'rolling-restart').ended();
  assert.equal(code, 0, said);
  assert.equal(said.match(/whole after \d+ ms/g)?.length, 5, said);
});

test('a key is rotated in three steps, and the list of keys says when each has arrived', async (t) => {
  const { code, said } = await new Program(t, 'key-rotation').ended();
  assert.equal(code, 0, said);
  const steps = [...said.matchAll(/^(\w+): (.*)$/gm)];
  const heard = steps.map(([, step, keys]) => `${step} ${keys?.replace(/[0-9a-f]{8}/g, 'key')}`);
  assert.equal(heard.length, 4, said);
  assert.equal(heard[0], 'before key (seals) heard from 3');
  assert.equal(heard[2], 'used key (seals) heard from 3, key heard from 0');
  assert.equal(heard[3], 'removed key (seals) heard from 3');
});
