import type { Met } from './expectations.ts';
import type { Snapshot } from './messages.ts';
import { TABLES } from './messages.ts';

/*
 * One picture of the live view, as plain lines: a row for each member, how far the members agree, and
 * what has been shown so far. A pure function of what the members said last.
 */

/** A member as the picture shows it. */
export interface FrameMember {
  readonly name: string;
  readonly pid: number;
  readonly state: string;
  readonly latest: Snapshot | null;
}

/** What a picture shows. */
export interface FrameModel {
  readonly elapsedMs: number;
  readonly stage: string;
  readonly members: readonly FrameMember[];
  readonly met: readonly Met[];
  /** The expectation that is waited for. */
  readonly open: string | null;
}

const BAR_CELLS = 30;
const GONE = new Set(['killed', 'left', 'ended']);

/**
 * Draws a picture.
 *
 * @param size - columns and rows that are free; longer lines are cut, the oldest results left out
 */
export function drawFrame(
  model: FrameModel,
  size: { readonly columns: number; readonly rows: number },
): readonly string[] {
  const head = [
    `networkdb demo   ${seconds(model.elapsedMs)}   stage ${model.stage}`,
    '',
    ...memberRows(model.members),
    '',
    agreementLine(model.members),
    '',
  ];
  const open = model.open === null ? [] : [`  … ${model.open}`];
  const room = Math.max(size.rows - head.length - open.length, 1);
  const met = model.met.slice(-room).map(metLine);
  const lines = [...head, ...met, ...open].slice(0, size.rows);
  return lines.map((line) => line.slice(0, size.columns));
}

/** A row for each member, under a row of titles. */
export function memberRows(members: readonly FrameMember[]): readonly string[] {
  const titles = ['member', 'pid', 'state', 'sees', ...TABLES, 'key', 'hash', 'memory', 'cpu'];
  return [row(titles), ...members.map(memberRow)];
}

/** An expectation that holds, with its time unless it held at once. */
export function metLine({ name, ms }: Met): string {
  return `  ✓ ${name}${ms === 0 ? '' : `  ${seconds(ms)}`}`;
}

/** Share of (live member, table) pairs in which the member holds what most members hold, 0 to 1. */
export function agreementOf(snapshots: readonly Snapshot[]): number {
  if (snapshots.length === 0) return 0;
  let agreeing = 0;
  for (const table of TABLES) {
    const counts = new Map<string, number>();
    for (const { tables } of snapshots) {
      const { hash } = tables[table];
      counts.set(hash, (counts.get(hash) ?? 0) + 1);
    }
    agreeing += Math.max(...counts.values());
  }
  return agreeing / (snapshots.length * TABLES.length);
}

/** A length of time for people. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function memberRow(member: FrameMember): string {
  const { name, pid, state, latest } = member;
  if (latest === null || GONE.has(state)) return row([name, `${pid}`, state]);
  const alive = latest.members.filter((one) => one.state === 'alive').length;
  const keys = latest.keys.map((key) => key.fingerprint.slice(0, 4));
  const hashes = TABLES.map((table) => latest.tables[table].hash.slice(0, 2));
  return row([
    name,
    `${pid}`,
    state,
    `${alive}/${latest.members.length}`,
    ...TABLES.map((table) => `${latest.tables[table].entries}`),
    keys.join('+'),
    hashes.join(' '),
    `${Math.round(latest.rssBytes / 1e6)} MB`,
    `${latest.cpuMs} ms`,
  ]);
}

function agreementLine(members: readonly FrameMember[]): string {
  const live = members.filter((member) => !GONE.has(member.state));
  const snapshots = live.flatMap(({ latest }) => (latest === null ? [] : [latest]));
  if (snapshots.length === 0) return 'agreement -';
  const share = agreementOf(snapshots);
  const filled = Math.floor(share * BAR_CELLS);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
  return `agreement ${bar} ${Math.floor(share * 100)} %`;
}

const WIDTHS = [7, 8, 9, 5, 10, 8, 7, 10, 9, 7, 8];

function row(cells: readonly string[]): string {
  return cells
    .map((cell, at) => cell.padEnd(WIDTHS[at] ?? 0))
    .join(' ')
    .trimEnd();
}
