import assert from 'node:assert/strict';

import { NodeTransport } from '../../src/runtime/node/index.ts';
import { runReal } from './drivers.ts';
import { TestRing } from './transport-harness.ts';

/*
 * Run in a process of its own, by the test of Node's transport: uses and closes two transports and
 * then must end by itself. It prints what is still held when both have closed.
 */

const ring = new TestRing({
  host: '127.0.0.1',
  create: () => new NodeTransport(),
  run: runReal,
  settle: async () => undefined,
  problems: () => [],
});
const [a, b] = [await ring.start(), await ring.start()];
const kept = a.dial(b.address);
a.transport.sendPacket(b.address, new Uint8Array(10));
await runReal(() => b.accepted.length === 1 && kept.has('open'));
await ring.closeAll();
assert.ok(kept.isClosed);
const held = process.getActiveResourcesInfo().filter((kind) => /tcp|udp|timeout/i.test(kind));
console.log(JSON.stringify(held));
