import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Change, Watch } from '../../src/networkdb/index.ts';
import { decode, FakeCluster } from '../support/fake-membership.ts';
import type { FakeNode } from '../support/fake-membership.ts';
import type { GoState, Step } from '../support/go-scenarios.ts';
import { applyStep, scenarios } from '../support/go-scenarios.ts';

/*
 * What Docker's NetworkDB (moby b985e2313a86) does with messages, calls and member notices, step by step,
 * against our engine: visible entries, tombstones, hidden entries, members, node lists, both clocks, and
 * the changes that watchers hear. Where we differ on purpose the step is listed below with its reason,
 * and must really differ.
 */

/** Steps after which we differ, with the reason. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  'table-events: event in our own name':
    'Go drops it and the ghost stays at the others; we answer it with a fresh tombstone',
  'table-events: memberlist reports that peer2 joined':
    'the attachment that came just before its node was kept, not lost',
  'table-events: peer2 updates k': 'our clock is ahead since the answered ghost',
  'local-calls: create in a network not joined':
    'refused: Go stores it where nobody will ever see it',
  'local-calls: leave network w1': 'the entry of the network not joined is still there in Go',
  'local-calls: leave a network not joined': 'likewise; and a call that fails moves no clock',
  'attachments: memberlist reports that peer joined':
    'the attachment that came just before its node was kept, not lost',
  'attachments: push/pull of peer':
    'a leave that somebody claims of us is answered by a join, at a time of its own',
  'network-prefix: leave network w1':
    'Go also leaves w10, as its walk has no closing slash; names are matched whole here',
};

const VERSION = 'moby-b985e23';

for (const { name, steps } of scenarios) {
  test(`scenario ${name} goes as in Go, but for the listed differences`, async () => {
    const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: false } });
    const self = cluster.start('self');
    const watch = self.engine.watch();
    const oursBefore: Counts = { tombstones: 0, table: 0, network: 0 };
    const theirsBefore: Counts = { tombstones: 0, table: 0, network: 0 };
    for (const step of steps) {
      const result = step.results.find(({ versions }) => versions.includes(VERSION));
      if (result === undefined || step.op === 'start') continue;
      // Time stands still, so that no exchange of whole networks moves a clock in between.
      const isOk = applyStep(self, step);
      const ours = movedBy(oursBefore, await summary(self, watch, isOk, result.state));
      const theirs = movedBy(theirsBefore, goSummary(result, step));
      const at = `${name}: ${step.description}`;
      if (DIFFERENCES[at] === undefined) assert.deepEqual(ours, theirs, at);
      else assert.notDeepEqual(ours, theirs, `${at}: no difference any more`);
    }
    self.kill();
  });
}

interface Counts {
  tombstones: number;
  table: number;
  network: number;
}

interface Summary {
  readonly counts: Counts;
  readonly seen: unknown;
}

/** The summary with its counts as differences to the step before, so that one deviation shows once. */
function movedBy(before: Counts, { counts, seen }: Summary): unknown {
  const moved = {
    tombstones: counts.tombstones - before.tombstones,
    table: counts.table - before.table,
    network: counts.network - before.network,
  };
  Object.assign(before, counts);
  return { moved, seen };
}

async function summary(
  self: FakeNode,
  watch: Watch,
  isOk: boolean,
  like: GoState,
): Promise<Summary> {
  const { engine } = self;
  const events: string[] = [];
  while (watch.bufferedCount > 0) {
    const { value } = (await watch.next()) as { value: Change };
    if (value.kind !== 'resync') {
      events.push(`${value.kind} ${value.network}/${value.table}/${value.key}`);
    }
  }
  const tables = new Set(like.entries.map(({ network, table }) => `${network} ${table}`));
  const visible = [...tables].flatMap((pair) => {
    const [network = '', table = ''] = pair.split(' ');
    return [...engine.entries(network, table)].map(
      (entry) => `${network}/${table}/${entry.key}=${decode(entry.value)} by ${entry.owner}`,
    );
  });
  const { tombstones, hidden, clocks } = engine.stats();
  const seen = {
    isOk,
    events: events.sort(),
    visible: visible.sort(),
    hidden,
    failed: engine.nodes('failed'),
    left: engine.nodes('left'),
    peers: Object.keys(like.networkNodes).map((network) => engine.peers(network).join()),
  };
  return { seen, counts: { tombstones, ...clocks } };
}

function goSummary(result: Step['results'][number], step: Step): Summary {
  const { state, events } = result;
  const isHidden = (owner: string): boolean => state.failedNodes.includes(owner);
  const live = state.entries.filter((entry) => !entry.deleting);
  const counts = {
    tombstones: state.entries.length - live.length,
    table: Number(state.tableClock.$u64),
    network: Number(state.networkClock.$u64),
  };
  const seen = {
    isOk: result.ok ?? !['create', 'update', 'delete', 'joinNetwork'].includes(step.op),
    events: events
      .filter(({ table }) => table !== 'NodeTable')
      .map((event) => `${event.kind} ${event.network}/${event.table}/${event.key}`)
      .sort(),
    visible: live
      .filter(({ owner }) => !isHidden(owner))
      .map(
        (entry) => `${entry.network}/${entry.table}/${entry.key}=${entry.value} by ${entry.owner}`,
      )
      .sort(),
    hidden: live.filter(({ owner }) => isHidden(owner)).length,
    failed: [...state.failedNodes].sort(),
    left: [...state.leftNodes].sort(),
    peers: Object.values(state.networkNodes).map((names) => [...names].sort().join()),
  };
  return { seen, counts };
}
