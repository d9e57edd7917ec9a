import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Report } from '../../../sim/report.ts';
import { cellText, reportText, tableText } from '../../../sim/report.ts';

test('a figure is shown with as many digits as mean something', () => {
  const shown = [0, 7, -3, 123.456, 45.678, 3.14159, 0.1234, 0.0123, 0.00041, -0.5].map(cellText);
  assert.deepEqual(shown, [
    '0',
    '7',
    '-3',
    '123',
    '45.7',
    '3.14',
    '0.123',
    '0.0123',
    '0.00041',
    '-0.5',
  ]);
});

test('what is no figure is shown as it is, as nothing, or as a dash', () => {
  assert.deepEqual(['as is', null, Number.NaN, Infinity].map(cellText), ['as is', '', '-', '-']);
});

test('a table is aligned, with its notes below', () => {
  const text = tableText({
    title: 'Title',
    columns: ['a', 'long name'],
    rows: [
      ['first row', 1],
      [2.5, null],
    ],
    notes: ['A note.'],
  });
  assert.equal(
    text,
    `## Title

| a         | long name |
| --------- | --------- |
| first row | 1         |
| 2.50      |           |

A note.
`,
  );
});

test('a short row ends in empty cells, and a bar in a cell does not end it', () => {
  const text = tableText({ title: 'T', columns: ['a', 'b'], rows: [['x | y']] });
  assert.match(text, /\| x \\\| y \| {3}\|/);
});

test('aims say whether they are met, or that the run was too small to say', () => {
  const aim = (isMet: boolean | null): Report['aims'][number] => {
    return { what: 'w', ours: 1, peer: 2, aim: 'at most 3', isMet };
  };
  const report: Report = { tables: [], aims: [aim(true), aim(false), aim(null)], plots: [] };
  const rows = reportText(report)
    .split('\n')
    .filter((line) => line.includes('at most 3'));
  assert.deepEqual(
    rows.map((row) => row.split('|').at(-2)?.trim()),
    ['yes', 'no', 'too small a run'],
  );
});

test('without aims there is no table of aims', () => {
  const tables = [{ title: 'T', columns: ['a'], rows: [] }];
  assert.equal(reportText({ tables, aims: [], plots: [] }).includes('Aims'), false);
});
