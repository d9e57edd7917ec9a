import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import type { MemberlistOptions } from '../../src/memberlist/index.ts';
import { Memberlist } from '../../src/memberlist/index.ts';

/*
 * Members on real sockets. Everything here waits for what must happen, with a limit; nothing sleeps.
 */

const KEY = new Uint8Array(32).fill(5);
const LIMIT = { timeoutMs: 20_000 };
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);
const HOSTS = hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'];

/** A member on a free port of the host. */
async function start(host: string, options: MemberlistOptions = {}): Promise<Memberlist> {
  return Memberlist.create({ bindAddress: host, bindPort: 0, profile: 'local', ...options });
}

/** Where others join a member. */
function seedOf({ localMember: { host, port } }: Memberlist): { host: string; port: number } {
  return { host, port };
}

/** Sockets and timers that keep the process alive, by kind. */
function handles(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (/UDP|TCP|Timeout|Immediate/i.test(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

for (const host of HOSTS) {
  test(`three sealed members on ${host} form a ring, talk, and one leaves`, async () => {
    const options = { encryption: { keys: [KEY] }, label: 'e2e' };
    const members = [await start(host, options), await start(host, options)] as const;
    const heard: string[] = [];
    const third = await Memberlist.create(
      { bindAddress: host, bindPort: 0, profile: 'local', nodeName: 'third', ...options },
      { user: { onUserMessage: (message) => heard.push(new TextDecoder().decode(message)) } },
    );
    const [a, b] = members;
    try {
      await b.join([seedOf(a)]);
      await third.join([seedOf(b)]);
      for (const each of [a, b, third]) {
        const found = await each.waitForMembers(3, LIMIT);
        assert.ok(found.every((member) => member.host === host && member.port > 0));
      }
      assert.ok((await a.ping('third', LIMIT)) >= 0);
      await a.sendReliable('third', new TextEncoder().encode('hello'), LIMIT);
      const large = 'x'.repeat(500_000);
      await b.sendReliable('third', new TextEncoder().encode(large), LIMIT);
      assert.deepEqual(heard, ['hello', large]);
      const left = once(asTarget(a, 'leave'), 'leave');
      await third.leave(LIMIT);
      await left;
      assert.equal(a.member('third')?.state, 'left');
    } finally {
      await Promise.all([a, b, third].map(async (each) => each.close()));
    }
  });
}

test('a port in use is refused with its code, and the first member goes on', async () => {
  const first = await start('127.0.0.1');
  try {
    const second = start('127.0.0.1', { bindPort: first.localMember.port });
    await assert.rejects(second, { code: 'ERR_ADDRESS_IN_USE' });
    assert.equal(await first.join([seedOf(first)], LIMIT), 1);
  } finally {
    await first.close();
  }
});

test('close leaves no socket and no timer', async () => {
  const before = handles();
  const a = await start('127.0.0.1');
  const b = await start('127.0.0.1', { encryption: { keys: [KEY] } });
  const c = await start('127.0.0.1');
  await c.join([seedOf(a)], LIMIT);
  await assert.rejects(b.join([seedOf(a)], LIMIT), { code: 'ERR_JOIN_FAILED' });
  const waiting = assert.rejects(a.waitForMembers(9), { code: 'ERR_CLOSED' });
  const sending = c.sendReliable(a.name, new Uint8Array(5_000_000)).catch(() => {});
  assert.notDeepEqual(handles(), before);
  await Promise.all([a.close(), b.close(), c.close()]);
  await waiting;
  await sending;
  assert.deepEqual(handles(), before);
});

test('a member whose process is killed is detected', async () => {
  const member = await start('127.0.0.1');
  const failed = once(asTarget(member, 'fail'), 'fail');
  const { host, port } = seedOf(member);
  const script = join(import.meta.dirname, '..', 'support', 'member-process.js');
  const child = spawn(process.execPath, [script, 'victim', `${host}:${port}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(child.stdout, 'data');
    await member.waitForMembers(2, LIMIT);
    child.kill('SIGKILL');
    await Promise.race([failed, limit()]);
    assert.equal(member.member('victim')?.state, 'dead');
    assert.equal(member.memberCount, 1);
  } finally {
    child.kill('SIGKILL');
    await member.close();
  }
});

/** An event of a member as something that `once` can wait for. */
function asTarget(member: Memberlist, name: 'leave' | 'fail'): EventTarget {
  const target = new EventTarget();
  member.on(name, () => {
    target.dispatchEvent(new Event(name));
  });
  return target;
}

/** Rejects when a bounded wait is over; its timer holds nothing open. */
async function limit(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => {
      reject(new Error(`not within ${LIMIT.timeoutMs} ms`));
    }, LIMIT.timeoutMs).unref();
  });
}
