import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';

import { decodeTags, encodeTags, encodeUserEvent, userEventName } from './serf/messages.ts';
import { junkCounters } from './system/junk.ts';
import { missing } from './system/needs.ts';
import type { Scenario, ScenarioContext } from './system/scenario.ts';
import { runSuite } from './system/suite.ts';

/*
 * What runs the scenarios beside real programs: that a scenario which fails is seen to fail, and that
 * what it started is ended. No other program is needed for that.
 */

function scenario(
  name: string,
  runIt: (context: ScenarioContext) => Promise<void>,
  rest: Partial<Scenario> = {},
): Scenario {
  return { peer: 'nobody', name, needs: [], run: runIt, ...rest };
}

async function passes(): Promise<void> {}

async function fails(): Promise<void> {
  throw new Error('not so');
}

/** Runs a list, and gives what was printed. */
async function suite(
  t: TestContext,
  scenarios: readonly Scenario[],
  ...args: string[]
): Promise<{ failed: number; said: string }> {
  const log = t.mock.method(console, 'log', () => undefined);
  const failed = await runSuite(scenarios, args);
  const said = log.mock.calls.map(({ arguments: [line] }) => String(line)).join('\n');
  log.mock.restore();
  return { failed, said };
}

test('each row is told with its result, and failures are counted', async (t) => {
  const { failed, said } = await suite(t, [
    scenario('works', passes, { modes: ['plain', 'sealed'] }),
    scenario('does not', fails),
  ]);
  assert.equal(failed, 1);
  assert.match(said, /nobody\s+works, plain {2}passed/);
  assert.match(said, /works, sealed {2}passed/);
  assert.match(said, /does not {2}FAILED[^]*not so/);
  assert.match(said, /2 passed, 1 failed$/);
});

test('a scenario whose needs are not met fails, unrun, and says what to install', async (t) => {
  const { failed, said } = await suite(t, [
    scenario('never', async () => assert.fail('was run'), { needs: ['no such thing'] }),
  ]);
  assert.equal(failed, 1);
  assert.match(said, /nothing is known of the need no such thing/);
  assert.doesNotMatch(said, /was run/);
  assert.deepEqual(missing([]), []);
});

test('what was deferred is done backwards after success and failure, and its own failure counts', async (t) => {
  const done: string[] = [];
  const folders: string[] = [];
  const { failed, said } = await suite(t, [
    scenario('cleans up', async (context) => {
      folders.push(context.folder);
      writeFileSync(join(context.folder, 'file'), 'x');
      context.defer(() => void done.push('first'));
      context.defer(async () => void done.push('second'));
      throw new Error('not so');
    }),
    scenario('leaves a mess', async (context) => {
      context.defer(() => void done.push('third'));
      context.defer(() => {
        throw new Error('stuck');
      });
    }),
  ]);
  assert.deepEqual(done, ['second', 'first', 'third']);
  assert.equal(failed, 2);
  assert.match(said, /putting back: stuck/);
  assert.ok(folders.length === 1 && !existsSync(folders[0]!));
});

test('rows are chosen by word and by the short run; a word that fits none is a failure', async (t) => {
  const list = [scenario('one', passes, { quick: true }), scenario('two', fails)];
  assert.equal((await suite(t, list, '--quick')).failed, 0);
  assert.equal((await suite(t, list, '--only', 'one')).failed, 0);
  assert.equal((await suite(t, list, '--only', 'three')).failed, 1);
  const { failed, said } = await suite(t, list, '--list');
  assert.equal(failed, 0);
  assert.match(said, /one[^]*two/);
  assert.doesNotMatch(said, /passed|FAILED/);
});

test('counters of what was not understood are told from the harmless ones', () => {
  const counters = { 'packets.received': 5, 'tables.dropped.stale': 3, 'claims.refused.limit': 1 };
  assert.deepEqual(junkCounters(counters), []);
  const junk = { 'packets.dropped.ERR_CODEC_TRUNCATED': 2, 'streams.rejected.slow': 0 };
  assert.deepEqual(junkCounters({ ...counters, ...junk }), [
    'packets.dropped.ERR_CODEC_TRUNCATED 2',
  ]);
});

test('tags and user events have the bytes that Serf writes', () => {
  const tags = 'ff82a4726f6c65a3776562a26463a178';
  assert.deepEqual(decodeTags(new Uint8Array(Buffer.from(tags, 'hex'))), { role: 'web', dc: 'x' });
  assert.equal(Buffer.from(encodeTags({ role: 'web', dc: 'x' })).toString('hex'), tags);
  assert.throws(() => decodeTags(new Uint8Array([1, 2])), /not the metadata/);
  const payload = new TextEncoder().encode('v1.2');
  const event = encodeUserEvent({ time: 300, name: 'deploy', payload });
  assert.equal(userEventName(event), 'deploy');
  assert.equal(userEventName(Uint8Array.from([0, ...event.subarray(1)])), null);
});
