// Events kept for an owner that is not known yet: how much of them, and for how long.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EARLY_EVENT_MS, EarlyEvents } from '../../src/networkdb/early-events.ts';
import { DEFAULT_TABLES_OPTIONS } from '../../src/networkdb/index.ts';
import { Counters } from '../../src/runtime/index.ts';
import { VirtualClock } from '../../src/simulator/index.ts';

const MB = 1_000_000;

function bench() {
  const clock = new VirtualClock();
  const counters = new Counters();
  const events = new EarlyEvents(clock, DEFAULT_TABLES_OPTIONS.limits, counters);
  const keep = (node: string, bytes: number): void => {
    events.keep({ kind: 'table', node, network: 'prod', inner: new Uint8Array(bytes) });
  };
  const state = (): object => ({
    kept: events.size,
    dropped: counters.get('tables.early.dropped'),
  });
  return { clock, events, keep, state };
}

test('they are bounded by bytes, names of their owners among them', () => {
  const { clock, events, keep, state } = bench();
  for (let i = 0; i < 20; i += 1) keep('other', MB);
  assert.deepEqual(state(), { kept: 8, dropped: 12 });
  keep('o'.repeat(4 * MB), MB);
  assert.deepEqual(state(), { kept: 4, dropped: 17 });
  keep('other', 9 * MB);
  assert.deepEqual(state(), { kept: 4, dropped: 18 }, 'one that is too large by itself');
  assert.equal(events.takeWrites('other', 'prod').length, 3);
  for (let i = 0; i < 3; i += 1) keep('third', MB);
  assert.deepEqual(state(), { kept: 4, dropped: 18 }, 'what was taken leaves room');
  clock.runFor(EARLY_EVENT_MS + 1);
  assert.deepEqual(state(), { kept: 0, dropped: 22 });
});
