import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import type { Built } from './suite/go-programs.ts';
import { readOptions } from './suite/options.ts';
import type { Run, Tally } from './suite/play.ts';
import { exitCodeOf, playRows, sumUp } from './suite/play.ts';
import type { SuiteRow } from './suite/row.ts';
import { FAMILIES } from './suite/row.ts';
import { allRows, chooseRows, inTurn, quickRows } from './suite/rows.ts';
import { BUILDS } from './live/builds.ts';
import { decodeTags, encodeTags, encodeUserEvent, userEventName } from './serf/messages.ts';
import { junkCounters } from './system/junk.ts';
import type { Host } from './system/needs.ts';
import { missing, NEEDS } from './system/needs.ts';
import { playScenario } from './system/play.ts';
import { UndoList } from './system/undo.ts';

/*
 * What runs the rows beside real programs: that a row which fails is seen to fail, that one which was not played never counts
 * as passed, and that what it started is ended. No other program is needed for that.
 */

function row(title: string, rest: Partial<SuiteRow> = {}): SuiteRow {
  const play = async (): Promise<typeof FINE> => FINE;
  return { title, family: 'serf', build: null, needs: [], company: 'waits', play, ...rest };
}

const FINE = { failure: null, note: 'in time', seen: ['much'] };
const WRONG = { failure: 'not so', note: '', seen: ['little'] };

/** Plays rows, and gives what was said and how it ended. */
async function played(
  rows: readonly SuiteRow[],
  rest: Partial<Run> = {},
): Promise<{ tally: Tally; said: string; code: number }> {
  const lines: string[] = [];
  const run: Run = {
    jobs: 1,
    retries: 0,
    limitMs: Infinity,
    isLenient: false,
    isVerbose: false,
    programs: { of: () => null },
    elapsedMs: () => 0,
    pause: () => turn(),
    say: (line) => lines.push(line),
    undos: new Set(),
    ...rest,
  };
  const tally = await playRows(rows, run);
  lines.push(...sumUp(tally, run.isLenient));
  return { tally, said: lines.join('\n'), code: exitCodeOf(tally) };
}

test('a run that is broken off begins no more rows, and one that played nothing says so by its code', async () => {
  const end = new AbortController();
  const ends = row('ends it', {
    play: async () => {
      end.abort();
      return FINE;
    },
  });
  const { tally } = await played([ends, row('too late')], { signal: end.signal });
  assert.deepEqual(tally.late, ['too late']);
  assert.equal((await played([row('no time')], { limitMs: 0 })).code, 2);
});

test('each row is told with its result, and failures are counted', async () => {
  const { said, code } = await played([
    row('works'),
    row('does not', { play: async () => WRONG }),
    row('breaks', { play: async () => Promise.reject(new Error('by itself')) }),
  ]);
  assert.match(said, /^works \| ok in 0 ms \| in time$/m);
  assert.doesNotMatch(said, /much/);
  assert.match(said, /^does not \| FAILED in 0 ms\n {4}little\n {4}not so$/m);
  assert.match(said, /^breaks \| FAILED[^]*by itself/m);
  assert.match(said, /^1 passed, 2 failed$/m);
  assert.equal(code, 1);
});

test('a row that fails is played again as often as is allowed, and that is said', async () => {
  let tries = 0;
  const play = async (): Promise<typeof FINE | typeof WRONG> => {
    tries += 1;
    return tries < 3 ? WRONG : FINE;
  };
  const { said, code } = await played([row('in the end', { play })], { retries: 2 });
  assert.deepEqual([tries, code], [3, 0]);
  assert.equal(said.match(/FAILED, once more/g)?.length, 2);
  assert.match(said, /1 passed, 0 failed$/);
});

test('a row that lacks something fails unplayed, and says what to install', async () => {
  const play = async (): Promise<never> => assert.fail('was played');
  const lacking = row('never', { play, needs: ['no such thing'] });
  const strict = await played([lacking]);
  assert.match(
    strict.said,
    /never \| FAILED, not played\n {4}nothing is known of the need no such/,
  );
  assert.equal(strict.code, 1);
  const lenient = await played([lacking, row('works')], { isLenient: true });
  assert.match(lenient.said, /NOT RUN, since this machine lacks something: 1[^]*never/);
  assert.match(lenient.said, /1 passed, 0 failed$/);
  assert.equal(lenient.code, 0);
  assert.equal((await played([lacking], { isLenient: true })).code, 2);
});

test('what is said to be missing is true for who is not root, for root, and for root in a small container', () => {
  const host = (rest: Partial<Host>): Host => {
    return { isRoot: true, has: () => true, works: () => true, ...rest };
  };
  const all = Object.keys(NEEDS);
  assert.deepEqual(missing(all, host({})), []);
  // Without root nothing of the kernel can be tried, so nothing may be said of it.
  const user = missing(all, host({ isRoot: false, works: () => false }));
  assert.equal(user.length, 3);
  assert.ok(
    user.every((text) => /run this as root$/.test(text) && !/this kernel|has no/.test(text)),
  );
  const bare = { isRoot: false, has: () => false, works: () => false };
  assert.match(missing(['serf'], host(bare)).join(), /missing: as root, apt-get install -y serf$/);
  assert.match(
    missing(['serf'], host({ has: () => false })).join(),
    /missing: apt-get install -y serf$/,
  );
  const small = missing(['root', 'vxlan'], host({ works: () => false }));
  assert.match(small.join(), /must be privileged.*without namespaces nobody can try/);
  const isNoKernel = (command: string): boolean => !/vxlan|statistic/.test(command);
  const old = missing(all, host({ works: isNoKernel }));
  assert.deepEqual(
    old.map((text) => text.split(' ').slice(0, 2).join(' ')),
    ['this kernel', 'iptables has'],
  );
  const noIp = host({ has: (name) => name !== 'ip', works: isNoKernel });
  assert.match(missing(['vxlan'], noIp).join(), /^without ip nobody can try/);
});

test('a row waits for its Go program, and one that was not built is missing or failed', async () => {
  const [build = null] = BUILDS;
  assert.ok(build !== null);
  const withBuild = row('with Go', { build });
  const outcomes: Record<string, Built> = {
    ok: { program: 'peer' },
    missing: { missing: 'no proxy' },
    failed: { failure: 'no type int32' },
  };
  for (const [what, built] of Object.entries(outcomes)) {
    let looks = 0;
    const of = (): Built | null => {
      looks += 1;
      return looks > 2 ? built : null;
    };
    const { said, tally } = await played([withBuild, row('first')], { programs: { of } });
    assert.equal(tally.passed, what === 'ok' ? 2 : 1);
    assert.ok(said.indexOf('first') < said.indexOf('with Go'));
    assert.equal(tally.lacking.size, what === 'missing' ? 1 : 0);
  }
});

test('what there is no time for is named, and does not count as passed', async () => {
  let now = 0;
  const play = async (): Promise<typeof FINE> => {
    now += 60;
    return FINE;
  };
  const rows = [row('one', { play }), row('two', { play }), row('three', { play })];
  const { said } = await played(rows, { limitMs: 100, elapsedMs: () => now });
  assert.match(said, /NOT RUN for want of time: 1\n {4}three\n2 passed, 0 failed$/);
});

test('rows that wait are played side by side, those that work one by one, and some alone', async () => {
  const running = new Set<string>();
  const seen: string[] = [];
  const of = (title: string, company: SuiteRow['company']): SuiteRow => {
    const play = async (): Promise<typeof FINE> => {
      running.add(title);
      seen.push([...running].sort().join('+'));
      for (let at = 0; at < 5; at += 1) await turn();
      running.delete(title);
      return FINE;
    };
    return row(title, { company, play });
  };
  const rows = [of('x', 'alone'), of('w1', 'works'), of('w2', 'works'), of('a', 'waits')];
  const { said } = await played([...rows, of('b', 'waits')], { jobs: 4 });
  assert.match(said, /5 passed/);
  assert.ok(seen.includes('x') && !seen.some((each) => each.includes('x') && each !== 'x'));
  assert.ok(!seen.some((each) => each.includes('w1') && each.includes('w2')));
  assert.ok(seen.some((each) => each.includes('a') && each.includes('b')));
});

test('the short run has every scenario once, one of each family first, and what bears no company last', () => {
  const quick = quickRows();
  assert.deepEqual(
    quick.slice(0, FAMILIES.length).map(({ family }) => family),
    FAMILIES,
  );
  assert.equal(quick.at(-1)?.company, 'alone');
  const all = new Set(allRows().map(({ title }) => title));
  assert.ok(quick.every(({ title }) => all.has(title)) && quick.length * 5 < all.size);
  assert.equal(new Set(quick.map(({ title }) => title)).size, quick.length);
  assert.deepEqual(inTurn([]), []);
});

test('rows are chosen by words, and a word that is not understood is named', () => {
  const titles = (...words: string[]): string[] =>
    chooseRows(readOptions(words)).map(({ title }) => title);
  assert.ok(titles('--only', 'swarm renamed').length === 1);
  assert.ok(titles('--quick', '--only', 'faults').every((title) => title.startsWith('faults')));
  assert.ok(!titles('--skip', 'hundred').some((title) => title.includes('hundred')));
  assert.deepEqual(titles('--only', 'no-such-row'), []);
  assert.throws(() => readOptions(['--quickly']), /not understood: --quickly/);
  assert.throws(() => readOptions(['--jobs', 'many']), /not understood: --jobs many/);
  assert.throws(() => readOptions(['--jobs', '0']), /not understood: --jobs 0/);
  assert.throws(() => readOptions(['--only']), /not understood: --only/);
  assert.throws(() => readOptions(['--only', '--quick']), /not understood: --only --quick/);
});

test('what was deferred is done backwards after success and failure, and its own failure counts', async () => {
  const done: string[] = [];
  const folders: string[] = [];
  const failed = await playScenario(
    {
      peer: 'nobody',
      name: 'cleans up',
      needs: [],
      run: async (context) => {
        folders.push(context.folder);
        writeFileSync(join(context.folder, 'file'), 'x');
        context.log(context.mode);
        context.defer(() => void done.push('first'));
        context.defer(async () => void done.push('second'));
        throw new Error('not so');
      },
    },
    'sealed',
    new UndoList(),
  );
  assert.match(failed.failure ?? '', /not so/);
  assert.deepEqual([failed.seen, failed.note], [['sealed'], 'sealed']);
  const mess = await playScenario(
    {
      peer: 'nobody',
      name: 'leaves a mess',
      needs: [],
      run: async (context) => {
        context.defer(() => void done.push('third'));
        context.defer(() => {
          throw new Error('stuck');
        });
      },
    },
    '',
    new UndoList(),
  );
  assert.match(mess.failure ?? '', /putting back: stuck/);
  assert.deepEqual(done, ['second', 'first', 'third']);
  assert.ok(folders.length === 1 && !existsSync(folders[0] ?? ''));
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
