import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { NodeState } from '../../src/codec/index.ts';
import type { MemberFacts } from '../../src/memberlist/member.ts';
import { MemberRecord } from '../../src/memberlist/member.ts';
import { MemberTable } from '../../src/memberlist/members.ts';
import { SeededRandom } from '../../src/runtime/index.ts';

interface Fields extends Partial<MemberFacts> {
  readonly state?: NodeState;
  readonly stateChangedAt?: number;
}

function record(
  name: string,
  { state = 'alive', stateChangedAt = 0, ...o }: Fields = {},
): MemberRecord {
  const facts = {
    name,
    isLocal: false,
    addressBytes: Uint8Array.of(10, 0, 0, 1),
    address: { host: '10.0.0.1', port: 1 },
    metadata: new Uint8Array(0),
    versions: Uint8Array.of(1, 5, 2, 0, 0, 0),
    startId: new Uint8Array(4),
    retiredStartId: new Uint8Array(0),
    ...o,
  };
  return new MemberRecord(facts, 1, state, stateChangedAt);
}

function tableOf(records: readonly MemberRecord[], seed = 1): MemberTable {
  const table = new MemberTable(new SeededRandom(seed));
  for (const each of records) table.insert(each);
  return table;
}

const never = (): number => -1;
const nobody = (): void => {};

test('every member is probed once a round, in an order that changes', () => {
  const names = Array.from({ length: 12 }, (_, i) => `n${i}`);
  const table = tableOf(names.map((name) => record(name, { isLocal: name === 'n0' })));
  const rounds = Array.from({ length: 6 }, () => {
    return Array.from({ length: 11 }, () => table.nextProbeTarget(never, nobody)!.name);
  });
  for (const round of rounds) assert.deepEqual([...round].sort(), names.slice(1).sort());
  assert.ok(new Set(rounds.map((round) => round.join())).size > 4);
});

test('the gone and ourselves are not probed, suspects are', () => {
  const table = tableOf([
    record('us', { isLocal: true }),
    record('alive'),
    record('suspect', { state: 'suspect' }),
    record('dead', { state: 'dead' }),
    record('left', { state: 'left' }),
  ]);
  const probed = Array.from({ length: 8 }, () => table.nextProbeTarget(never, nobody)?.name);
  assert.deepEqual([...new Set(probed)].sort(), ['alive', 'suspect']);
});

test('no call is lost at the end of a round while there is someone to probe', () => {
  for (let seed = 1; seed < 20; seed += 1) {
    const table = tableOf([record('us', { isLocal: true }), record('other')], seed);
    for (let i = 0; i < 20; i += 1) {
      assert.equal(table.nextProbeTarget(never, nobody)?.name, 'other');
    }
  }
});

test('alone there is nobody to probe', () => {
  const table = tableOf([record('us', { isLocal: true })]);
  assert.equal(table.nextProbeTarget(never, nobody), null);
  assert.equal(new MemberTable(new SeededRandom(1)).nextProbeTarget(never, nobody), null);
});

test('the end of a round reaps the dead and the left of old, and nobody else', () => {
  const table = tableOf([
    record('us', { isLocal: true, state: 'left', stateChangedAt: 0 }),
    record('alive'),
    record('suspect', { state: 'suspect', stateChangedAt: 0 }),
    record('old dead', { state: 'dead', stateChangedAt: 10 }),
    record('old left', { state: 'left', stateChangedAt: 5 }),
    record('young dead', { state: 'dead', stateChangedAt: 11 }),
  ]);
  const reaped: string[] = [];
  for (let i = 0; i < 5; i += 1) {
    table.nextProbeTarget(
      () => 10,
      ({ name }) => reaped.push(name),
    );
  }
  assert.deepEqual(reaped.sort(), ['old dead', 'old left']);
  assert.equal(table.size, 4);
  assert.equal(table.get('old dead'), undefined);
  assert.equal(table.get('young dead')?.state, 'dead');
  assert.equal(table.memberCount(), 2);
});

test('reaping in the middle of a round skips nobody for good', () => {
  const table = tableOf(
    Array.from({ length: 10 }, (_, i) => record(`n${i}`, i < 5 ? { state: 'dead' } : {})),
  );
  for (let i = 0; i < 3; i += 1) table.nextProbeTarget(never, nobody);
  table.reap(100, nobody);
  const seen = new Set(
    Array.from({ length: 10 }, () => table.nextProbeTarget(never, nobody)?.name),
  );
  assert.equal(seen.size, 5);
});

test('a new node enters the order at a random place', () => {
  const places = new Set<number>();
  for (let seed = 1; seed <= 60; seed += 1) {
    const table = tableOf(
      Array.from({ length: 8 }, (_, i) => record(`n${i}`)),
      seed,
    );
    table.insert(record('new'));
    places.add(table.all().findIndex(({ name }) => name === 'new'));
  }
  assert.equal(places.size, 8, 'any place but the last, where the displaced one went');
});

test('names that would harm a plain object are names like others', () => {
  const table = tableOf([record('__proto__'), record('constructor')]);
  assert.equal(table.get('__proto__')?.name, '__proto__');
  assert.equal(table.get('toString'), undefined);
  assert.equal(table.size, 2);
});

test('a pick holds each wanted node at most once, and all of them in a small ring', () => {
  for (const size of [1, 3, 9, 15, 40, 200]) {
    const records = Array.from({ length: size }, (_, i) =>
      record(`n${i}`, i % 3 === 0 ? { state: 'dead' } : {}),
    );
    const table = tableOf(records);
    const wantedCount = records.filter(({ state }) => state === 'alive').length;
    for (const count of [0, 1, 3, 10]) {
      const picked = table.pick(count, ({ state }) => state === 'alive');
      assert.equal(new Set(picked).size, picked.length);
      assert.ok(picked.every(({ state }) => state === 'alive'));
      assert.ok(picked.length <= count);
      if (size < 16) assert.equal(picked.length, Math.min(count, wantedCount));
    }
  }
});

test('a pick is fair', () => {
  const table = tableOf(Array.from({ length: 30 }, (_, i) => record(`n${i}`)));
  const hits = new Map<string, number>();
  for (let i = 0; i < 3000; i += 1) {
    for (const { name } of table.pick(3, () => true)) hits.set(name, (hits.get(name) ?? 0) + 1);
  }
  for (const [name, count] of hits) assert.ok(count > 200 && count < 400, `${name}: ${count}`);
  assert.equal(hits.size, 30);
});
