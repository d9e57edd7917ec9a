import assert from 'node:assert/strict';
import { test } from 'node:test';

import { liveThrough } from '../../sim/commands/trace.ts';
import { WIRE_NAMES } from '../../src/codec/index.ts';

test('a life with every kind of trouble is the same when it is lived again, and another with another seed', async () => {
  for (const wire of WIRE_NAMES) {
    const life = { wire, seed: 7, nodes: 5, seconds: 12 };
    const first = await liveThrough(life);
    assert.deepEqual(await liveThrough(life), first);
    assert.ok(first.packets > 200, `${first.packets} packets`);
    assert.notEqual((await liveThrough({ ...life, seed: 8 })).hash, first.hash);
  }
});
