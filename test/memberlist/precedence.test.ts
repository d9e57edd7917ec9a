import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { NodeState } from '../../src/codec/index.ts';
import type { MemberFacts } from '../../src/memberlist/member.ts';
import { MemberRecord } from '../../src/memberlist/member.ts';
import {
  saysTheSame,
  judgeAlive,
  MAX_INCARNATION,
  refutingIncarnation,
} from '../../src/memberlist/precedence.ts';
import { alive, startId } from '../support/rules-bench.ts';

const HERE = { host: '10.0.0.2', port: 7946 };
const THERE = { host: '10.0.0.3', port: 7946 };
const OTHER_PORT = { host: '10.0.0.2', port: 7947 };
const NO_ID = new Uint8Array(0);

function record(state: NodeState, o: Partial<MemberFacts> = {}): MemberRecord {
  const facts = {
    name: 'a',
    isLocal: false,
    addressBytes: Uint8Array.of(10, 0, 0, 2),
    address: HERE,
    metadata: new Uint8Array(0),
    versions: Uint8Array.of(1, 5, 2, 0, 0, 0),
    startId: startId(1),
    retiredStartId: startId(7),
    ...o,
  };
  return new MemberRecord(facts, 5, state, 0);
}

test('at its own endpoint a node is believed when its incarnation is newer, in any state', () => {
  for (const state of ['alive', 'suspect', 'dead', 'left'] as const) {
    for (const id of [startId(1), startId(2), NO_ID]) {
      const judge = (incarnation: number): string =>
        judgeAlive(record(state), alive('a', incarnation, { startId: id }), HERE);
      assert.equal(judge(6), 'accept', state);
      assert.equal(judge(5), 'stale', state);
      assert.equal(judge(4), 'stale', state);
    }
  }
});

test('at another endpoint it depends on the state and on who started', () => {
  const table: [NodeState, claimed: Uint8Array, verdict: string][] = [
    ['alive', startId(2), 'verify'],
    ['alive', startId(1), 'conflict'],
    ['alive', NO_ID, 'conflict'],
    ['suspect', startId(2), 'verify'],
    ['suspect', startId(1), 'conflict'],
    ['suspect', NO_ID, 'conflict'],
    ['dead', startId(2), 'replace'],
    ['dead', startId(1), 'conflict'],
    ['dead', NO_ID, 'conflict'],
    ['left', startId(2), 'replace'],
    ['left', startId(1), 'stale'],
    ['left', NO_ID, 'replace'],
  ];
  for (const [state, id, verdict] of table) {
    for (const endpoint of [THERE, OTHER_PORT]) {
      for (const incarnation of [1, 5, 9]) {
        const claim = alive('a', incarnation, { startId: id });
        assert.equal(judgeAlive(record(state), claim, endpoint), verdict, `${state} ${id[0]}`);
      }
    }
  }
});

test('a process that was replaced does not come back by old gossip', () => {
  for (const state of ['alive', 'suspect', 'dead', 'left'] as const) {
    const claim = alive('a', 99, { startId: startId(7) });
    assert.equal(judgeAlive(record(state), claim, THERE), 'stale', state);
  }
});

test('only a claim equal in everything is our own echo', () => {
  const ours = record('alive');
  const echo = alive('a', 5);
  assert.ok(saysTheSame(ours, echo, HERE));
  assert.ok(!saysTheSame(ours, echo, THERE));
  assert.ok(!saysTheSame(ours, echo, OTHER_PORT));
  assert.ok(!saysTheSame(ours, alive('a', 6), HERE));
  assert.ok(!saysTheSame(ours, alive('a', 5, { metadata: Uint8Array.of(1) }), HERE));
  assert.ok(!saysTheSame(ours, alive('a', 5, { versions: Uint8Array.of(1, 5, 3, 0, 0, 0) }), HERE));
  assert.ok(!saysTheSame(ours, alive('a', 5, { startId: startId(2) }), HERE));
});

test('a refutation is greater than both our own number and the accused one', () => {
  assert.equal(refutingIncarnation(1, 1), 2);
  assert.equal(refutingIncarnation(1, 7), 8);
  assert.equal(refutingIncarnation(9, 7), 10);
  assert.equal(refutingIncarnation(0, 0), 1);
  assert.equal(refutingIncarnation(1, MAX_INCARNATION - 1), MAX_INCARNATION);
  assert.equal(refutingIncarnation(1, MAX_INCARNATION), null);
  assert.equal(refutingIncarnation(MAX_INCARNATION, 1), null);
});
