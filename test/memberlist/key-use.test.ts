// Under which key members were heard last, with marks on records while there is one key and entries afterwards.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { KeyUse } from '../../src/memberlist/key-use.ts';
import type { MemberRecord } from '../../src/memberlist/member.ts';
import { hostToBytes } from '../../src/runtime/index.ts';
import { alive, dead, RulesBench, startId } from '../support/rules-bench.ts';

/** A bench with members `m0` to `m4` at 10.0.1.0 and so on. */
function benchOfFive(): { bench: RulesBench; use: KeyUse; records: MemberRecord[] } {
  const bench = new RulesBench();
  const records = [0, 1, 2, 3, 4].map((at) => {
    bench.rules.alive(alive(`m${at}`, 1, { address: hostToBytes(`10.0.1.${at}`) }));
    return bench.record(`m${at}`);
  });
  return { bench, use: new KeyUse(bench.parts.core.table), records };
}

function counted(use: KeyUse): Record<string, number> {
  return Object.fromEntries(use.counts());
}

test('members count under the only key, each once, however they were heard', () => {
  const { bench, use, records } = benchOfFive();
  const [a, b, c] = records as [MemberRecord, MemberRecord, MemberRecord];
  assert.deepEqual(counted(use), {});
  use.heard(a.address, 'one', a);
  use.heard(b.address, 'one', b);
  use.heard({ ...b.address }, 'one', b);
  use.heard(b.address, 'one');
  use.heard(c.address, 'one');
  assert.deepEqual(counted(use), { one: 3 });
  // Whoever says to be another than who lives there is heard where the packet came from.
  use.heard(c.address, 'one', records[3]);
  use.heard({ host: '10.9.9.9', port: 7946 }, 'one', records[4]);
  assert.deepEqual(counted(use), { one: 3 });
  bench.rules.dead(dead('m1', 1));
  assert.deepEqual(counted(use), { one: 2 });
});

test('with a second key each counts under the one it was heard with last', () => {
  const { use, records } = benchOfFive();
  for (const record of records) use.heard(record.address, 'one', record);
  const [a, b, c] = records as [MemberRecord, MemberRecord, MemberRecord];
  use.heard(a.address, 'two', a);
  assert.deepEqual(counted(use), { one: 4, two: 1 });
  use.heard(b.address, 'two');
  use.heard(c.address, 'two', c);
  use.heard(c.address, 'one', c);
  assert.deepEqual(counted(use), { one: 3, two: 2 });
  for (const record of records) use.heard(record.address, 'two', record);
  assert.deepEqual(counted(use), { two: 5 });
});

test('a name that moved to another address has not been heard there', () => {
  const { bench, use, records } = benchOfFive();
  for (const record of records) use.heard(record.address, 'one', record);
  bench.rules.dead(dead('m2', 1, 'm2'));
  const moved = { address: hostToBytes('10.0.2.2'), startId: startId(2) };
  bench.rules.alive(alive('m2', 5, moved));
  assert.equal(bench.record('m2').address.host, '10.0.2.2');
  assert.deepEqual(counted(use), { one: 4 });
});
