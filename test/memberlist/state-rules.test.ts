import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MAX_INCARNATION } from '../../src/memberlist/precedence.ts';
import { hostToBytes } from '../../src/runtime/index.ts';
import { alive, dead, RulesBench, startId, suspect } from '../support/rules-bench.ts';

type State = 'unknown' | 'alive' | 'suspect' | 'dead' | 'left';

/** A bench with node `a` at incarnation 5 in a state, at 10.0.0.2, start id 1. */
function bench(state: State): RulesBench {
  const ring = new RulesBench();
  if (state === 'unknown') return ring;
  ring.rules.alive(alive('a', 5));
  if (state === 'suspect') ring.rules.suspect(suspect('a', 5, 'first'));
  if (state === 'dead') ring.rules.dead(dead('a', 5));
  if (state === 'left') ring.rules.dead(dead('a', 5, 'a'));
  ring.forget();
  return ring;
}

/** Claim, state afterwards, events, and what is queued for gossip. */
type Cell = [claim: string, after: string, events: string[], queued: string[]];

const TABLE: Record<State, Cell[]> = {
  unknown: [
    ['alive 1', 'alive 1', ['join a'], ['alive a 1']],
    ['alive 0', 'unknown', [], []],
    ['suspect 1', 'unknown', [], []],
    ['dead 1', 'unknown', [], []],
    ['leave 1', 'unknown', [], []],
  ],
  alive: [
    ['alive 6', 'alive 6', [], ['alive a 6']],
    ['alive 5', 'alive 5', [], []],
    ['alive 4', 'alive 5', [], []],
    ['suspect 6', 'suspect 6', ['suspect a'], ['suspect a 6']],
    ['suspect 5', 'suspect 5', ['suspect a'], ['suspect a 5']],
    ['suspect 4', 'alive 5', [], []],
    ['dead 6', 'dead 6', ['fail a'], ['dead a 6']],
    ['dead 5', 'dead 5', ['fail a'], ['dead a 5']],
    ['dead 4', 'alive 5', [], []],
    ['leave 5', 'left 5', ['leave a'], ['dead a 5']],
    ['leave 4', 'alive 5', [], []],
  ],
  suspect: [
    ['alive 6', 'alive 6', [], ['alive a 6']],
    ['alive 5', 'suspect 5', [], []],
    ['alive 4', 'suspect 5', [], []],
    ['suspect 5', 'suspect 5', [], []],
    ['suspect 4', 'suspect 5', [], []],
    ['dead 5', 'dead 5', ['fail a'], ['dead a 5']],
    ['dead 4', 'suspect 5', [], []],
    ['leave 5', 'left 5', ['leave a'], ['dead a 5']],
  ],
  dead: [
    ['alive 6', 'alive 6', ['join a'], ['alive a 6']],
    ['alive 5', 'dead 5', [], []],
    ['alive 4', 'dead 5', [], []],
    ['suspect 6', 'dead 5', [], []],
    ['suspect 4', 'dead 5', [], []],
    ['dead 6', 'dead 5', [], []],
    ['dead 4', 'dead 5', [], []],
    ['leave 6', 'dead 5', [], []],
  ],
  left: [
    ['alive 6', 'alive 6', ['join a'], ['alive a 6']],
    ['alive 5', 'left 5', [], []],
    ['suspect 6', 'left 5', [], []],
    ['dead 6', 'left 5', [], []],
    ['leave 6', 'left 5', [], []],
  ],
};

function apply(ring: RulesBench, claim: string): void {
  const [kind, number] = claim.split(' ');
  const incarnation = Number(number);
  if (kind === 'alive') ring.rules.alive(alive('a', incarnation));
  if (kind === 'suspect') ring.rules.suspect(suspect('a', incarnation));
  if (kind === 'dead') ring.rules.dead(dead('a', incarnation));
  if (kind === 'leave') ring.rules.dead(dead('a', incarnation, 'a'));
}

for (const [state, cells] of Object.entries(TABLE)) {
  test(`what each claim does to a node that is ${state}`, () => {
    for (const [claim, after, events, queued] of cells) {
      const ring = bench(state as State);
      apply(ring, claim);
      const what = `${state} and ${claim}`;
      assert.equal(ring.stateOf('a'), after, what);
      assert.deepEqual(ring.events, events, what);
      assert.deepEqual(ring.queued(), queued, what);
      assert.equal(ring.nudges, queued.length, `${what}: fresh news is announced to gossip`);
    }
  });
}

test('a new node is stored as it was claimed', () => {
  const ring = new RulesBench();
  const claim = alive('a', 3, { metadata: Uint8Array.of(1, 2), port: 99 });
  ring.rules.alive(claim);
  const record = ring.record('a');
  assert.deepEqual(record.address, { host: '10.0.0.2', port: 99 });
  assert.deepEqual(record.metadata, Uint8Array.of(1, 2));
  assert.deepEqual(record.startId, startId(1));
  assert.equal(ring.parts.core.table.size, 2);
});

test('the same news with a newer incarnation keeps the time of the last change of state', () => {
  const ring = bench('alive');
  const since = ring.record('a').stateChangedAt;
  ring.clock.runFor(1000);
  ring.rules.alive(alive('a', 6));
  assert.equal(ring.record('a').stateChangedAt, since);
  ring.rules.dead(dead('a', 6));
  assert.equal(ring.record('a').stateChangedAt, since + 1000);
});

test('changed metadata, port or host of a member is an update', () => {
  const ring = bench('alive');
  ring.rules.alive(alive('a', 6, { metadata: Uint8Array.of(1) }));
  assert.deepEqual(ring.events, ['update a']);
  ring.rules.dead(dead('a', 6, 'a'));
  ring.rules.alive(alive('a', 7, { port: 8000, startId: startId(2) }));
  assert.deepEqual(ring.events, ['update a', 'leave a', 'join a'], 'a return is a join only');
});

test('a suspect that refutes is a member again without a join', () => {
  const ring = bench('suspect');
  ring.rules.alive(alive('a', 6));
  assert.deepEqual(ring.events, []);
  ring.clock.runFor(100_000);
  assert.equal(ring.stateOf('a'), 'alive 6', 'the timer is off');
});

test('an unrefuted suspicion ends in death, told as ours', () => {
  const ring = bench('suspect');
  ring.clock.runFor(3999);
  assert.equal(ring.stateOf('a'), 'suspect 5');
  ring.clock.runFor(1);
  assert.equal(ring.stateOf('a'), 'dead 5');
  assert.deepEqual(ring.events, ['fail a']);
  assert.deepEqual(ring.queued(), ['dead a 5']);
});

test('each independent accuser is passed on, up to the expected number, and shortens the time', () => {
  const ring = new RulesBench();
  for (const name of ['b', 'c', 'd', 'e']) {
    ring.rules.alive(
      alive(name, 1, { address: hostToBytes('10.0.1.1'), port: name.charCodeAt(0) }),
    );
  }
  ring.rules.alive(alive('a', 5));
  ring.rules.suspect(suspect('a', 5, 'b'));
  ring.forget();
  ring.rules.suspect(suspect('a', 5, 'b'));
  assert.deepEqual(ring.queued(), [], 'the first accuser again');
  ring.rules.suspect(suspect('a', 5, 'c'));
  assert.deepEqual(ring.queued(), ['suspect a 5']);
  ring.clock.runFor(11_380);
  assert.equal(ring.stateOf('a'), 'suspect 5');
  ring.forget();
  ring.rules.suspect(suspect('a', 5, 'd'));
  assert.deepEqual(ring.queued(), ['suspect a 5']);
  ring.clock.runFor(0);
  assert.equal(ring.stateOf('a'), 'dead 5');
  ring.forget();
  ring.rules.suspect(suspect('a', 5, 'e'));
  assert.deepEqual(ring.queued(), []);
});

test('a suspicion that ran out of time without all accusers is counted', () => {
  const ring = new RulesBench({ suspicion: { mult: 3 } });
  for (const name of ['b', 'c', 'd']) ring.rules.alive(alive(name, 1));
  ring.rules.suspect(suspect('b', 1));
  ring.clock.runFor(60_000);
  assert.equal(ring.stateOf('b'), 'dead 1');
  assert.equal(ring.parts.core.counters.get('suspicions.unconfirmed'), 1);
});

test('about ourselves every accusation that is not older is refuted with a greater incarnation', () => {
  const cells: [string, (ring: RulesBench) => void, string, number][] = [
    ['suspect of now', (r) => r.rules.suspect(suspect('me', 1)), 'alive 2', 1],
    ['suspect of later', (r) => r.rules.suspect(suspect('me', 8)), 'alive 9', 1],
    ['dead of now', (r) => r.rules.dead(dead('me', 1)), 'alive 2', 1],
    ['leave we did not say', (r) => r.rules.dead(dead('me', 4, 'me')), 'alive 5', 1],
    ['suspect of before', (r) => r.rules.suspect(suspect('me', 0)), 'alive 1', 0],
    ['dead of before', (r) => r.rules.dead(dead('me', 0)), 'alive 1', 0],
  ];
  for (const [what, accuse, after, score] of cells) {
    const ring = new RulesBench();
    accuse(ring);
    assert.equal(ring.stateOf('me'), after, what);
    assert.equal(ring.parts.core.awareness.score, score, what);
    assert.deepEqual(ring.queued(), score === 0 ? [] : [`alive me ${after.split(' ')[1]}`], what);
    assert.deepEqual(ring.events, [], what);
  }
});

test('a wrong alive about ourselves at our own endpoint is refuted, and our record stays ours', () => {
  const ours = { address: hostToBytes('10.0.0.1') };
  const ring = new RulesBench();
  const { startId: ownStart } = ring.record('me');
  const claim = { ...ours, startId: ownStart };
  ring.rules.alive(alive('me', 1, claim));
  assert.equal(ring.stateOf('me'), 'alive 1', 'our own echo');
  ring.rules.alive(alive('me', 1, { ...claim, metadata: Uint8Array.of(6) }));
  assert.equal(ring.stateOf('me'), 'alive 2', 'other metadata');
  ring.rules.alive(alive('me', 9, claim));
  assert.equal(ring.stateOf('me'), 'alive 10', 'a number we never used');
  ring.rules.alive(alive('me', 10, ours));
  assert.equal(ring.stateOf('me'), 'alive 11', 'another start in our place');
  ring.rules.alive(alive('me', 3, ours));
  assert.equal(ring.stateOf('me'), 'alive 11', 'old news');
  assert.equal(ring.record('me').metadata.length, 0);
  assert.deepEqual(ring.record('me').startId, ownStart);
  assert.equal(ring.asked.length, 0);
});

test('our name elsewhere is a conflict when somebody answers there, whatever the incarnations', () => {
  for (const incarnation of [1, 50]) {
    const ring = new RulesBench();
    ring.rules.suspect(suspect('me', 10));
    ring.forget();
    ring.rules.alive(alive('me', incarnation));
    assert.deepEqual(
      ring.asked.map(({ name, endpoint }) => [name, endpoint.host]),
      [['me', '10.0.0.2']],
    );
    ring.asked[0]!.answer(true);
    assert.deepEqual(ring.events, ['conflict me 10.0.0.2']);
    assert.deepEqual(ring.shown, []);
    assert.equal(ring.stateOf('me'), 'alive 11');
    assert.deepEqual(ring.queued(), []);
  }
});

test('what is left of our former self elsewhere is no conflict', () => {
  const ring = new RulesBench();
  ring.rules.alive(alive('me', 50));
  ring.asked[0]!.answer(false);
  assert.deepEqual(ring.events, []);
  assert.equal(ring.stateOf('me'), 'alive 1');
});

test('an accusation of the last incarnation cannot be refuted; the operator hears it once a minute', () => {
  const ring = new RulesBench();
  ring.rules.suspect(suspect('me', MAX_INCARNATION));
  ring.rules.suspect(suspect('me', MAX_INCARNATION));
  assert.equal(ring.stateOf('me'), 'alive 1');
  assert.deepEqual(ring.events, ['WARN_INCARNATION_EXHAUSTED']);
  assert.deepEqual(ring.queued(), []);
  ring.rules.suspect(suspect('me', 1));
  assert.equal(ring.stateOf('me'), 'alive 2', 'lower ones still can');
  ring.clock.runFor(60_000);
  ring.rules.suspect(suspect('me', MAX_INCARNATION));
  assert.equal(ring.events.length, 2);
});

test('numbers near the end of the incarnations are counted', () => {
  const ring = new RulesBench();
  ring.rules.alive(alive('a', MAX_INCARNATION - 65_536));
  assert.equal(ring.parts.core.counters.get('claims.highIncarnation'), 0);
  ring.rules.alive(alive('b', MAX_INCARNATION - 65_535));
  assert.equal(ring.parts.core.counters.get('claims.highIncarnation'), 1);
});

test('a node that restarts in place is accepted once its incarnation is newer', () => {
  const ring = bench('alive');
  ring.rules.alive(alive('a', 1, { startId: startId(2), metadata: Uint8Array.of(1) }));
  assert.equal(ring.stateOf('a'), 'alive 5', 'it does not know its number yet');
  ring.rules.alive(alive('a', 6, { startId: startId(2), metadata: Uint8Array.of(1) }));
  assert.equal(ring.stateOf('a'), 'alive 6');
  assert.deepEqual(ring.record('a').startId, startId(2));
  assert.deepEqual(ring.events, ['update a']);
  assert.deepEqual(ring.asked, []);
});

const THERE = { address: hostToBytes('10.0.0.3'), startId: startId(2) };

test('a live name at a new endpoint replaces the old one once that fails a direct probe', () => {
  for (const state of ['alive', 'suspect'] as const) {
    const ring = bench(state);
    ring.rules.alive(alive('a', 1, THERE));
    assert.equal(ring.record('a').address.host, '10.0.0.2', 'not before it was asked');
    assert.deepEqual(
      ring.asked.map(({ name, endpoint }) => [name, endpoint.host]),
      [['a', '10.0.0.2']],
    );
    ring.asked[0]!.answer(false);
    assert.equal(ring.stateOf('a'), 'alive 1');
    assert.equal(ring.record('a').address.host, '10.0.0.3');
    assert.deepEqual(ring.events, ['fail a', 'join a'], 'what the old one held goes with it');
    assert.deepEqual(ring.queued(), ['alive a 1']);
    ring.clock.runFor(100_000);
    assert.equal(ring.stateOf('a'), 'alive 1', 'no timer of the old one is left');
  }
});

test('a live name at a new endpoint is a conflict while the old one answers', () => {
  const ring = bench('alive');
  ring.rules.alive(alive('a', 9, THERE));
  ring.asked[0]!.answer(true);
  assert.equal(ring.stateOf('a'), 'alive 5');
  assert.equal(ring.record('a').address.host, '10.0.0.2');
  assert.deepEqual(ring.events, ['conflict a 10.0.0.3']);
  assert.deepEqual(ring.shown, ['alive a 9 to 10.0.0.2'], 'so that the old one knows');
  assert.deepEqual(ring.queued(), []);
});

test('one question at a time is asked about a name, and a conflict is told once a minute', () => {
  const ring = bench('alive');
  ring.rules.alive(alive('a', 9, THERE));
  ring.rules.alive(alive('a', 9, THERE));
  assert.equal(ring.asked.length, 1);
  ring.asked[0]!.answer(true);
  ring.rules.alive(alive('a', 9, THERE));
  ring.asked[1]!.answer(true);
  assert.equal(ring.events.length, 1);
  ring.clock.runFor(60_000);
  ring.rules.alive(alive('a', 9, THERE));
  ring.asked[2]!.answer(true);
  assert.equal(ring.events.length, 2);
});

test('news of the old process while it is being asked does not save it', () => {
  const ring = bench('alive');
  ring.rules.alive(alive('a', 1, THERE));
  ring.rules.alive(alive('a', 6));
  ring.asked[0]!.answer(false);
  assert.equal(ring.record('a').address.host, '10.0.0.3');
});

test('an answer about a name that has moved on meanwhile changes nothing', () => {
  const ring = bench('alive');
  ring.rules.alive(alive('a', 1, THERE));
  ring.rules.alive(alive('a', 6, { startId: startId(3) }));
  ring.asked[0]!.answer(false);
  assert.equal(ring.record('a').address.host, '10.0.0.2');
  assert.equal(ring.stateOf('a'), 'alive 6');
});

test('a gone name at a new endpoint is replaced at once, at any incarnation', () => {
  for (const state of ['dead', 'left'] as const) {
    const ring = bench(state);
    ring.rules.alive(alive('a', 1, THERE));
    assert.equal(ring.stateOf('a'), 'alive 1');
    assert.equal(ring.record('a').address.host, '10.0.0.3');
    assert.deepEqual(ring.events, ['join a']);
    assert.deepEqual(ring.asked, []);
  }
});

test('old gossip about a replaced process does not bring it back', () => {
  for (const incarnation of [77, 1]) {
    const ring = bench('dead');
    ring.rules.alive(alive('a', 1, THERE));
    ring.forget();
    ring.rules.alive(alive('a', incarnation));
    assert.equal(ring.stateOf('a'), 'alive 1');
    assert.equal(ring.record('a').address.host, '10.0.0.3');
    assert.deepEqual(ring.queued(), []);
    assert.deepEqual(ring.asked, []);
  }
});

test('without start ids a live or dead name does not move, and a left one does', () => {
  const none = { address: hostToBytes('10.0.0.3'), startId: new Uint8Array(0) };
  for (const state of ['alive', 'suspect', 'dead'] as const) {
    const ring = bench(state);
    ring.rules.alive(alive('a', 9, none));
    assert.equal(ring.record('a').address.host, '10.0.0.2', state);
    assert.deepEqual(ring.events, ['conflict a 10.0.0.3']);
  }
  const ring = bench('left');
  ring.rules.alive(alive('a', 1, none));
  assert.equal(ring.stateOf('a'), 'alive 1');
});

test('both byte forms of one address are the same address, and the latest form is relayed', () => {
  const mapped = hostToBytes('::ffff:10.0.0.2');
  const bytes =
    mapped.length === 16 ? mapped : Uint8Array.from([...new Uint8Array(10), 255, 255, 10, 0, 0, 2]);
  const ring = bench('alive');
  ring.rules.alive(alive('a', 6, { address: bytes, startId: startId(1) }));
  assert.equal(ring.stateOf('a'), 'alive 6');
  assert.deepEqual(ring.events, []);
  assert.deepEqual(ring.record('a').addressBytes, bytes);
  assert.deepEqual(ring.record('a').address, { host: '10.0.0.2', port: 7946 });
});

test('claims nobody could use are refused and counted, and never stored nor passed on', () => {
  const bad = [
    { address: hostToBytes('0.0.0.0') },
    { address: hostToBytes('224.0.0.1') },
    { address: hostToBytes('255.255.255.255') },
    { address: hostToBytes('::') },
    { address: Uint8Array.of(1, 2, 3) },
    { port: 0 },
    { versions: new Uint8Array(6) },
    { versions: Uint8Array.of(1, 5, 2) },
    { versions: Uint8Array.of(3, 2, 2, 0, 0, 0) },
    { versions: new Uint8Array(0) },
    { metadata: new Uint8Array(65_537) },
  ];
  for (const changes of bad) {
    const ring = new RulesBench();
    ring.rules.alive(alive('a', 1, changes));
    assert.equal(ring.stateOf('a'), 'unknown', JSON.stringify(changes).slice(0, 80));
    assert.equal(ring.parts.core.counters.get('claims.refused.malformed'), 1);
    assert.deepEqual(ring.queued(), []);
  }
});

test('metadata that no packet can hold is stored but not gossiped, and older news of it is dropped', () => {
  const ring = bench('alive');
  ring.rules.suspect(suspect('a', 5));
  ring.rules.alive(alive('a', 6, { metadata: new Uint8Array(60_000) }));
  assert.equal(ring.record('a').metadata.length, 60_000);
  assert.deepEqual(ring.queued(), []);
  assert.equal(ring.parts.core.counters.get('claims.notGossiped'), 1);
});

test('the table takes no more nodes than its cap', () => {
  const ring = new RulesBench({ limits: { maxMembers: 3 } });
  for (const name of ['a', 'b', 'c', 'd']) ring.rules.alive(alive(name, 1));
  assert.equal(ring.parts.core.table.size, 3);
  assert.equal(ring.parts.core.counters.get('claims.refused.limit'), 2);
  ring.rules.alive(alive('a', 2));
  assert.equal(ring.stateOf('a'), 'alive 2', 'known ones go on');
});

test('leaving marks ourselves as left, tells it, and hears nothing about ourselves any more', () => {
  const ring = new RulesBench();
  let isTold = false;
  ring.rules.leave(() => {
    isTold = true;
  });
  assert.equal(ring.stateOf('me'), 'left 1');
  assert.deepEqual(ring.events, ['leave me']);
  assert.equal(isTold, false);
  ring.rules.alive(alive('me', 9, { address: hostToBytes('10.0.0.1') }));
  ring.rules.suspect(suspect('me', 9));
  ring.rules.dead(dead('me', 9));
  assert.equal(ring.stateOf('me'), 'left 1');
  assert.equal(ring.parts.core.awareness.score, 0);
  ring.queued();
  for (let i = 0; i < 8; i += 1) ring.queued();
  assert.equal(isTold, true);
});

test('a push/pull suspects what the other side holds for dead, and believes it about leaving', () => {
  const ring = bench('alive');
  const base = alive('x', 1);
  const record = (name: string, state: 'alive' | 'suspect' | 'dead' | 'left', incarnation = 5) => {
    const { address, port, metadata, versions, startId: id } = base;
    return { name, state, incarnation, address, port, metadata, versions, startId: id };
  };
  ring.rules.alive(alive('b', 5));
  ring.rules.alive(alive('c', 5));
  ring.forget();
  ring.rules.merge([
    record('a', 'dead'),
    record('b', 'left'),
    record('c', 'suspect'),
    record('new', 'alive', 3),
    record('gone', 'dead'),
    record('me', 'dead', 1),
  ]);
  assert.equal(ring.stateOf('a'), 'suspect 5');
  assert.equal(ring.stateOf('b'), 'left 5');
  assert.equal(ring.stateOf('c'), 'suspect 5');
  assert.equal(ring.stateOf('new'), 'alive 3');
  assert.equal(ring.stateOf('gone'), 'unknown');
  assert.equal(ring.stateOf('me'), 'alive 2');
  assert.deepEqual(ring.events, ['suspect a', 'leave b', 'suspect c', 'join new']);
});

test('a merge applies records in their order', () => {
  const { address, port, metadata, versions, startId: id } = alive('a', 5);
  const at = { address, port, metadata, versions, startId: id };
  const newer = { ...at, name: 'a', state: 'alive', incarnation: 6 } as const;
  const deadOne = { ...at, name: 'a', state: 'dead', incarnation: 5 } as const;
  const first = bench('suspect');
  first.rules.merge([newer, deadOne]);
  assert.equal(first.stateOf('a'), 'alive 6');
  const second = bench('alive');
  second.rules.merge([deadOne, newer]);
  assert.equal(second.stateOf('a'), 'alive 6');
  assert.deepEqual(second.events, ['suspect a']);
});

test('announcing again tells of changed metadata only', () => {
  const ring = new RulesBench();
  ring.rules.announce(Uint8Array.of(1));
  assert.equal(ring.stateOf('me'), 'alive 2');
  ring.rules.announce(Uint8Array.of(1));
  assert.equal(ring.stateOf('me'), 'alive 3');
  assert.deepEqual(ring.events, ['update me']);
  assert.deepEqual(ring.queued(), ['alive me 3'], 'the newer announcement replaced the older');
});

test('closing ends every suspicion', () => {
  const ring = bench('suspect');
  ring.rules.close();
  assert.equal(ring.clock.pendingCount, 0);
});
