import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Plot } from '../../../sim/report.ts';
import { plotSvg } from '../../../sim/svg.ts';

const PLOT: Plot = {
  name: 'p',
  title: 'Losses < 5 % & "more"',
  x: { label: 'ms' },
  y: { label: 'share' },
  curves: [
    {
      label: 'ours <b>',
      points: [
        [0, 0],
        [50, 0.5],
        [100, 1],
      ],
    },
    {
      label: 'peer',
      points: [
        [0, 0],
        [100, 0.25],
      ],
      isDashed: true,
    },
  ],
};

/** Throws unless every tag is closed in its order and no bare sign stands in the text. */
function checkXml(text: string): void {
  const open: string[] = [];
  const rest = text.replace(
    /<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"<>]*")*)\s*(\/?)>/g,
    (_, end, name, __, single) => {
      if (end === '/') assert.equal(open.pop(), name);
      else if (single !== '/') open.push(name as string);
      return '';
    },
  );
  assert.deepEqual(open, []);
  assert.doesNotMatch(rest.replace(/&(?:amp|lt|gt|quot);/g, ''), /[<>&]/);
}

function linesOf(svg: string): number[][][] {
  return [...svg.matchAll(/<polyline points="([^"]*)"/g)].map((found) => {
    const points = found[1] ?? '';
    return points === '' ? [] : points.split(' ').map((point) => point.split(',').map(Number));
  });
}

test('a drawing is well-formed, and its texts are escaped', () => {
  const svg = plotSvg(PLOT);
  checkXml(svg);
  assert.match(svg, /Losses &lt; 5 % &amp; "more"/);
  assert.match(svg, /ours &lt;b&gt;/);
});

test('every curve is drawn from left to right and from the bottom up, the dashed one dashed', () => {
  const svg = plotSvg(PLOT);
  const [ours = [], peer = []] = linesOf(svg);
  assert.equal(ours.length, 3);
  const [first = [], middle = [], last = []] = ours;
  assert.ok((first[0] ?? 0) < (middle[0] ?? 0) && (middle[0] ?? 0) < (last[0] ?? 0));
  assert.ok((first[1] ?? 0) > (middle[1] ?? 0) && (middle[1] ?? 0) > (last[1] ?? 0));
  assert.equal(peer.length, 2);
  assert.equal(svg.match(/<polyline[^>]*stroke-dasharray/g)?.length, 1);
});

test('on a logarithmic axis equal factors are equal distances, and zero has no place', () => {
  const points = [
    [0, 1],
    [1, 1],
    [10, 1],
    [100, 1],
  ] as const;
  const curves = [{ label: 'c', points }];
  const svg = plotSvg({ ...PLOT, x: { label: 'ms', isLog: true }, curves });
  checkXml(svg);
  const [line = []] = linesOf(svg);
  assert.equal(line.length, 3);
  const [a = 0, b = 0, c = 0] = line.map(([x]) => x);
  assert.ok(Math.abs(b - a - (c - b)) < 0.2 && b > a);
});

test('ticks of a logarithmic axis are told apart however small', () => {
  const curves = [
    {
      label: 'c',
      points: [
        [1, 0.0001],
        [2, 1],
      ] as const,
    },
  ];
  const svg = plotSvg({ ...PLOT, y: { label: 'share', isLog: true }, curves });
  for (const tick of ['0.0001', '0.001', '0.01', '0.1', '1']) {
    assert.ok(svg.includes(`>${tick}</text>`), tick);
  }
});

test('curves without points, of one point or without a height are drawn too', () => {
  for (const points of [
    [],
    [[3, 4]],
    [
      [1, 0],
      [2, 0],
    ],
    [[Number.NaN, 1]],
  ] as const) {
    for (const isLog of [false, true]) {
      const axes = { x: { label: 'x', isLog }, y: { label: 'y', isLog } };
      const svg = plotSvg({ ...PLOT, ...axes, curves: [{ label: 'c', points }] });
      checkXml(svg);
      assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
    }
  }
});
