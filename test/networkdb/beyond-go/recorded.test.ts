// Corrections 2, 3, 4 and 7, and the order of writes, beside runs recorded from Go's NetworkDB: first what
// a node of Go was seen to do, then what ours makes of the same messages.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compareVersions } from '../../../src/networkdb/entry.ts';
import { decode, encode } from '../../support/fake-membership.ts';
import type { FakeNode } from '../../support/fake-membership.ts';
import type { GoState } from '../../support/go-scenarios.ts';
import { replay } from '../../support/go-scenarios.ts';

const DOCKER_24 = 'moby-v24.0.9';
const MASTER = 'moby-b985e23';

/** Live entries as `network/table/key=value by owner`. */
function ofGo({ entries, failedNodes }: GoState): string[] {
  return entries
    .filter(({ deleting, owner }) => !deleting && !failedNodes.includes(owner))
    .map((e) => `${e.network}/${e.table}/${e.key}=${e.value} by ${e.owner}`)
    .sort();
}

function ofOurs({ engine }: FakeNode, { entries }: GoState): string[] {
  const tables = new Set(entries.map(({ network, table }) => `${network} ${table}`));
  const live = [...tables].flatMap((pair) => {
    const [network = '', table = ''] = pair.split(' ');
    return [...engine.entries(network, table)];
  });
  return live
    .map((e) => `${e.network}/${e.table}/${e.key}=${decode(e.value)} by ${e.owner}`)
    .sort();
}

test('of two writes at one time Go keeps the first that came, ours the same one in any order', () => {
  for (const version of [DOCKER_24, MASTER]) {
    const before = replay('table-events', { until: 'peer2 updates k', version });
    const after = replay('table-events', { until: 'same time from another node', version });
    assert.deepEqual(ofGo(after.go), ofGo(before.go), 'what arrives second is not looked at');
  }
  const x = { time: 5, owner: 'x', isDeleted: false, value: encode('x') };
  const y = { time: 5, owner: 'y', isDeleted: false, value: encode('y') };
  for (const [first, second] of [
    [x, y],
    [y, x],
  ] as const) {
    const kept = compareVersions(second, first) > 0 ? second : first;
    assert.equal(kept.owner, 'y');
  }
});

test('an attachment that comes before its node is lost in Go and taken with ours', () => {
  const until = 'memberlist reports that peer joined';
  const { self, go } = replay('attachments', { until, version: MASTER });
  assert.deepEqual(go.networkNodes['w1'], ['self']);
  assert.deepEqual(self.engine.peers('w1'), ['peer', 'self']);
});

test('a tombstone forged with the time of the live entry blocks it in Docker 24 and not with ours', () => {
  const until = 'the old create by bulk sync, with the old time';
  const { self, go } = replay('attachments', { until, version: DOCKER_24 });
  const forged = go.entries.filter(({ deleting, owner }) => deleting && owner === 'peer');
  assert.equal(forged.length, 2, 'made when peer left the network, with the times of its entries');
  assert.equal(ofGo(go).length, 1, 'the create is refused for as long as they stand');
  assert.equal(ofOurs(self, go).length, 2);
});

test('what a failed node wrote is gone for good in Docker 24, hidden and restored with ours', () => {
  const gone = { until: 'memberlist reports that peer is gone', version: DOCKER_24 };
  const away = replay('node-events', gone);
  assert.equal(away.go.entries.length, 0, 'dropped');
  assert.equal(away.self.engine.stats().hidden, 1);

  const until = 'table event before the attachment is known again';
  const back = replay('node-events', { until, version: DOCKER_24 });
  assert.deepEqual(ofGo(back.go), [], 'and what it writes now is refused');
  const { self, go } = replay('node-events', { until, version: MASTER });
  assert.equal(ofOurs(self, go).length, 1);
  assert.deepEqual(ofOurs(self, go), ofGo(go), 'as Go does since it was repaired');
  assert.equal(self.engine.stats().hidden, 0);
});

test('an entry of an earlier life is left alone in Go, and put right by ours', () => {
  const until = 'event in our own name';
  for (const version of [DOCKER_24, MASTER]) {
    const before = replay('table-events', { until: 'event of a network not joined', version });
    const { self, go } = replay('table-events', { until, version });
    assert.deepEqual(go, before.go, 'dropped unread: its clock does not even pass the time');
    assert.equal(self.engine.stats().counters['tables.ghosts.entries'], 1);
  }
});

test('leaving w1 also leaves w10 in Go, and not with ours', () => {
  const { self, go } = replay('network-prefix', { until: 'leave network w1', version: MASTER });
  assert.deepEqual(ofGo(go), []);
  const [left, ...others] = ofOurs(self, go);
  assert.match(left ?? '', /^w10\//);
  assert.deepEqual(others, []);
});
