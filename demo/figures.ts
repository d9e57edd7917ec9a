import type { Audit } from './ledger.ts';
import { byTable } from './ledger.ts';
import type { Met } from './expectations.ts';
import type { TableName } from './messages.ts';
import type { Orchestra } from './orchestra.ts';

/*
 * The figures of a run: what `--json` prints, and what the summary is made of.
 */

/** Measured times in milliseconds; null for what the demo did not come to. */
export interface Times {
  /** First process started, to all of them listening. */
  startedMs: number | null;
  /** First join, to every member seeing all members alive. */
  formedMs: number | null;
  /** Publishing the endpoint records, to every member holding all. */
  endpointsConvergedMs: number | null;
  /** Publishing the data set, to every member holding it. */
  datasetConvergedMs: number | null;
  /** Adding the new key, to the old one gone everywhere. */
  rotationMs: number | null;
  /** SIGKILL, to the last member knowing. */
  detectedMs: number | null;
  /** SIGKILL, to the entries gone from every member. */
  vanishedMs: number | null;
  /** Starting the process again, to every member holding its new record and it holding everything. */
  returnedMs: number | null;
  /** Leaving, to every member knowing and its entries gone. */
  leftMs: number | null;
  totalMs: number | null;
}

/** What a process used. */
export interface ProcessUse {
  readonly pid: number;
  readonly rssBytes: number;
  readonly cpuMs: number;
}

/** The one JSON line. */
export interface Figures {
  readonly ok: boolean;
  /** The expectation that did not hold. */
  readonly failed?: {
    readonly expectation: string;
    readonly seen: string;
    readonly waitedMs: number;
  };
  readonly nodeVersion: string;
  readonly members: number;
  readonly expectations: number;
  /** Entries that every member held at the end, by table. */
  readonly entries: Readonly<Record<TableName, number>>;
  readonly times: Readonly<Times>;
  /** Acknowledged while the key was rotated. */
  readonly writesUnderRotation: number;
  /** Times that a member was suspected, rightly or not. */
  readonly suspicions: number;
  /** Hash of each table at the end, equal on all members. */
  readonly hashes: Readonly<Record<TableName, string>>;
  /** Entries times members held against what was written, over all comparisons. */
  readonly compared: number;
  readonly lost: number;
  readonly ghosts: number;
  readonly comparisons: readonly Audit[];
  readonly processes: Readonly<Record<string, ProcessUse>>;
}

/** What is measured as the demo goes. */
export interface Measured {
  readonly times: Times;
  readonly audits: Audit[];
  writesUnderRotation: number;
}

/** Nothing measured yet. */
export function nothingMeasured(): Measured {
  return {
    times: {
      startedMs: null,
      formedMs: null,
      endpointsConvergedMs: null,
      datasetConvergedMs: null,
      rotationMs: null,
      detectedMs: null,
      vanishedMs: null,
      returnedMs: null,
      leftMs: null,
      totalMs: null,
    },
    audits: [],
    writesUnderRotation: 0,
  };
}

/** Puts the figures of a run together. */
export function collectFigures(o: {
  readonly measured: Measured;
  readonly orchestra: Orchestra;
  readonly met: readonly Met[];
  readonly failed: NonNullable<Figures['failed']> | null;
}): Figures {
  const { times, audits, writesUnderRotation } = o.measured;
  const last = audits.at(-1);
  const sum = (valueOf: (audit: Audit) => number): number =>
    audits.reduce((total, audit) => total + valueOf(audit), 0);
  const rounded = Object.entries(times).map(([name, ms]: [string, number | null]) => [
    name,
    ms === null ? null : Math.round(ms),
  ]);
  return {
    ok: o.failed === null,
    ...(o.failed === null ? {} : { failed: o.failed }),
    nodeVersion: process.version,
    members: o.orchestra.all().length,
    expectations: o.met.length,
    entries: last?.entries ?? byTable(() => 0),
    times: Object.fromEntries(rounded) as Times,
    writesUnderRotation,
    suspicions: o.orchestra.sightings.filter(({ event }) => event === 'suspect').length,
    hashes: last?.hashes ?? byTable(() => ''),
    compared: sum((audit) => audit.compared),
    lost: sum((audit) => audit.lost),
    ghosts: sum((audit) => audit.ghosts),
    comparisons: audits,
    processes: Object.fromEntries(
      o.orchestra
        .all()
        .map(({ name, pid, latest }) => [
          name,
          { pid, rssBytes: latest?.rssBytes ?? 0, cpuMs: latest?.cpuMs ?? 0 },
        ]),
    ),
  };
}
