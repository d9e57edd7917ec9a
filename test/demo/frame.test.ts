import assert from 'node:assert/strict';
import { test } from 'node:test';

import { agreementOf, drawFrame } from '../../demo/frame.ts';
import type { FrameModel } from '../../demo/frame.ts';
import type { Snapshot, TableView } from '../../demo/messages.ts';

function snapshotOf(datasetHash: string): Snapshot {
  const table = (hash: string): TableView => ({ entries: 7, hash });
  return {
    members: [{ name: 'm1', state: 'alive', port: 1 }],
    peers: 1,
    tables: { endpoints: table('aa'), dataset: table(datasetHash), writes: table('cc') },
    pids: {},
    keys: [{ fingerprint: '12345678', isPrimary: true, heardMembers: 0 }],
    healthScore: 0,
    writes: 0,
    rssBytes: 64e6,
    cpuMs: 5,
  };
}

const model: FrameModel = {
  elapsedMs: 1500,
  stage: '1/2 something',
  members: [
    { name: 'm1', pid: 41, state: 'running', latest: snapshotOf('bb') },
    { name: 'm2', pid: 42, state: 'killed', latest: snapshotOf('dd') },
  ],
  met: Array.from({ length: 50 }, (_, at) => ({ name: `expectation ${at}`, ms: at })),
  open: 'the next one',
};

void test('members agree as far as they hold what most of them hold', () => {
  const [a, b] = [snapshotOf('bb'), snapshotOf('dd')];
  assert.equal(agreementOf([a, a, a]), 1);
  assert.equal(agreementOf([a, a, b]), 8 / 9);
  assert.equal(agreementOf([]), 0);
});

void test('a picture shows every member, the agreement of the living and the newest results', () => {
  const text = drawFrame(model, { columns: 200, rows: 20 }).join('\n');
  assert.match(text, /1\.50 s {3}stage 1\/2 something/);
  assert.match(text, /m1 +41 +running +1\/1 +7 +7 +7 +1234 +aa bb cc +64 MB +5 ms/);
  assert.match(text, /m2 +42 +killed$/m);
  assert.match(text, /agreement █{30} 100 %/);
  assert.match(text, /✓ expectation 49 {2}0\.05 s\n {2}… the next one$/);
  assert.doesNotMatch(text, /expectation 0 /);
});

void test('a picture fits into its terminal', () => {
  for (const [columns, rows] of [
    [40, 12],
    [10, 5],
    [200, 100],
  ] as const) {
    const lines = drawFrame(model, { columns, rows });
    assert.ok(lines.length <= rows);
    assert.ok(lines.every((line) => line.length <= columns));
  }
});
