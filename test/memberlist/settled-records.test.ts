// Exchanges in which nothing is new: what is skipped then, and that nothing else ever is.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { PushPullNode } from '../../src/codec/index.ts';
import { SaidRecords } from '../../src/memberlist/settled-records.ts';
import { hostToBytes, SeededRandom } from '../../src/runtime/index.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';
import type { RulesBench as Bench } from '../support/rules-bench.ts';
import { alive, dead, RulesBench, startId, suspect } from '../support/rules-bench.ts';

const MEMBERS = 250;

/** A bench whose table is large enough for lists to be kept. */
function crowdedBench(): Bench {
  const bench = new RulesBench();
  for (let at = 0; at < MEMBERS; at += 1) {
    bench.rules.alive(
      alive(`m${at}`, 5, { address: hostToBytes(`10.0.1.${at}`), startId: startId(at) }),
    );
  }
  return bench;
}

/** What the table says, looked at record by record. */
function recordsOf({ parts }: Bench): PushPullNode[] {
  return parts.core.table
    .all()
    .map(({ name, addressBytes, address, metadata, incarnation, state, versions, startId: id }) => {
      return {
        name,
        address: addressBytes,
        port: address.port,
        metadata,
        incarnation,
        state,
        versions,
        startId: id,
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Lets the codec learn what a list says, as somebody does who reads it. */
function readOnce({ parts }: Bench, nodes: readonly PushPullNode[]): readonly PushPullNode[] {
  const { wire } = parts.core;
  const { request } = wire.streams.initiate();
  const message = { type: 'pushPull', join: false, nodes, userState: new Uint8Array(0) } as const;
  const chunks = [...wire.encodeStreamMessage(message)].flatMap((piece) => request.push(piece));
  const reader = wire.createStreamReader();
  const opener = wire.streams.accept().request;
  for (const chunk of [...chunks, ...request.finish()]) {
    for (const piece of opener.push(chunk)) {
      if (reader.takeKnown?.(piece) !== true) reader.push(piece);
    }
  }
  assert.ok(reader.message?.type === 'pushPull');
  return reader.message.nodes;
}

test('what is said is always what the table holds, whatever claims came in', () => {
  const claims = fc.array(
    fc.record({
      kind: fc.constantFrom(
        'alive',
        'moved',
        'form',
        'suspect',
        'dead',
        'left',
        'restart',
        'reap',
        'own',
      ),
      member: fc.nat(4),
      incarnation: fc.integer({ min: 4, max: 8 }),
    }),
    { maxLength: 25 },
  );
  fc.assert(
    fc.property(claims, (steps) => {
      const bench = crowdedBench();
      const { rules, parts } = bench;
      const said = new SaidRecords(parts.core);
      let kept = 0;
      for (const { kind, member, incarnation } of steps) {
        const name = `m${member}`;
        const own = { address: hostToBytes(`10.0.1.${member}`), startId: startId(member) };
        const mapped = Uint8Array.from([...new Uint8Array(10), 255, 255, 10, 0, 1, member]);
        if (kind === 'alive') rules.alive(alive(name, incarnation, own));
        if (kind === 'moved') rules.alive(alive(name, incarnation, { ...own, port: 1234 }));
        if (kind === 'form') rules.alive(alive(name, incarnation, { ...own, address: mapped }));
        if (kind === 'suspect') rules.suspect(suspect(name, incarnation));
        if (kind === 'dead') rules.dead(dead(name, incarnation));
        if (kind === 'left') rules.dead(dead(name, incarnation, name));
        if (kind === 'restart')
          rules.alive(alive(name, incarnation, { ...own, startId: startId(77) }));
        if (kind === 'reap') parts.core.table.reap(Infinity, () => undefined);
        if (kind === 'own') rules.announce(Uint8Array.of(incarnation));
        readOnce(bench, said.now(false));
        const once = said.now(false);
        assert.deepEqual(once, recordsOf(bench));
        if (said.now(false) === once) kept += 1;
      }
      rules.leave(() => undefined);
      assert.deepEqual(said.now(false), recordsOf(bench));
      rules.comeBack(new Uint8Array(0));
      assert.deepEqual(said.now(false), recordsOf(bench));
      assert.equal(kept, steps.length);
      rules.close();
    }),
    { numRuns: 15 },
  );
});

test('who joins is told in the order of the table', () => {
  const { parts } = crowdedBench();
  const names = new SaidRecords(parts.core).now(true).map(({ name }) => name);
  assert.deepEqual(
    names,
    parts.core.table.all().map(({ name }) => name),
  );
  assert.notDeepEqual(names, [...names].sort());
});

test('a merge says whether it had anything to do', () => {
  const bench = crowdedBench();
  const all = new SaidRecords(bench.parts.core).now(false);
  assert.equal(bench.rules.merge(all), true);
  // The record of ourselves, in arrays of another's.
  assert.equal(bench.rules.merge(structuredClone(all)), true);
  const [first, ...rest] = all as [PushPullNode, ...PushPullNode[]];
  for (const change of [
    { incarnation: 6 },
    { state: 'suspect' as const },
    { port: 99, incarnation: 7 },
    { metadata: Uint8Array.of(3), incarnation: 8 },
    { name: 'unheard of' },
  ]) {
    assert.equal(bench.rules.merge([...rest, { ...first, ...change }]), false);
  }
  bench.rules.close();
});

test('members that say the same again merge nothing, until somebody has news', async () => {
  const ring = new Ring({ seed: 3 });
  const options = {
    pushPull: { intervalMs: 2_000 },
    probe: { intervalMs: false },
    gossip: { intervalMs: false },
  } as const;
  const random = new SeededRandom(9);
  let news = 0;
  for (let at = 0; at < 12; at += 1) {
    // So much metadata that even a few members fill a block.
    const noise = Uint8Array.from({ length: 400 }, () => random.uint32() & 0xff);
    const localMetadata = (): Uint8Array => (at === 0 ? noise.with(0, news) : noise);
    await ring.spawn(options, { delegates: { user: { localMetadata } } });
  }
  const [first, ...others] = ring.nodes as [RingNode, ...RingNode[]];
  for (const { member } of others) await ring.settle(member.join([first.host]));
  const unchanged = (): number[] =>
    ring.nodes.map(({ member }) => member.stats().counters['pushPulls.unchanged'] ?? 0);
  ring.runFor(40_000);
  const before = unchanged();
  ring.runFor(20_000);
  assert.ok(unchanged().every((count, at) => count > (before[at] as number)));
  news = 42;
  const told = first.member.updateNode().catch(() => undefined);
  const hasHeard = ({ member }: RingNode): boolean => member.member('n1')?.metadata[0] === news;
  assert.ok(ring.runUntil(() => ring.nodes.every(hasHeard), 40_000));
  const quiet = unchanged();
  ring.runFor(40_000);
  assert.ok(unchanged().every((count, at) => count > (quiet[at] as number)));
  await ring.close();
  await told;
});
