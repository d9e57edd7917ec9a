import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BroadcastQueue, retransmitLimit } from '../../src/memberlist/broadcast-queue.ts';
import { readVectors } from '../support/vectors.ts';

const text = new TextDecoder();
const utf8 = new TextEncoder();

interface Step {
  readonly op: 'queue' | 'get' | 'prune' | 'reset';
  readonly name?: string;
  readonly message?: string;
  readonly overhead?: number;
  readonly limit?: number;
  readonly maxRetain?: number;
  readonly result?: readonly string[];
  readonly finished: readonly string[];
  readonly numQueued: number;
}

interface Scenario {
  readonly name: string;
  readonly numNodes: number;
  readonly retransmitMult: number;
  readonly retransmitLimit: number;
  readonly steps: readonly Step[];
}

const recorded = readVectors<{ scenarios: readonly Scenario[] }>('memberlist-queue.json');

/** A queue for `nodes` nodes, and the texts of the messages that finished since the last look. */
function queueFor(nodes: number, retransmitMult = 4, maxQueued?: number) {
  const finished: string[] = [];
  const queue = new BroadcastQueue({
    nodeCount: () => nodes,
    retransmitMult,
    ...(maxQueued === undefined ? {} : { maxQueued }),
  });
  const add = (message: string, key: string | null = null): void => {
    const done = (): number => finished.push(message);
    queue.queue({ message: utf8.encode(message), key, finished: done });
  };
  const get = (overhead: number, limit: number): string[] =>
    queue.getBroadcasts(overhead, limit).map((bytes) => text.decode(bytes));
  const fresh = (overhead: number, limit: number): string[] =>
    queue.takeFresh(overhead, limit).map((bytes) => text.decode(bytes));
  return { queue, add, get, fresh, takeFinished: () => finished.splice(0) };
}

for (const scenario of recorded.scenarios) {
  test(`the queue does as Go memberlist's in the recorded scenario ${scenario.name}`, () => {
    const { numNodes, retransmitMult } = scenario;
    assert.equal(retransmitLimit(retransmitMult, numNodes), scenario.retransmitLimit);
    const { queue, add, get, takeFinished } = queueFor(numNodes, retransmitMult);
    for (const [at, step] of scenario.steps.entries()) {
      const where = `step ${at}: ${JSON.stringify(step)}`;
      if (step.op === 'queue') {
        add(step.message ?? '', step.name === '' ? null : (step.name ?? null));
      } else if (step.op === 'get') {
        assert.deepEqual(get(step.overhead ?? 0, step.limit ?? 0), step.result, where);
      } else if (step.op === 'prune') {
        queue.prune(step.maxRetain ?? 0);
      } else {
        queue.clear();
      }
      assert.deepEqual(takeFinished(), step.finished, where);
      assert.equal(queue.length, step.numQueued, where);
    }
  });
}

test('the retransmit limit has the values recorded from Go', () => {
  interface Row {
    readonly mult: number;
    readonly n: number;
    readonly result: number;
  }
  const rows = readVectors<{ retransmitLimit: readonly Row[] }>('memberlist-formulas.json');
  assert.ok(rows.retransmitLimit.length > 20);
  for (const { mult, n, result } of rows.retransmitLimit) {
    assert.equal(retransmitLimit(mult, n), result, `mult ${mult}, ${n} nodes`);
  }
});

test('a message that was sent goes behind the newer ones of its length and before the older', () => {
  const { add, get } = queueFor(3);
  add('old');
  assert.deepEqual(get(0, 3), ['old']);
  add('new');
  assert.deepEqual(get(0, 3), ['new']);
  assert.deepEqual(get(0, 100), ['new', 'old']);
});

test('a replaced message is finished and never sent, and the new one starts afresh', () => {
  const { queue, add, get, takeFinished } = queueFor(3);
  add('one', 'a');
  get(0, 100);
  assert.equal(queue.freshCount, 0);
  add('two!', 'a');
  assert.deepEqual(takeFinished(), ['one']);
  assert.equal(queue.freshCount, 1);
  assert.deepEqual(get(0, 100), ['two!']);
});

test('keys are compared whole, and messages without one never replace each other', () => {
  const { queue, add, takeFinished } = queueFor(3);
  for (const key of ['n1', 'n10', 'n', '', null, null]) add('m', key);
  assert.equal(queue.length, 6);
  assert.deepEqual(takeFinished(), []);
  add('m', '');
  assert.equal(queue.length, 6);
});

test('only messages that were never sent are fresh', () => {
  const { queue, add, get, fresh } = queueFor(3);
  add('aa');
  add('bbb');
  assert.deepEqual([queue.freshCount, queue.freshBytes, queue.queuedBytes], [2, 5, 5]);
  assert.deepEqual(get(2, 5), ['bbb']);
  assert.deepEqual([queue.freshCount, queue.freshBytes, queue.queuedBytes], [1, 2, 5]);
  assert.deepEqual(fresh(2, 100), ['aa']);
  assert.deepEqual(fresh(2, 100), []);
  assert.deepEqual([queue.freshCount, queue.freshBytes, queue.queuedBytes], [0, 0, 5]);
  assert.deepEqual(get(2, 100), ['bbb', 'aa']);
});

test('a message too long for any packet waits without holding up the others', () => {
  const { queue, add, get, fresh } = queueFor(1, 1);
  add('x'.repeat(5000));
  add('small');
  assert.deepEqual(fresh(2, 1400), ['small']);
  assert.deepEqual(get(2, 1400), []);
  assert.equal(queue.length, 1);
  assert.deepEqual(get(2, 5002), ['x'.repeat(5000)]);
});

test('what one call hands out never exceeds the limit, overhead of each included', () => {
  const { add, get } = queueFor(100);
  for (let size = 1; size <= 300; size += 1) add('y'.repeat(size));
  for (const limit of [0, 1, 2, 3, 4, 50, 299, 1400]) {
    const cost = get(3, limit).reduce((sum, message) => sum + message.length + 3, 0);
    assert.ok(cost <= limit, `${cost} of ${limit}`);
  }
});

test('beyond the cap the last in order are dropped, finished and counted', () => {
  const { queue, add, get, takeFinished } = queueFor(3, 4, 3);
  add('sent');
  get(0, 100);
  for (const message of ['aaa', 'bbb', 'cc']) add(message);
  assert.deepEqual(takeFinished(), ['sent']);
  add('dddd');
  assert.deepEqual(takeFinished(), ['cc']);
  assert.equal(queue.length, 3);
  assert.equal(queue.droppedCount, 2);
});

test('pruning drops the most often sent, then the shortest, then the oldest', () => {
  const { queue, add, get, takeFinished } = queueFor(3);
  add('sent twice');
  get(0, 100);
  get(0, 100);
  for (const message of ['aa', 'bb', 'c', 'ddd']) add(message);
  queue.prune(3);
  assert.deepEqual(takeFinished(), ['sent twice', 'c']);
  queue.prune(2);
  assert.deepEqual(takeFinished(), ['aa']);
  queue.prune(5);
  queue.prune(0);
  assert.deepEqual(takeFinished(), ['bb', 'ddd']);
  queue.prune(0);
  assert.equal(queue.length, 0);
});

test('a cluster of nobody still gets each message once', () => {
  const { queue, add, get, takeFinished } = queueFor(0);
  add('a');
  assert.deepEqual(get(0, 100), ['a']);
  assert.deepEqual(takeFinished(), ['a']);
  assert.equal(queue.length, 0);
});

test('finished callbacks run on a settled queue and may call back into it', () => {
  const queue = new BroadcastQueue({ nodeCount: () => 1, retransmitMult: 1 });
  const lengths: number[] = [];
  const message = new Uint8Array(4);
  const again = (): void => {
    lengths.push(queue.length);
    if (lengths.length < 3) queue.queue({ message, key: 'k', finished: again });
    queue.prune(10);
  };
  queue.queue({ message, key: 'k', finished: again });
  queue.queue({ message, key: 'k', finished: again });
  assert.deepEqual(lengths, [1, 1, 1]);
  queue.getBroadcasts(0, 100);
  assert.deepEqual(lengths, [1, 1, 1, 0]);
  assert.deepEqual([queue.length, queue.queuedBytes, queue.freshBytes], [0, 0, 0]);
});

test('an exception from a finished callback is handed to onError and stops nothing', () => {
  const errors: unknown[] = [];
  const finished: string[] = [];
  const queue = new BroadcastQueue({
    nodeCount: () => 1,
    retransmitMult: 1,
    onError: (error) => errors.push(error),
  });
  const boom = new Error('boom');
  const message = new Uint8Array(1);
  queue.queue({ message, key: null, finished: () => finished.push('older') });
  const fail = (): void => {
    throw boom;
  };
  queue.queue({ message, key: null, finished: fail });
  assert.equal(queue.getBroadcasts(0, 100).length, 2);
  assert.deepEqual(errors, [boom]);
  assert.deepEqual(finished, ['older']);
});

test('creating in a row costs the same whether 100 or 100,000 messages are queued', () => {
  const { queue } = queueFor(1000, 4, 200_000);
  const create = (count: number): number => {
    const before = queue.work;
    for (let i = 0; i < count; i += 1) {
      queue.queue({ message: new Uint8Array(40 + (i % 60)), key: `${queue.length}` });
    }
    return (queue.work - before) / count;
  };
  create(100);
  const few = create(1000);
  create(100_000 - queue.length);
  const many = create(1000);
  assert.ok(few < 300 && many < 300, `${few} and ${many} steps each`);
});

test('filling packets and replacing cost a bounded number of steps at 100,000 messages', () => {
  const { queue } = queueFor(1000);
  for (let i = 0; i < 100_000; i += 1) {
    queue.queue({ message: new Uint8Array(40 + (i % 60)), key: `${i}` });
  }
  const start = queue.work;
  let taken = 0;
  for (let i = 0; i < 1000; i += 1) taken += queue.getBroadcasts(4, 1395).length;
  const perMessage = (queue.work - start) / taken;
  assert.ok(taken > 12_000 && perMessage < 500, `${perMessage} steps for each of ${taken}`);

  const middle = queue.work;
  for (let i = 0; i < 1000; i += 1) {
    queue.queue({ message: new Uint8Array(50), key: `${i * 97}` });
  }
  assert.ok((queue.work - middle) / 1000 < 700, `${(queue.work - middle) / 1000} steps each`);
  assert.equal(queue.length, 100_000);
});
