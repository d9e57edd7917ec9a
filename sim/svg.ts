import type { Plot } from './report.ts';
import { cellText } from './report.ts';

/*
 * Curves as a picture: no script, no font of its own, readable on a light page and on a dark one.
 */

const WIDTH = 760;
const HEIGHT = 400;
const LEFT = 70;
const RIGHT = 190;
const TOP = 44;
const BOTTOM = 52;
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f'];

interface Axis {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
  /** Place of a value between the ends, 0 to 1. */
  place(value: number): number;
}

/** The drawing of a plot. Points that a logarithmic axis has no place for are left out. */
export function plotSvg(plot: Plot): string {
  const points = plot.curves.flatMap(({ points }) => points).filter((point) => fits(plot, point));
  const x = axisOf(
    points.map(([value]) => value),
    plot.x.isLog ?? false,
  );
  const y = axisOf(
    [...points.map(([, value]) => value), ...(plot.y.isLog ? [] : [0])],
    plot.y.isLog ?? false,
  );
  const left = (value: number): string =>
    (LEFT + x.place(value) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const top = (value: number): string =>
    (HEIGHT - BOTTOM - y.place(value) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const grid = [
    ...x.ticks.map((tick) => {
      const at = left(tick);
      return `<path d="M${at} ${TOP}V${HEIGHT - BOTTOM}"/><text x="${at}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${cellText(tick)}</text>`;
    }),
    ...y.ticks.map((tick) => {
      const at = top(tick);
      return `<path d="M${LEFT} ${at}H${WIDTH - RIGHT}"/><text x="${LEFT - 8}" y="${at}" dy="4" text-anchor="end">${cellText(tick)}</text>`;
    }),
  ];
  const curves = plot.curves.map(({ label, points: all, isDashed = false }, at) => {
    const shown = all.filter((point) => fits(plot, point));
    const line = shown.map(([px, py]) => `${left(px)},${top(py)}`).join(' ');
    const colour = COLOURS[at % COLOURS.length] ?? '#000';
    const dash = isDashed ? ' stroke-dasharray="6 4"' : '';
    const legendAt = TOP + 8 + at * 20;
    return `<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>
<path d="M${WIDTH - RIGHT + 14} ${legendAt}h22" stroke="${colour}" stroke-width="2"${dash}/><text x="${WIDTH - RIGHT + 42}" y="${legendAt + 4}">${escaped(label)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="sans-serif" font-size="12">
<title>${escaped(plot.title)}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${LEFT}" y="24" font-size="15">${escaped(plot.title)}</text>
<g stroke="#ddd" fill="none">${grid.join('\n').replaceAll('<text ', '<text stroke="none" fill="#333" ')}</g>
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${escaped(plot.x.label)}</text>
<text x="16" y="${(TOP + HEIGHT - BOTTOM) / 2}" text-anchor="middle" transform="rotate(-90 16 ${(TOP + HEIGHT - BOTTOM) / 2})">${escaped(plot.y.label)}</text>
${curves.join('\n')}
</svg>
`;
}

function fits(plot: Plot, [x, y]: readonly [number, number]): boolean {
  if (!Number.isFinite(x) || !Number.isFinite(y)) return false;
  return !(plot.x.isLog && x <= 0) && !(plot.y.isLog && y <= 0);
}

function axisOf(values: readonly number[], isLog: boolean): Axis {
  const least = values.reduce(
    (a, b) => Math.min(a, b),
    values.length > 0 ? Infinity : isLog ? 1 : 0,
  );
  const most = values.reduce((a, b) => Math.max(a, b), values.length > 0 ? -Infinity : 1);
  return isLog ? logAxis(least, most) : linearAxis(least, most);
}

function linearAxis(least: number, most: number): Axis {
  const span = most > least ? most - least : Math.abs(most) || 1;
  const rough = span / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10);
  const min = Math.floor(least / step) * step;
  const max = Math.max(min + step, Math.ceil(most / step) * step);
  const count = Math.round((max - min) / step);
  const ticks = Array.from({ length: count + 1 }, (_, at) =>
    Number((min + at * step).toPrecision(12)),
  );
  return { min, max, ticks, place: (value) => (value - min) / (max - min) };
}

function logAxis(least: number, most: number): Axis {
  const low = Math.floor(Math.log10(least));
  const high = Math.max(low + 1, Math.ceil(Math.log10(most)));
  const ticks = Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at));
  const place = (value: number): number => (Math.log10(value) - low) / (high - low);
  return { min: 10 ** low, max: 10 ** high, ticks, place };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
