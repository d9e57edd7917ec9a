import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { MemberlistOptions } from '../../src/memberlist/index.ts';
import { hostToBytes } from '../../src/runtime/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';
import { alive, dead, RulesBench, startId, suspect } from '../support/rules-bench.ts';

const OFF = { suspicion: { secondChance: false } } as const;

/** A bench that knows four others, called a to d; with them a doubt lasts 4 to 24 s. */
function benchOfFive(options: MemberlistOptions = {}): RulesBench {
  const bench = new RulesBench(options);
  for (const name of ['a', 'b', 'c', 'd']) bench.rules.alive(alive(name, 1));
  bench.forget();
  return bench;
}

/** 10.0.1.N as four bytes. */
function ipOf(n: number): Uint8Array {
  return hostToBytes(`10.0.1.${n}`);
}

/** Milliseconds until the member that is doubted now is declared dead. */
function doubtMs(bench: RulesBench, name: string): number {
  const startedAt = bench.clock.now();
  assert.ok(bench.clock.runUntil(() => bench.record(name).state === 'dead', 1_000_000));
  return bench.clock.now() - startedAt;
}

test('who still accuses us of what we refuted has not heard it: we say it again, once a probe interval', () => {
  const bench = benchOfFive();
  bench.rules.suspect(suspect('me', 1));
  assert.deepEqual(bench.queued(), ['alive me 2']);
  bench.forget();
  bench.rules.suspect(suspect('me', 1));
  assert.deepEqual(bench.queued(), [], 'the first word is still on its way');
  bench.clock.runFor(1_000);
  bench.rules.suspect(suspect('me', 1));
  assert.deepEqual(bench.queued(), ['alive me 2'], 'no new incarnation: it is the same word');
  assert.equal(bench.parts.core.awareness.score, 1, 'and no new reason to doubt ourselves');
  bench.forget();
  bench.rules.dead(dead('me', 1));
  assert.deepEqual(bench.queued(), []);
  bench.clock.runFor(1_000);
  bench.rules.dead(dead('me', 1));
  assert.deepEqual(bench.queued(), ['alive me 2']);
  assert.equal(bench.parts.core.counters.snapshot()['refutations.repeated'], 2);
});

test('without second chances an accusation that we refuted is met with silence, as in Go', () => {
  const bench = benchOfFive(OFF);
  bench.rules.suspect(suspect('me', 1));
  bench.forget();
  bench.clock.runFor(5_000);
  bench.rules.suspect(suspect('me', 1));
  assert.deepEqual(bench.queued(), []);
});

test('an accusation of ours that nobody confirms is told again, so that the accused learns of it', () => {
  const bench = benchOfFive();
  bench.rules.suspect(suspect('a', 1, 'me'));
  for (const round of [1, 2]) {
    bench.forget();
    bench.clock.runFor(3_900);
    assert.deepEqual(bench.queued(), [], `round ${round}`);
    bench.clock.runFor(100);
    assert.deepEqual(bench.queued(), ['suspect a 1'], `round ${round}`);
  }
  bench.rules.suspect(suspect('a', 1, 'b'));
  bench.forget();
  bench.clock.runFor(3_300);
  assert.deepEqual(bench.queued(), [], 'somebody agrees: it was heard');
  bench.rules.alive(alive('a', 2));
  bench.forget();
  bench.clock.runFor(60_000);
  assert.deepEqual(bench.queued(), [], 'and the doubt is over');
});

test('nobody repeats what others accuse, nor what is decided soon', () => {
  const bench = benchOfFive();
  bench.rules.suspect(suspect('a', 1, 'b'));
  bench.forget();
  bench.clock.runFor(20_000);
  assert.deepEqual(bench.queued(), []);
  for (const options of [OFF, { suspicion: { maxTimeoutMult: 1 } }]) {
    const plain = benchOfFive(options);
    plain.rules.suspect(suspect('a', 1, 'me'));
    plain.forget();
    plain.clock.runFor(3_999);
    assert.deepEqual(plain.queued(), []);
  }
});

test('who was declared dead wrongly gets three times the time, then six, then nine times, and no more', () => {
  const bench = benchOfFive();
  for (const [round, expectedMs] of [24_000, 72_000, 144_000, 216_000, 216_000].entries()) {
    bench.rules.suspect(suspect('a', round + 1));
    assert.equal(doubtMs(bench, 'a'), expectedMs);
    bench.rules.alive(alive('a', round + 2));
    assert.equal(bench.stateOf('a'), `alive ${round + 2}`);
  }
  bench.clock.runFor(1_800_000);
  bench.rules.suspect(suspect('a', 6));
  assert.equal(doubtMs(bench, 'a'), 24_000, 'half an hour later it is like the others');
});

test('a death that was none is held for nobody else: not a newcomer, a new process, one without a start id', () => {
  const newcomer = benchOfFive();
  newcomer.rules.suspect(suspect('a', 1));
  assert.equal(doubtMs(newcomer, 'a'), 24_000);
  newcomer.rules.alive(alive('a', 2, { startId: startId(9) }));
  newcomer.rules.suspect(suspect('a', 2));
  assert.equal(doubtMs(newcomer, 'a'), 24_000, 'another process has the name');

  const unnamed = benchOfFive();
  unnamed.rules.alive(alive('e', 1, { startId: new Uint8Array(0) }));
  for (const incarnation of [1, 2]) {
    unnamed.rules.suspect(suspect('e', incarnation));
    assert.equal(doubtMs(unnamed, 'e'), 24_000, 'a restart would look alike');
    unnamed.rules.alive(alive('e', incarnation + 1, { startId: new Uint8Array(0) }));
  }

  const off = benchOfFive(OFF);
  for (const incarnation of [1, 2]) {
    off.rules.suspect(suspect('a', incarnation));
    assert.equal(doubtMs(off, 'a'), 24_000);
    off.rules.alive(alive('a', incarnation + 1));
  }
});

test('a suspect is asked itself two to three probe timeouts before the doubt can end, and an answer gives it as long again', () => {
  const bench = benchOfFive();
  for (const accuser of ['b', 'c', 'd']) bench.rules.suspect(suspect('a', 1, accuser));
  bench.clock.runFor(2_499);
  assert.equal(bench.lastLooks.length, 0);
  bench.clock.runFor(501);
  assert.equal(bench.lastLooks.map(({ name }) => name).join(), 'a');
  bench.lastLooks[0]!.answer();
  assert.equal(doubtMs(bench, 'a'), 4_000, 'no longer than that: it did not refute');

  const silent = benchOfFive();
  for (const accuser of ['b', 'c', 'd']) silent.rules.suspect(suspect('a', 1, accuser));
  assert.equal(doubtMs(silent, 'a'), 4_000, 'who is silent is found as soon as ever');

  for (const options of [OFF, { probe: { intervalMs: false } }] as const) {
    const off = benchOfFive(options);
    off.rules.suspect(suspect('a', 1));
    off.clock.runFor(3_999);
    assert.deepEqual(off.lastLooks, []);
  }
});

test('the question ends with the doubt: nobody accuses who has refuted, left, or gone', () => {
  for (const end of [alive('a', 2), dead('a', 1, 'a'), dead('a', 1, 'b')]) {
    const bench = benchOfFive();
    for (const accuser of ['b', 'c', 'd']) bench.rules.suspect(suspect('a', 1, accuser));
    bench.clock.runFor(3_001);
    assert.equal(bench.lastLooks[0]?.isOver, false);
    if (end.type === 'alive') bench.rules.alive(end);
    else bench.rules.dead(end);
    assert.equal(bench.lastLooks[0].isOver, true);
  }
});

test('an accuser is shown the claim that refutes it, so many in a probe interval', () => {
  const bench = benchOfFive();
  for (let i = 0; i < 20; i += 1) bench.rules.alive(alive(`m${i}`, 1, { address: ipOf(i) }));
  bench.rules.suspect(suspect('me', 1, 'm1'));
  assert.deepEqual(bench.shown, [], 'it hears the refutation by gossip');
  bench.rules.suspect(suspect('me', 1, 'm1'));
  bench.rules.dead(dead('me', 1, 'm2'));
  assert.deepEqual(bench.shown, ['alive me 2 to 10.0.1.1', 'alive me 2 to 10.0.1.2']);
  for (let i = 0; i < 20; i += 1) bench.rules.suspect(suspect('me', 1, `m${i}`));
  assert.equal(bench.shown.length, 16);
  bench.clock.runFor(1_000);
  for (const accuser of ['m3', 'me', 'nobody']) bench.rules.suspect(suspect('me', 1, accuser));
  assert.equal(bench.shown.length, 17, 'members only');

  const off = benchOfFive(OFF);
  off.rules.suspect(suspect('me', 1, 'a'));
  off.rules.suspect(suspect('me', 1, 'a'));
  assert.deepEqual(off.shown, []);
});

for (const spokeAgoMs of [300, 700, 1_200]) {
  test(`who refuted ${spokeAgoMs} ms ago says so to one that asks and has not heard it`, async () => {
    const ring = new Ring();
    const nodes = await ring.spawnJoined(30);
    ring.runFor(10_000);
    const asker = await RawPeer.start(ring, { host: '10.0.9.1', name: 'asker' });
    const [node] = nodes as [RingNode];
    asker.answerPings();
    asker.send(node, asker.alive());
    ring.runFor(5_000);
    const { incarnation } = node.member.localMember;
    asker.send(node, { type: 'suspect', node: 'n1', incarnation, from: 'other' });
    ring.runFor(spokeAgoMs);
    asker.heard.length = 0;
    asker.send(node, { type: 'suspect', node: 'n1', incarnation, from: 'asker' });
    ring.runFor(10);
    assert.ok(asker.heard.some((heard) => heard.type === 'alive' && heard.node === 'n1'));
    await ring.close();
    await ring.settle(asker.close());
  });
}

for (const wire of ['protobuf', 'memberlist'] as const) {
  test(`who missed a refutation hears it with the answer to the last look (${wire})`, async () => {
    /** A member sleeps and is doubted; the first hears nobody when it refutes, and nobody but it afterwards. */
    const play = async (seed: number, secondChance: boolean): Promise<string> => {
      const ring = new Ring({ seed });
      const nodes = await ring.spawnJoined(12, { wire, suspicion: { secondChance } });
      const [deaf, sleeper] = nodes as [RingNode, RingNode];
      ring.runFor(10_000);
      const startedAt = ring.clock.now();
      let hasAsked = false;
      let deaths = 0;
      deaf.member.on('fail', ({ name }) => (deaths += name === 'n2' ? 1 : 0));
      sleeper.runtime.pause(3_500);
      ring.network.dropPacket = (from, to): boolean => {
        const elapsedMs = ring.clock.now() - startedAt;
        if (elapsedMs < 3_400) return false;
        if (from.host === deaf.host && to.host === sleeper.host) hasAsked = true;
        return to.host === deaf.host && !(hasAsked && from.host === sleeper.host);
      };
      ring.runFor(6_000);
      const answered = deaf.member.stats().counters['suspicions.answered'] ?? 0;
      await ring.close();
      return `${deaths} dead, ${answered} answered`;
    };
    const saved: number[] = [];
    for (let seed = 1; seed <= 10; seed += 1) {
      const withLook = await play(seed, true);
      assert.doesNotMatch(withLook, /1 dead/, `seed ${seed}`);
      const without = await play(seed, false);
      if (withLook === '0 dead, 1 answered' && without === '1 dead, 0 answered') saved.push(seed);
    }
    assert.ok(saved.length > 0, 'the fault is one');
  });
}
