// Each benchmark of one process plays here at a tiny size, and refuses to measure what gives wrong results: every
// function that it measures is damaged once.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AnyBench, Subject } from '../../benchmarks/bench.ts';
import { CODEC_BENCHES, TABLE_BENCHES } from '../../benchmarks/benches.ts';
import { compareReports } from '../../benchmarks/compare.ts';
import type { BenchReport } from '../../benchmarks/report.ts';
import { failuresText, growthTable, rowsTable } from '../../benchmarks/report.ts';
import { growthOf, resultOf } from '../../benchmarks/results.ts';
import type { Row } from '../../benchmarks/rows.ts';
import { ROWS } from '../../benchmarks/rows.ts';

const TINY = { size: 12, budgetMs: 1 };

/** Whether what the benchmark measures gives back nothing: then it is not called at all. */
const SILENT = ['create', 'take'];

function damaged(name: string, run: Subject[string]): Subject[string] {
  if (SILENT.includes(name)) return () => undefined;
  return (...args) => {
    const result = run(...args);
    if (result instanceof Uint8Array) {
      const bytes = result.slice();
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      return bytes;
    }
    const [field = '', value] = Object.entries(result as object).at(-1) ?? [];
    return { ...(result as object), [field]: Array.isArray(value) ? value.slice(1) : 'damaged' };
  };
}

const play = async (bench: AnyBench, subject: Subject) => bench.play(subject, TINY);

test('every benchmark of one process has figures for all its rows, whatever its size', async () => {
  for (const bench of [...CODEC_BENCHES, ...TABLE_BENCHES]) {
    const figures = await play(bench, bench.subject);
    for (const row of ROWS.filter((each) => each.bench === bench.name)) {
      const value = figures[row.figure];
      assert.ok(typeof value === 'number' && Number.isFinite(value), row.name);
    }
  }
});

test('a benchmark whose function gives a wrong result measures nothing', async () => {
  let damages = 0;
  for (const bench of [...CODEC_BENCHES, ...TABLE_BENCHES]) {
    for (const [name, run] of Object.entries(bench.subject)) {
      const subject = { ...bench.subject, [name]: damaged(name, run) };
      await assert.rejects(play(bench, subject), Error, `${bench.name} ${name}`);
      damages += 1;
    }
  }
  assert.ok(damages >= 15, `${damages}`);
});

const ROW: Row = {
  name: 'sync of 10',
  bench: 'sync',
  size: 10,
  figure: 'ms',
  unit: 'ms',
  target: 0.5,
  runs: 3,
};

/** A report of nothing. */
const REPORT: BenchReport = {
  command: 'npm run bench',
  date: '2026-01-01',
  commit: 'a',
  node: '20',
  cpu: 'x',
  load: [0, 2],
  peer: null,
  rows: [],
  growth: [],
  failures: [],
};

test('a ratio is the median of runs side by side, and growth the slope between sizes', () => {
  const pairs = [
    { ours: { ms: 2 }, peer: { ms: 10 } },
    { ours: { ms: 9 }, peer: { ms: 10 } },
    { ours: { ms: 30 }, peer: { ms: 100 } },
    { ours: { ms: 3 }, peer: {} },
  ];
  const result = resultOf(ROW, pairs);
  assert.equal(result.ratio, 0.3);
  assert.deepEqual(result.ratioSpread, [0.2, 0.9]);
  assert.equal(result.isMet, true);
  assert.equal(resultOf({ ...ROW, target: 0.25 }, pairs).isMet, false);
  assert.equal(resultOf(ROW, [{ ours: { ms: 2 }, peer: null }]).isMet, null);
  const limited = resultOf({ ...ROW, target: null, limit: 5 }, [{ ours: { ms: 6 }, peer: null }]);
  assert.equal(limited.isMet, false);
  const large = { ...ROW, name: 'sync of 1000', size: 1000 };
  const results = [result, resultOf(large, [{ ours: { ms: 600 }, peer: { ms: 10 } }])];
  const [growth] = growthOf(results);
  assert.ok(growth?.ours !== null && growth !== undefined && Math.abs(growth.ours - 1) < 1e-9);
  const report = { ...REPORT, rows: results, growth: growthOf(results) };
  assert.deepEqual(rowsTable(report).rows[0]?.slice(4), [0.3, '0.2 to 0.9', 0.5, 'yes']);
  assert.equal(growthTable(report).rows.length, 1);
  assert.match(compareReports(report, { ...report, commit: 'b' }), /sync of 1000 .*\| 1 +\|/);
});

test('a run that fails is told of, and its row is missed when it was ours', () => {
  const report: BenchReport = {
    ...REPORT,
    peer: 'go1',
    rows: [
      resultOf(ROW, [{ ours: { ms: 1 }, peer: {} }]),
      resultOf(ROW, [
        { ours: {}, peer: { ms: 10 } },
        { ours: { ms: 1 }, peer: { ms: 10 } },
      ]),
    ],
    failures: [{ side: 'go', bench: 'sync', size: 10, reason: 'never came: all\nafter 3 min' }],
  };
  assert.deepEqual(
    rowsTable(report).rows.map((cells) => cells.at(-1)),
    ['', 'NO'],
  );
  assert.equal(failuresText(report), 'failed: sync:10, go: never came: all\n  after 3 min\n');
  assert.equal(failuresText({ ...report, failures: [] }), '');
});
