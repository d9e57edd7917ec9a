import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Broadcasts } from '../../src/networkdb/broadcasts.ts';
import { DEFAULT_TABLES_OPTIONS } from '../../src/networkdb/index.ts';
import { Reaper } from '../../src/networkdb/reaper.ts';
import { Slices } from '../../src/networkdb/slices.ts';
import { Strays } from '../../src/networkdb/strays.ts';
import { TableState } from '../../src/networkdb/transitions.ts';
import { Counters, SeededRandom } from '../../src/runtime/index.ts';
import { VirtualClock } from '../../src/simulator/index.ts';

/*
 * How long what is gone is remembered, counted in ticks of the reaper.
 */

const TICK_MS = DEFAULT_TABLES_OPTIONS.reapPeriodMs;

function setUp(): { state: TableState; tickFor: (ms: number) => void } {
  const clock = new VirtualClock();
  const slices = new Slices(clock);
  const base = { localName: 'self', options: DEFAULT_TABLES_OPTIONS, counters: new Counters() };
  const hooks = { participantAdded: () => {}, retired: () => {}, inSlices: () => {} };
  const state = new TableState({ ...base, clock }, hooks);
  for (const [i, name] of ['self', 'a'].entries()) {
    const address = { host: `10.0.0.${i}`, port: 7946 };
    state.admit({ name, address, metadata: new Uint8Array(0) });
  }
  const broadcasts = new Broadcasts(state);
  const strays = new Strays({ state, returned: () => {} });
  const random = new SeededRandom(1);
  const reaper = new Reaper({ clock, random, state, broadcasts, slices, strays });
  const tickFor = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += TICK_MS) reaper.tick();
    clock.runFor(0);
  };
  return { state, tickFor };
}

test('a node that failed, or left, is forgotten after a day, and its attachments with it', () => {
  for (const how of ['fail', 'depart'] as const) {
    const { state, tickFor } = setUp();
    state.attach('a', 'n', 1);
    const record = state.nodes.get('a');
    assert.ok(record);
    record.isMember = false;
    state[how](record);
    // Of a failed node it is remembered where it was, in case it comes back.
    assert.equal(state.attachments.peer('a', 'n') !== undefined, how === 'fail');
    tickFor(86_400_000 - TICK_MS);
    assert.equal(state.nodes.get('a'), record);
    tickFor(TICK_MS);
    assert.equal(state.nodes.get('a'), undefined);
    assert.equal(state.attachments.peer('a', 'n'), undefined);
  }
});

test('a day counts from when the node went, not from an earlier time', () => {
  const { state, tickFor } = setUp();
  const record = state.nodes.get('a');
  assert.ok(record);
  state.fail(record);
  tickFor(80_000_000);
  state.activate(record);
  tickFor(10_000_000);
  state.fail(record);
  tickFor(80_000_000);
  assert.equal(state.nodes.get('a'), record);
});

test('a left attachment is remembered for longer than any entry it could let back in', () => {
  const { state, tickFor } = setUp();
  state.attach('a', 'n', 1);
  state.detach('a', 'n', 2);
  tickFor(1_825_000 - TICK_MS);
  assert.equal(state.attachments.peer('a', 'n')?.isLeaving, true);
  tickFor(TICK_MS);
  assert.equal(state.attachments.peer('a', 'n'), undefined);
});

test('a network that we left is forgotten whole', () => {
  const { state, tickFor } = setUp();
  const attachment = { network: 'n', time: 1, isLeaving: true, isSynced: true, hasMetPeers: false };
  state.attachments.setOwn({ ...attachment, expiresAt: state.countdown.after(1_825_000) });
  const address = { network: 'n', table: 't', key: 'k' };
  const version = { time: 1, owner: 'self', isDeleted: true, value: new Uint8Array(1) };
  state.write(address, version, state.countdown.after(10_000_000), 'local');
  tickFor(1_825_000 - TICK_MS);
  assert.equal(state.store.size, 1);
  tickFor(TICK_MS);
  assert.equal(state.store.size, 0);
  assert.equal(state.attachments.own('n'), undefined);
});
