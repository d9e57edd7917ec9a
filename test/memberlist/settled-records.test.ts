// Exchanges in which nothing is new: what is skipped then, and that nothing else ever is.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { PushPullNode } from '../../src/codec/index.ts';
import { MergedRecords, SaidRecords } from '../../src/memberlist/settled-records.ts';
import { hostToBytes, SeededRandom } from '../../src/runtime/index.ts';
import type { RingNode } from '../support/ring.ts';
import { VirtualClock } from '../../src/simulator/index.ts';
import { StreamIntake } from '../../src/memberlist/stream-intake.ts';
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
      reader.expect?.(piece);
      reader.push(piece);
    }
  }
  assert.ok(reader.message?.type === 'pushPull');
  return reader.message.nodes;
}

type Step = readonly [kind: string, member: number, incarnation: number];

/** Whatever changes a record, by name. */
function take({ rules, parts }: Bench, [kind, member, incarnation]: Step): void {
  const name = `m${member}`;
  const own = { address: hostToBytes(`10.0.1.${member}`), startId: startId(member) };
  const mapped = Uint8Array.from([...new Uint8Array(10), 255, 255, 10, 0, 1, member]);
  const changes = {
    alive: {},
    moved: { port: 1234 },
    form: { address: mapped },
    restart: { startId: startId(77) },
    news: { metadata: Uint8Array.of(incarnation) },
  }[kind];
  if (changes !== undefined) rules.alive(alive(name, incarnation, { ...own, ...changes }));
  if (kind === 'suspect') rules.suspect(suspect(name, incarnation));
  if (kind === 'dead') rules.dead(dead(name, incarnation));
  if (kind === 'left') rules.dead(dead(name, incarnation, name));
  if (kind === 'reap') parts.core.table.reap(Infinity, () => undefined);
  if (kind === 'new') rules.alive(alive(`new ${incarnation}`, incarnation, own));
  if (kind === 'own') rules.announce(Uint8Array.of(incarnation));
  if (kind === 'accused') rules.suspect(suspect('me', incarnation));
  if (kind === 'leave') rules.leave(() => undefined);
  if (kind === 'back') rules.comeBack(Uint8Array.of(member));
}

const EACH: readonly Step[] = [
  ...([
    ['alive', 1, 6],
    ['moved', 2, 6],
    ['form', 3, 5],
    ['restart', 4, 6],
  ] as const),
  ...([
    ['news', 5, 6],
    ['suspect', 6, 5],
    ['dead', 7, 5],
    ['left', 8, 5],
  ] as const),
  ...([
    ['reap', 0, 0],
    ['new', 9, 5],
    ['own', 0, 3],
    ['accused', 0, 4],
  ] as const),
  ...([
    ['leave', 0, 0],
    ['back', 1, 0],
  ] as const),
];

test('what is said is always what the table holds, whatever claims came in', () => {
  const random = fc.array(
    fc.tuple(
      fc.constantFrom(...EACH.map(([kind]) => kind)),
      fc.nat(4),
      fc.integer({ min: 4, max: 8 }),
    ),
    { maxLength: 20 },
  );
  const holds = (steps: readonly Step[]): void => {
    const bench = crowdedBench();
    const said = new SaidRecords(bench.parts.core);
    for (const step of steps) {
      take(bench, step);
      assert.deepEqual(said.now(false), recordsOf(bench), step.join(' '));
      // Once somebody has read a list it is kept, and must not be taken for what the next step makes of it.
      readOnce(bench, said.now(false));
      assert.equal(said.now(false), said.now(false));
    }
    bench.rules.close();
  };
  holds(EACH);
  fc.assert(fc.property(random, holds), { numRuns: 8 });
});

test('a list counts as merged for as long as the table stays as it was', () => {
  const bench = crowdedBench();
  const { core } = bench.parts;
  const merged = new MergedRecords(core);
  const list = Object.freeze(recordsOf(bench));
  merged.add([...list], core.table.version);
  assert.equal(merged.has(list), false);
  merged.add(list, core.table.version);
  assert.equal(merged.has(list), true);
  assert.equal(merged.has(Object.freeze([...list])), false);
  take(bench, ['left', 1, 5]);
  assert.equal(merged.has(list), false);
  // The table has changed between two slices.
  merged.add(list, core.table.version - 1);
  assert.equal(merged.has(list), false);
  const loose = [...list];
  merged.add(loose, core.table.version);
  assert.equal(merged.has(loose), false);
  bench.rules.close();
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

test('what is known is read in as many turns as what is not', () => {
  const bench = crowdedBench();
  const metadata = new Uint8Array(100).fill(9);
  const nodes = Object.freeze(recordsOf(bench).map((node) => ({ ...node, metadata })));
  const { wire } = bench.parts.core;
  const turns = (): number => {
    const { request } = wire.streams.initiate();
    const message = { type: 'pushPull', join: false, nodes, userState: Uint8Array.of(1) } as const;
    const chunks = [...wire.encodeStreamMessage(message)].flatMap((piece) => request.push(piece));
    const reader = wire.createStreamReader();
    const clock = new VirtualClock();
    const seen = { isWhole: false };
    const intake = new StreamIntake(clock, {
      opener: wire.streams.accept().request,
      reader,
      onRead: () => undefined,
      onWhole: () => {
        seen.isWhole = true;
      },
      onCut: () => assert.fail('cut'),
      onFailed: (error) => assert.fail(error),
    });
    for (const chunk of [...chunks, ...request.finish()]) intake.push(chunk);
    let count = 0;
    while (!seen.isWhole && clock.runNext()) count += 1;
    assert.ok(seen.isWhole && reader.message?.type === 'pushPull');
    assert.deepEqual(reader.message.nodes, nodes);
    return count;
  };
  const cold = turns();
  assert.ok(cold > 0);
  assert.equal(turns(), cold);
});
