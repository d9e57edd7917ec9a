import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, it } from 'node:test';

import { nodeClock } from '../../../src/runtime/node/index.ts';
import { clockSuite } from '../../support/clock-suite.ts';
import { runReal } from '../../support/drivers.ts';

clockSuite('Node', () => ({ clock: nodeClock(), run: runReal }));

describe('the real clock', () => {
  it('defers past datagrams that arrived while the loop was blocked', async () => {
    const clock = nodeClock();
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    let datagramsBefore = -1;
    let datagrams = 0;
    socket.on('message', () => (datagrams += 1));
    const sender = createSocket('udp4');
    sender.bind(0, '127.0.0.1');
    await once(sender, 'listening');

    clock.schedule(5, () => {
      clock.afterPendingInput(() => (datagramsBefore = datagrams));
    });
    // 100 datagrams take four turns of the loop to read; the block makes the timer late.
    for (let sent = 0; sent < 100; sent += 1) sender.send(Uint8Array.of(1), port, '127.0.0.1');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
    await runReal(() => datagramsBefore >= 0);
    socket.close();
    sender.close();
    assert.equal(datagramsBefore, 100);
  });
});
