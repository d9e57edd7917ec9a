import assert from 'node:assert/strict';
import { createServer } from 'node:net';

/* Run in a process of its own: listens, says on which port, and blocks its event loop for good. */

const server = createServer();
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  process.send?.(address.port, () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
});
