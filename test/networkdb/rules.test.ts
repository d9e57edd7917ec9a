import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  decodeCapabilities,
  DEFAULT_TABLES_OPTIONS,
  encodeCapabilities,
  MAX_NAME_BYTES,
} from '../../src/networkdb/index.ts';
import { Countdown } from '../../src/networkdb/countdown.ts';
import { EarlyEvents } from '../../src/networkdb/early-events.ts';
import type { EntryVersion } from '../../src/networkdb/entry.ts';
import { compareVersions } from '../../src/networkdb/entry.ts';
import {
  LamportClock,
  MAX_ACCEPTED_TIME,
  MAX_LAMPORT_JUMP,
  MAX_LAMPORT_TIME,
} from '../../src/networkdb/lamport.ts';
import { checkName, isValidName } from '../../src/networkdb/names.ts';
import { compareBytes, compareText } from '../../src/networkdb/order.ts';
import { GO_PACKETS, PACKETS_PER_WINDOW, TablePacing } from '../../src/networkdb/table-pacing.ts';
import { RateLimit } from '../../src/networkdb/rate-limit.ts';
import { Slices } from '../../src/networkdb/slices.ts';
import { Counters, utf8Length } from '../../src/runtime/index.ts';
import { VirtualClock } from '../../src/simulator/index.ts';
import { encode } from '../support/fake-membership.ts';

/*
 * The small pure pieces: clocks, order, names, budgets.
 */

test('witnessing a time at or past the clock moves it past that time', () => {
  const clock = new LamportClock();
  assert.equal(clock.increment(), 1);
  const cases: [number, number][] = [
    [0, 1],
    [1, 2],
    [1, 2],
    [10, 11],
    [5, 11],
    [MAX_LAMPORT_TIME, MAX_LAMPORT_TIME],
  ];
  for (const [seen, after] of cases) {
    clock.witness(seen);
    assert.equal(clock.time, after);
  }
  assert.throws(() => clock.increment(), { code: 'ERR_INTERNAL' });
});

test('hostile times are told apart before anything moves', () => {
  const clock = new LamportClock();
  assert.equal(clock.judge(MAX_ACCEPTED_TIME), 'ok');
  assert.equal(clock.judge(MAX_ACCEPTED_TIME + 1), 'unsafe');
  assert.equal(clock.judge(2n ** 53n), 'unsafe');
  assert.equal(clock.judge(2n ** 64n - 1n), 'unsafe');
  assert.equal(clock.judge(2 ** 53), 'unsafe');
  clock.settle();
  assert.equal(clock.judge(MAX_LAMPORT_JUMP), 'ok');
  assert.equal(clock.judge(MAX_LAMPORT_JUMP + 1), 'jump');
  assert.equal(clock.time, 0);
});

test('text is ordered by its UTF-8 bytes, unlike UTF-16 units', () => {
  const texts = ['', 'a', 'ab', 'b', '\u00e9', '\u07ff', '\ud7ff', '\ue000', '\uffff', '😀', '😀a'];
  for (const a of texts) {
    for (const b of texts) {
      const expected = Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.equal(Math.sign(compareText(a, b)), expected, `${a} ${b}`);
      assert.equal(Math.sign(compareBytes(encode(a), encode(b))), expected);
    }
    assert.equal(utf8Length(a), Buffer.byteLength(a));
  }
});

test('which write wins is a total order', () => {
  const version = (
    time: number,
    owner: string,
    isDeleted: boolean,
    value: string,
  ): EntryVersion => ({ time, owner, isDeleted, value: encode(value) });
  const ascending = [
    version(1, 'z', false, 'z'),
    version(2, 'a', true, 'z'),
    version(2, 'a', false, ''),
    version(2, 'a', false, 'a'),
    version(2, 'a', false, 'aa'),
    version(2, 'b', true, ''),
    version(2, 'b', true, 'b'),
    version(2, '\uffff', false, ''),
    version(2, '😀', false, ''),
    version(3, 'a', true, ''),
  ];
  ascending.forEach((a, i) => {
    ascending.forEach((b, j) => {
      assert.equal(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${i} ${j}`);
    });
  });
});

test('names are refused when empty, too long or not well-formed', () => {
  for (const kind of ['network', 'table', 'key'] as const) {
    const limit = MAX_NAME_BYTES[kind];
    const good = ['a', 'a/b', ' ', '😀', 'x'.repeat(limit)];
    const bad = ['', 'x'.repeat(limit + 1), '\u00e9'.repeat(limit / 2 + 1), '\ud83d', 'a\udc00'];
    for (const name of good) assert.ok(isValidName(kind, name), name);
    for (const name of bad) {
      assert.ok(!isValidName(kind, name), name);
      assert.throws(
        () => {
          checkName(kind, name);
        },
        { code: 'ERR_NAME_INVALID' },
      );
    }
  }
});

test('retention is counted in ticks and not in time', () => {
  const countdown = new Countdown();
  const expiresAt = countdown.after(10_000);
  countdown.advance(5_000);
  assert.equal(countdown.leftMs(expiresAt), 5_000);
  countdown.advance(5_000);
  assert.equal(countdown.leftMs(expiresAt), 0);
});

test('capabilities survive the trip, and other metadata has none', () => {
  for (const features of [0, 1, 127, 128, 0xffff, 0xffff_ffff]) {
    for (const user of ['', 'user bytes']) {
      for (const goLevel of [null, 0, 1, 0xf7]) {
        const read = decodeCapabilities(encodeCapabilities(features, encode(user), goLevel));
        const level = goLevel ?? 0;
        assert.deepEqual(read, { features, goLevel: level, user: encode(user), isOurs: true });
      }
    }
  }
  const foreign = ['', 'user', '\u00f7ND'].map(encode);
  const cut = encodeCapabilities(0xffff_ffff, new Uint8Array(0)).slice(0, 5);
  for (const metadata of [...foreign, cut, new Uint8Array([0xf7, 0x4e, 0x44])]) {
    const read = decodeCapabilities(metadata);
    const goLevel = metadata[0] ?? 0;
    assert.deepEqual(read, { features: 0, goLevel, user: metadata, isOurs: false });
  }
  const twoAhead = Uint8Array.of(1, 1, 0xf7, 0x4e, 0x44, 1);
  assert.equal(decodeCapabilities(twoAhead).isOurs, false);
});

test('what is read of metadata shares no memory with it, also when that is a Buffer', () => {
  for (const metadata of [encodeCapabilities(1, encode('user')), encode('of Go')]) {
    const buffer = Buffer.from(metadata);
    const { user } = decodeCapabilities(buffer);
    const before = [...user];
    buffer.fill(0);
    assert.deepEqual([...user], before);
  }
});

test('an early event is kept as it came, also when its Buffer is used again', () => {
  const { limits } = DEFAULT_TABLES_OPTIONS;
  const early = new EarlyEvents(new VirtualClock(), limits, new Counters());
  const inner = Buffer.from('as it came');
  early.keep({ kind: 'table', node: 'n', network: 'prod', inner });
  inner.fill(0);
  const [kept] = early.takeWrites('n', 'prod');
  assert.deepEqual(kept?.inner, encode('as it came'));
  early.stop();
});

test('credit may be overdrawn once and is paid off with time', () => {
  const clock = new VirtualClock();
  const pacer = new TablePacing(clock, 1_000_000);
  assert.ok(pacer.hasCredit());
  pacer.spend(600_000);
  assert.ok(!pacer.hasCredit());
  const waitMs = pacer.msUntilCredit();
  assert.ok(waitMs >= 500 && waitMs <= 502);
  clock.runFor(waitMs - 2);
  assert.ok(!pacer.hasCredit());
  clock.runFor(2);
  assert.ok(pacer.hasCredit());
});

test('a destination has room for so many packets in a window', () => {
  const clock = new VirtualClock();
  const pacer = new TablePacing(clock, 1_000_000);
  for (let i = 0; i < PACKETS_PER_WINDOW; i += 1) {
    assert.ok(pacer.hasRoomFor(['a', 'b']));
    pacer.notePacket('a');
  }
  assert.ok(!pacer.hasRoomFor(['a', 'b']));
  assert.ok(pacer.hasRoomFor(['b']));
  clock.runFor(10);
  assert.ok(pacer.hasRoomFor(['a', 'b']));
});

test('a node of Go has room for so many packets a second, whatever others of Go are sent', () => {
  const clock = new VirtualClock();
  const pacer = new TablePacing(clock, 1_000_000, (peer) => peer.startsWith('go'));
  const send = (peer: string): number => {
    let sent = 0;
    for (; pacer.hasRoomFor([peer]) && sent < 1_000; sent += 1) pacer.notePacket(peer);
    return sent;
  };
  const sendFor = (peer: string, durationMs: number): number => {
    let sent = send(peer);
    for (let ms = 0; ms < durationMs; ms += 10) {
      clock.runFor(10);
      sent += send(peer);
    }
    return sent;
  };
  assert.ok(Math.abs(sendFor('go1', 30) - GO_PACKETS) <= 4);
  for (let i = 0; i < 2_000; i += 1) pacer.notePacket(`go of a crowd ${i}`);
  assert.ok(send('go1') <= 4, 'it is not forgotten among many');
  assert.ok(Math.abs(sendFor('go1', 1_000) - GO_PACKETS) <= 4);
  clock.runFor(2_000);
  assert.ok(Math.abs(sendFor('go1', 30) - GO_PACKETS) <= 4, 'after a pause all of it again');
  assert.ok(sendFor('ours', 1_000) > 10 * GO_PACKETS);
});

test('a rate is a burst and a refill', () => {
  const clock = new VirtualClock();
  const limit = new RateLimit(clock, { perSecond: 2, burst: 3 });
  const take = (): number => [1, 2, 3, 4, 5].filter(() => limit.tryTake()).length;
  assert.equal(take(), 3);
  clock.runFor(1_000);
  assert.equal(take(), 2);
  clock.runFor(60_000);
  assert.equal(take(), 3);
});

test('long jobs take turns in slices of bounded size', () => {
  const clock = new VirtualClock();
  const slices = new Slices(clock);
  const log: string[] = [];
  const job = function* (name: string, items: number, bytes: number): Generator<number, void> {
    for (let i = 0; i < items; i += 1) {
      if (i % 128 === 0) log.push(name);
      yield bytes;
    }
  };
  slices.run(job('a', 300, 1), () => log.push('a done'));
  slices.run(job('b', 300, 1), () => log.push('b done'));
  assert.equal(log.length, 0);
  clock.runFor(1);
  assert.equal(log.join(' '), 'a b a b a b a done b done');
  slices.run(job('c', 100, 20_000), () => log.push('c done'));
  clock.runFor(1);
  assert.equal(slices.counts().items, 700);
  assert.equal(slices.counts().largestItems, 128);
  assert.equal(slices.counts().largestBytes, 80_000);
});

test('a stop drops jobs that are not finished', () => {
  const clock = new VirtualClock();
  const slices = new Slices(clock);
  let isDone = false;
  slices.run([1, 2, 3].values(), () => {
    isDone = true;
  });
  slices.stop();
  clock.runFor(10);
  assert.ok(!isDone);
  assert.equal(clock.pendingCount, 0);
});
