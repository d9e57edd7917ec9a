// Corrections 4, 5 and 9 with whole nodes: what happens under a name that two processes use, after a
// partition that nobody configured anything for, and after an alive with a damaged version vector.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createWire, Keyring } from '../../../src/codec/index.ts';
import { utf8 } from '../../../src/networkdb/index.ts';
import type { NetworkDBOptions } from '../../../src/networkdb/index.ts';
import { hostToBytes, SeededRandom } from '../../../src/runtime/index.ts';
import { seededEntropy } from '../../../src/simulator/index.ts';
import { Cluster } from '../../support/cluster.ts';
import type { FakeNode } from '../../support/fake-membership.ts';
import { encode, FakeCluster, view } from '../../support/fake-membership.ts';
import { RawPeer } from '../../support/raw-peer.ts';

/** Two halves that both write while they are apart, and then can reach each other for ten minutes. */
async function afterPartition(options: NetworkDBOptions): Promise<readonly (readonly string[])[]> {
  const cluster = new Cluster();
  const nodes = await cluster.spawnJoinedDbs(6, options);
  const tables = [];
  for (const { db } of nodes) {
    tables.push((await cluster.settle(db.joinNetwork('prod'))).table('t', utf8()));
  }
  const hosts = nodes.map(({ host }) => host);
  cluster.network.partition([hosts.slice(0, 3), hosts.slice(3)]);
  cluster.runFor(300_000);
  for (const [i, table] of tables.entries()) table.set(`by ${i}`, 'while apart');
  cluster.runFor(10_000);
  cluster.network.heal();
  cluster.runFor(600_000);
  const seen = tables.map((table) => [...table.entries()].map(({ key }) => key));
  await cluster.close();
  return seen;
}

test('tables of two halves stay apart for good on memberlist alone, and are whole with nothing set', async () => {
  const off = { rejoin: { reconnectIntervalMs: false, bootstrapIntervalMs: false } } as const;
  const all = Array.from({ length: 6 }, (_, i) => `by ${i}`);
  const halves = [all.slice(0, 3), all.slice(3)] as const;
  const expected = all.map((_, i) => halves[i < 3 ? 0 : 1]);
  assert.deepEqual(await afterPartition(off), expected, 'as Go leaves them without its seeds');
  assert.deepEqual(
    await afterPartition({}),
    all.map(() => all),
  );
});

/** The rules of Go's memberlist about version vectors: those of an alive, and of every push/pull. */
class GoVersions {
  readonly #known: (readonly number[])[] = [];

  alive(versions: readonly number[]): void {
    const [min, max = 0] = versions;
    const isImpossible = min === 0 || max === 0 || (min ?? 0) > max;
    if (versions.length >= 3 && isImpossible) return;
    this.#known.push(versions.length > 5 ? versions : [0, 0, 0, 0, 0, 0]);
  }

  /** Whether a push/pull is taken: all must speak what all understand. */
  takesPushPull(): boolean {
    const min = Math.max(...this.#known.map(([least = 0]) => least));
    const max = Math.min(...this.#known.map(([, most = 0]) => most));
    return this.#known.every(([, , current = 0]) => current >= min && current <= max);
  }
}

test('one alive without versions ends all push/pulls of Go, and is ignored by ours', async () => {
  const go = new GoVersions();
  const normal = [1, 5, 2, 0, 0, 0];
  go.alive(normal);
  go.alive(normal);
  assert.ok(go.takesPushPull());
  go.alive([]);
  assert.ok(!go.takesPushPull(), 'refused from here on, whoever sends it');

  const cluster = new Cluster();
  const [a, b] = await cluster.spawnJoinedDbs(2, { wire: 'memberlist' });
  assert.ok(a && b);
  const wire = createWire('memberlist', {
    keyring: new Keyring([], [16, 24, 32]),
    label: new Uint8Array(0),
    entropy: seededEntropy(new SeededRandom(5)),
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: true,
  });
  const peer = await RawPeer.start(cluster, { host: '10.9.0.1' });
  const send = (length: number): void => {
    const alive = wire.encodePacketMessage({
      ...{ type: 'alive', node: `of ${length}`, incarnation: 1, port: 7946 },
      address: hostToBytes('10.9.0.2'),
      metadata: new Uint8Array(0),
      versions: Uint8Array.from(normal),
      startId: new Uint8Array(4),
    });
    // The versions stand last, a short byte string; ours writes no others than of six bytes.
    assert.deepEqual([...alive.subarray(-7)], [0xa6, ...normal]);
    const damaged = [...alive.subarray(0, -7), 0xa0 | length, ...normal.slice(0, length)];
    peer.sendBytes({ host: a.host }, wire.packets.seal(Uint8Array.from(damaged)));
  };
  const lengths = [0, 1, 3, 5];
  for (const length of lengths) send(length);
  cluster.runFor(1_000);
  assert.deepEqual(
    a.db.members().map(({ name }) => name),
    ['d1', 'd2'],
  );
  const counters = (): Readonly<Record<string, number>> => a.db.stats().membership.counters;
  assert.equal(counters()['packets.dropped.ERR_CODEC_MALFORMED'], lengths.length);
  const late = await cluster.spawnDb({ wire: 'memberlist' });
  await cluster.settle(late.db.join([a.host]));
  cluster.runFor(60_000);
  assert.equal(late.db.members().length, 3);
  assert.equal(counters()['pushPulls.incompatible'] ?? 0, 0);
  send(6);
  cluster.runFor(100);
  assert.ok(a.db.member('of 6'), 'nothing else was wrong with them');
  await cluster.close();
  await cluster.settle(peer.close());
});

const at = (key: string) => ({ network: 'prod', table: 't', key });
const answers = ({ engine }: FakeNode): number =>
  engine.stats().counters['tables.ghosts.entries'] ?? 0;

/** Two processes under one name, and a third node that passes on to either what the other wrote. */
function twins() {
  const cluster = new FakeCluster();
  const [first, b] = cluster.startOn('prod', ['a', 'b']);
  const second = cluster.start('a', { host: '10.7.0.1', port: 7946 });
  assert.ok(first && b);
  cluster.join(second);
  second.engine.joinNetwork('prod');
  const stream = cluster.stream.bind(cluster);
  cluster.stream = (from, to, message, done) => {
    if (from === b) {
      const copy = message.slice();
      cluster.clock.schedule(1, () => first.isUp && first.engine.events.message(copy));
    }
    stream(from, to, message, done);
  };
  cluster.clock.runFor(60_000);
  return { cluster, first, second, b };
}

test('two processes under one name would correct each other without end, and let be while it is open', () => {
  const fight = (isOpen: boolean) => {
    const { cluster, first, second, b } = twins();
    for (const node of [first, second]) node.engine.setNameConflict(isOpen);
    first.engine.set(at('k'), encode('of the first'));
    cluster.clock.runFor(100);
    for (let i = 0; i < 5; i += 1) second.engine.set(at('k'), encode(`of the second ${i}`));
    cluster.clock.runFor(600_000);
    const early = answers(first) + answers(second);
    cluster.clock.runFor(600_000);
    const later = answers(first) + answers(second) - early;
    return { cluster, first, second, b, early, later };
  };
  const unaware = fight(false);
  assert.ok(unaware.early > 5 && unaware.later > 5, `${unaware.early} and ${unaware.later}`);

  const { cluster, first, second, b, early, later } = fight(true);
  assert.equal(early + later, 0);
  assert.deepEqual(view(b), { k: 'of the second 4' });
  second.kill();
  first.engine.setNameConflict(false);
  cluster.clock.runFor(120_000);
  assert.deepEqual(view(b), { k: 'of the first' }, 'when it is over, the ghost is put right');
  assert.ok(answers(first) > 0);
});
