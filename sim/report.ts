/*
 * What a board has found: tables whose rows put our figure beside the peer's and the aim, and curves. The
 * same object is printed, written as JSON and drawn.
 */

/** A figure, a text, or nothing. */
export type Cell = string | number | null;

/** Rows of figures. */
export interface ReportTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** What a reader must know to read it right. */
  readonly notes?: readonly string[];
}

/** One thing that is aimed at. */
export interface Aim {
  readonly what: string;
  readonly ours: Cell;
  readonly peer: Cell;
  readonly aim: string;
  /** Null when this run is too small to say. */
  readonly isMet: boolean | null;
}

/** Whether an aim is met: what misses it misses it at any size, but only enough runs show that it is met. */
export function verdict(isGood: boolean, isEnough: boolean): boolean | null {
  if (!isGood) return false;
  return isEnough ? true : null;
}

/** Curves over one axis. */
export interface Plot {
  /** Becomes part of a file's name. */
  readonly name: string;
  readonly title: string;
  readonly x: { readonly label: string; readonly isLog?: boolean };
  readonly y: { readonly label: string; readonly isLog?: boolean };
  readonly curves: readonly {
    readonly label: string;
    /** Points as `[x, y]`, by rising x. */
    readonly points: readonly (readonly [number, number])[];
    readonly isDashed?: boolean;
  }[];
}

/** All that one command found. */
export interface Report {
  readonly tables: readonly ReportTable[];
  readonly aims: readonly Aim[];
  readonly plots: readonly Plot[];
}

/** The report as text for a terminal or a Markdown page. */
export function reportText(report: Report): string {
  const aims: ReportTable = {
    title: 'Aims',
    columns: ['what', 'ours', 'peer', 'aim', 'met'],
    rows: report.aims.map(({ what, ours, peer, aim, isMet }) => {
      return [what, ours, peer, aim, isMet === null ? 'too small a run' : isMet ? 'yes' : 'no'];
    }),
  };
  return [...report.tables, ...(report.aims.length > 0 ? [aims] : [])].map(tableText).join('\n');
}

/** One table, aligned. */
export function tableText({ title, columns, rows, notes = [] }: ReportTable): string {
  const texts = [columns, ...rows.map((row) => row.map(cellText))].map((row) =>
    row.map((text) => text.replaceAll('|', '\\|')),
  );
  const widths = columns.map((_, at) => Math.max(...texts.map((row) => (row[at] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, at) => (row[at] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const [head = [], ...body] = texts;
  const tail = notes.length > 0 ? ['', ...notes] : [];
  return [`## ${title}`, '', line(head), rule, ...body.map(line), ...tail, ''].join('\n');
}

/** A figure with as many digits as mean something. */
export function cellText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return cell;
  if (!Number.isFinite(cell)) return '-';
  if (Number.isInteger(cell)) return String(cell);
  const size = Math.abs(cell);
  // Shares and small ticks are told apart by their digits, not by their places.
  if (size < 1) return String(Number(cell.toPrecision(3)));
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return cell.toFixed(digits);
}
