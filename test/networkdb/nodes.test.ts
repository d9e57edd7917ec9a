import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { NodeRecord, NodeState } from '../../src/networkdb/nodes.ts';
import { NodeTable } from '../../src/networkdb/nodes.ts';
import { Strays } from '../../src/networkdb/strays.ts';
import type { TableState } from '../../src/networkdb/transitions.ts';

function record(name: string, host: string, state: NodeState = 'active'): NodeRecord {
  const address = { host, port: 7946 };
  const isMember = state === 'active';
  return { name, address, metadata: new Uint8Array(0), state, isMember, time: 0, expiresAt: 0 };
}

test('a node is found by its address, wherever it has moved, until it is forgotten', () => {
  const nodes = new NodeTable();
  const a = record('a', '10.0.0.1');
  const there = { host: '10.0.0.1', port: 7946 };
  const elsewhere = { host: '10.0.0.2', port: 7946 };
  nodes.add(a);
  assert.equal(nodes.atAddress(there, 'b'), a);
  assert.equal(nodes.atAddress(there, 'a'), undefined);
  assert.equal(nodes.atAddress({ ...there, port: 1 }, 'b'), undefined);
  nodes.setAddress(a, elsewhere);
  assert.equal(nodes.atAddress(there, 'b'), undefined);
  assert.equal(nodes.atAddress(elsewhere, 'b'), a);
  const again = record('a', '10.0.0.1');
  nodes.add(again);
  assert.equal(nodes.atAddress(elsewhere, 'b'), undefined);
  assert.equal(nodes.atAddress(there, 'b'), again);
  nodes.remove('a');
  assert.equal(nodes.atAddress(there, 'b'), undefined);
});

test('of several nodes at one address an active one comes first, then a failed one', () => {
  const nodes = new NodeTable();
  const at = { host: '10.0.0.1', port: 7946 };
  for (const state of ['left', 'failed', 'active'] as const) {
    const newest = record(state, at.host, state);
    nodes.add(newest);
    assert.equal(nodes.atAddress(at, 'newcomer'), newest);
  }
  assert.equal(nodes.atAddress(at, 'active')?.name, 'failed');
  assert.deepEqual(nodes.names('left'), ['left']);
});

test('a node that goes is compared with those at its address alone, however many have gone', () => {
  const nodes = new NodeTable();
  for (const name of ['a', 'b']) nodes.add({ ...record(name, '10.0.0.1', 'left'), isMember: true });
  nodes.add({ ...record('c', '10.0.0.2', 'left'), isMember: true });
  let walks = 0;
  nodes.inactive = function* (): Generator<NodeRecord> {
    walks += 1;
    yield* [];
  };
  const taken: string[] = [];
  const state = {
    nodes,
    activate: (each: NodeRecord) => {
      nodes.setState(each, 'active');
    },
    counters: { add: () => undefined },
  } as unknown as TableState;
  const strays = new Strays({ state, returned: ({ name }) => taken.push(name) });
  strays.nodeGone(record('earlier', '10.0.0.1', 'failed'));
  assert.deepEqual([taken, walks], [['a'], 0]);
});
