import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeCompound, MESSAGE_TYPE } from '../../src/codec/index.ts';
import { assemble, resolvePorts } from '../../src/memberlist/assemble.ts';
import type { MemberlistOptions } from '../../src/memberlist/index.ts';
import { resolveMemberlistConfig } from '../../src/memberlist/index.ts';
import { UserHandoff } from '../../src/memberlist/user-handoff.ts';
import { SeededRandom } from '../../src/runtime/index.ts';
import { createMemoryRuntime, MemoryNetwork, VirtualClock } from '../../src/simulator/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { Ring } from '../support/ring.ts';

const FROM = { host: '10.0.0.2', port: 7946 };

/** A compound of user messages, each its number in two bytes. */
function userMessages(first: number, count: number): Uint8Array {
  return encodeCompound(
    Array.from({ length: count }, (_, i) =>
      Uint8Array.of(MESSAGE_TYPE.user, (first + i) >> 8, (first + i) & 255),
    ),
  );
}

async function flood(
  options: MemberlistOptions,
): Promise<{ log: (number | string)[]; counters: Readonly<Record<string, number>> }> {
  const ring = new Ring();
  const log: (number | string)[] = [];
  const onUserMessage = (message: Uint8Array): void => {
    log.push(((message[0] ?? 0) << 8) | (message[1] ?? 0));
  };
  const node = await ring.spawn(options, { delegates: { user: { onUserMessage } } });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  node.member.on('join', ({ name }) => log.push(name));
  node.member.on('warning', ({ code, fields }) => log.push(`${code} ${String(fields['option'])}`));
  for (let packet = 0; packet < 20; packet += 1)
    raw.sendMessage(node, userMessages(packet * 250, 250));
  raw.send(node, raw.alive());
  ring.runFor(10);
  const { counters } = node.member.stats();
  await ring.close();
  await ring.settle(raw.close());
  return { log, counters };
}

test('a claim that arrives behind a flood of user messages overtakes all but one slice', async () => {
  const { log, counters } = await flood({});
  const at = log.indexOf('raw');
  const handedBefore = log.slice(0, at).filter((entry) => typeof entry === 'number');
  assert.equal(handedBefore.length, 128);
  assert.equal(counters['messages.slices'], 8, 'the rest came 128 at a time');
});

test('what waits is bounded, the oldest make room, and the operator is told once', async () => {
  const { log, counters } = await flood({});
  const handed = log.filter((entry) => typeof entry === 'number');
  assert.equal(handed.length, 128 + 1024);
  assert.equal(counters['messages.dropped'], 5000 - 128 - 1024);
  assert.deepEqual(
    handed.slice(128),
    Array.from({ length: 1024 }, (_, i) => 5000 - 1024 + i),
  );
  const told = log.filter((entry) => String(entry).startsWith('WARN'));
  assert.deepEqual(told, ['WARN_LIMIT limits.maxWaitingUserMessages']);
  const wider = await flood({ limits: { maxWaitingUserMessages: 5000 } });
  assert.equal(wider.counters['messages.dropped'], undefined);
  assert.equal(wider.log.length, 5001);
});

test('newest first, if that is wanted', async () => {
  const { log } = await flood({ userMessageOrder: 'lifo' });
  const handed = log.filter((entry) => typeof entry === 'number');
  assert.deepEqual(handed.slice(0, 3), [0, 1, 2], 'what need not wait comes as it came');
  assert.deepEqual(handed.slice(128, 131), [4999, 4998, 4997]);
});

/** A hand-off by itself, and the sizes of what it has handed over. */
function handoffAlone(): { handoff: UserHandoff; handed: number[]; clock: VirtualClock } {
  const clock = new VirtualClock();
  const handed: number[] = [];
  const network = new MemoryNetwork({ clock, random: new SeededRandom(1) });
  const runtime = createMemoryRuntime({ network, host: '10.0.0.1', seed: 1 });
  const onUserMessage = (message: Uint8Array): void => {
    handed.push(message.length);
  };
  const config = resolveMemberlistConfig({});
  const { core } = assemble(config, resolvePorts(runtime), { user: { onUserMessage } });
  return { handoff: new UserHandoff(core), handed, clock };
}

test('where no more comes than a turn hands over, nothing waits', () => {
  const { handoff, handed, clock } = handoffAlone();
  for (let turn = 0; turn < 50; turn += 1) {
    for (let i = 0; i < 128; i += 1) handoff.push(new Uint8Array(1), FROM);
    assert.equal(handed.length, 128 * (turn + 1));
    clock.runFor(0);
  }
  for (let i = 0; i < 129; i += 1) handoff.push(new Uint8Array(2), FROM);
  assert.equal(handed.length, 128 * 51);
  clock.runFor(0);
  assert.equal(handed.length, 128 * 51 + 1);
});

test('what waits is bounded in bytes too, and nothing is handed over after the end', () => {
  const { handoff, handed, clock } = handoffAlone();
  for (let i = 0; i < 128; i += 1) handoff.push(new Uint8Array(1), FROM);
  for (let i = 1; i <= 40; i += 1) handoff.push(new Uint8Array(1_000_000 + i), FROM);
  clock.runFor(0);
  assert.equal(handed.length, 128 + 16);
  assert.equal(handed[128], 1_000_025, 'the oldest of those that waited are gone');
  for (let i = 0; i < 130; i += 1) handoff.push(new Uint8Array(7), FROM);
  const { length } = handed;
  handoff.stop();
  clock.runFor(10);
  assert.equal(handed.length, length);
});
