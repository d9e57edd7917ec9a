import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { DEFAULT_TABLES_OPTIONS } from '../../src/networkdb/index.ts';
import type { NodeRecord } from '../../src/networkdb/nodes.ts';
import type { Notice } from '../../src/networkdb/notices.ts';
import { Slices } from '../../src/networkdb/slices.ts';
import { FrozenView } from '../../src/networkdb/table-view.ts';
import { TableState } from '../../src/networkdb/transitions.ts';
import { PASSED_OVER, WatchFeed } from '../../src/networkdb/watch-feed.ts';
import { Counters } from '../../src/runtime/index.ts';
import { VirtualClock } from '../../src/simulator/index.ts';

/*
 * A reader that follows a watch must end with what the tables hold, whatever happened and whenever it
 * started, was slow or was told anew. On its way it may never hear of the creation of what it has, or of
 * the change or end of what it has not.
 */

const OWNERS = ['self', 'a', 'b'] as const;
const owner = fc.constantFrom(...OWNERS);
const peer = fc.constantFrom('a', 'b');
const key = fc.constantFrom('k1', 'k2', 'k3', 'x1', 'x2');
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('write'), owner, key }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('erase'), owner, key }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('many'), owner: peer }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('fail'), owner: peer }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('return'), owner: peer }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('depart'), owner: peer }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('detach'), owner: peer }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('sweep') }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('turn') }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('watch'), buffer: fc.nat(400) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('read'), count: fc.nat(300) }) },
);

/** Follows one watch and checks what it hears. */
class Follower {
  readonly seen = new Map<string, number>();
  readonly #feed: WatchFeed;

  constructor(state: TableState, buffer: number) {
    const options = { buffer: buffer + 1, overflow: 'resync', local: true } as const;
    const filter = { network: 'n', table: 't', hasNodes: false };
    this.#feed = new WatchFeed(state.watches, filter, options, {
      news: () => {},
      failed: () => assert.fail('it starts over instead'),
    });
    state.watches.attach(this.#feed);
  }

  read(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const notice = this.#feed.take();
      if (notice === null) return;
      if (notice !== PASSED_OVER) this.#hear(notice);
    }
  }

  #hear(notice: Notice): void {
    const { seen } = this;
    switch (notice.kind) {
      case 'resync':
        seen.clear();
        break;
      case 'create':
        assert.ok(!seen.has(notice.key), `${notice.key} is created twice`);
        seen.set(notice.key, notice.time);
        break;
      case 'update':
        assert.ok(seen.has(notice.key), `${notice.key} is updated and was not there`);
        seen.set(notice.key, notice.time);
        break;
      case 'delete':
        assert.ok(seen.delete(notice.key), `${notice.key} is deleted and was not there`);
        break;
      case 'nodeJoin':
      case 'nodeUpdate':
      case 'nodeGone':
        assert.fail('nodes were not asked for');
    }
  }
}

function stateWithPeers(): { state: TableState; clock: VirtualClock } {
  const clock = new VirtualClock();
  const slices = new Slices(clock);
  const base = { localName: 'self', options: DEFAULT_TABLES_OPTIONS, counters: new Counters() };
  const state = new TableState(
    { ...base, clock },
    {
      participantAdded: () => undefined,
      retired: () => undefined,
      inSlices: (steps) => {
        slices.start(steps, () => undefined);
      },
    },
  );
  for (const [i, name] of OWNERS.entries()) {
    const address = { host: `10.0.0.${i}`, port: 7946 };
    state.admit({ name, address, metadata: new Uint8Array(0) });
  }
  return { state, clock };
}

function recordOf(state: TableState, name: string): NodeRecord {
  const record = state.nodes.get(name);
  assert.ok(record);
  return record;
}

test('whoever follows a watch holds what the tables hold, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const { state, clock } = stateWithPeers();
      const followers = [new Follower(state, 1_000_000)];
      let time = 0;
      const write = (name: string, at: string, isDeleted = false): void => {
        const version = { time: (time += 1), owner: name, isDeleted, value: new Uint8Array(1) };
        const address = { network: 'n', table: 't', key: at };
        state.write(address, version, 0, name === 'self' ? 'local' : 'remote');
      };
      for (const s of steps) {
        const record = 'owner' in s ? recordOf(state, s.owner) : recordOf(state, 'self');
        if (s.op === 'write' && 'key' in s) write(s.owner, s.key);
        if (s.op === 'erase' && 'key' in s) write(s.owner, s.key, true);
        if (s.op === 'many') for (let i = 0; i < 200; i += 1) write(record.name, `m${i}`);
        if (s.op === 'fail' && record.state === 'active') state.fail(record);
        if (s.op === 'return' && record.state !== 'active') state.activate(record);
        if (s.op === 'depart' && record.state !== 'left') state.depart(record);
        if (s.op === 'detach') state.detach(record.name, 'n', (time += 1));
        if (s.op === 'sweep') Array.from(state.store.sweep());
        if (s.op === 'turn') clock.runNext();
        if ('buffer' in s) followers.push(new Follower(state, s.buffer));
        if ('count' in s) for (const follower of followers) follower.read(s.count);
      }
      clock.runFor(0);
      const view = new FrozenView(state.store, 'n', 't');
      const held = [...view.entries()].map((entry) => [entry.key, entry.time]);
      assert.equal(view.size, held.length);
      for (const follower of followers) {
        follower.read(Infinity);
        assert.deepEqual([...follower.seen].sort(), held.sort());
      }
    }),
    { numRuns: 200 },
  );
});
