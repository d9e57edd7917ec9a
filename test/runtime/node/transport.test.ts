import assert from 'node:assert/strict';
import { execFile, fork } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import type { TestContext } from 'node:test';
import { describe, it, mock } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { NodeTransport } from '../../../src/runtime/node/index.ts';
import { runReal, settleReal } from '../../support/drivers.ts';
import { recordingLogger } from '../../support/recording-logger.ts';
import type { TransportHarness } from '../../support/transport-harness.ts';
import { assertCode, StreamLog, TestRing } from '../../support/transport-harness.ts';
import { transportSuite } from '../../support/transport-suite.ts';

const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
const hasIpv6 = own.some(({ address }) => address === '::1');

function harnessOn(host: string): TransportHarness {
  const logger = recordingLogger();
  return {
    host,
    create: () => new NodeTransport({ logger }),
    run: runReal,
    settle: settleReal,
    problems: () => logger.lines,
  };
}

/** A ring that is closed when the test is over, whatever came of it. */
function ringOn(t: TestContext, harness: TransportHarness): TestRing {
  const ring = new TestRing(harness);
  t.after(() => ring.closeAll());
  return ring;
}

for (const host of hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']) {
  transportSuite(`sockets on ${host}`, () => harnessOn(host));
}

/** A port whose UDP half is held and whose TCP half nobody has, other programs included. */
async function udpOnlyPort(t: TestContext): Promise<number> {
  for (;;) {
    const holder = dgram.createSocket('udp4');
    holder.bind(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address();
    const probe = net.createServer().listen({ port, host: '127.0.0.1', exclusive: true });
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (isFree) {
      probe.close();
      await once(probe, 'close');
      t.after(() => holder.close());
      return port;
    }
    holder.close();
  }
}

describe("Node's transport", () => {
  it('lets go of the TCP port when another process holds the UDP port', async (t) => {
    const port = await udpOnlyPort(t);
    const ring = ringOn(t, harnessOn('127.0.0.1'));
    const { error } = await ring.listen(ring.create(), { bindPort: port });
    assert.equal(error?.code, 'ERR_ADDRESS_IN_USE');
    assert.equal(error.fields['protocol'], 'udp');
    const server = net.createServer().listen({ port, host: '127.0.0.1', exclusive: true });
    await once(server, 'listening');
    server.close();
  });

  it('tries other ports when the UDP port beside the picked TCP port is taken', async (t) => {
    const ring = ringOn(t, harnessOn('127.0.0.1'));
    await failingUdpBinds(9, async () => {
      const { error } = await ring.listen(ring.create());
      assert.equal(error, null);
    });
    await failingUdpBinds(10, async () => {
      const { error } = await ring.listen(ring.create());
      assert.equal(error?.code, 'ERR_ADDRESS_IN_USE');
    });
  });

  it('gives up a dial that nobody answers in time', async (t) => {
    // A process that listens with the shortest queue and never takes a connection off it: once the
    // queue is full the system leaves further dials unanswered.
    const script = fileURLToPath(new URL('../../support/deaf-listener.js', import.meta.url));
    const listener = fork(script, { stdio: 'inherit' });
    t.after(() => listener.kill('SIGKILL'));
    const [port] = (await once(listener, 'message')) as [number];
    const ring = ringOn(t, harnessOn('127.0.0.1'));
    const node = await ring.start({ dialTimeoutMs: 100 });
    const logs = Array.from({ length: 12 }, () => node.dial({ host: '127.0.0.1', port }));
    await runReal(() => logs.some((log) => log.isClosed));
    const failed = logs.find((log) => log.isClosed) ?? new StreamLog();
    assertCode(failed, 'ERR_DIAL_FAILED');
    assert.match(String(failed.outcome?.message), /no answer within 100 ms/);
    assert.deepEqual(failed.heard, ['close']);
  });

  it('survives handlers that throw, and drops their stream', async (t) => {
    const logger = recordingLogger();
    const transport = new NodeTransport({ logger });
    const ring = ringOn(t, { ...harnessOn('127.0.0.1'), create: () => transport });
    const bug = (): never => {
      throw new Error('a bug');
    };
    let streams = 0;
    const { bound } = await ring.listen(
      ring.create(),
      {},
      {
        onPacket: bug,
        onStream: () => {
          streams += 1;
          if (streams === 1) bug();
          return { onData: bug, onClose: bug };
        },
      },
    );
    const peerRing = ringOn(t, harnessOn('127.0.0.1'));
    const peer = await peerRing.start();
    peer.transport.sendPacket(bound, Uint8Array.of(1));
    await runReal(() => logger.lines.length === 1);
    const first = peer.dial(bound);
    await runReal(() => first.isClosed);
    const second = peer.dial(bound);
    second.connection?.write(Uint8Array.of(1));
    await runReal(() => second.isClosed && transport.counters()['handlers.threw'] === 4);
    assertCode(first, 'ERR_STREAM_CLOSED', 'ERR_DIAL_FAILED');
    assertCode(second, 'ERR_STREAM_CLOSED');
    transport.sendPacket(bound, Uint8Array.of(1), bug);
    await runReal(() => transport.counters()['handlers.threw'] === 6);
  });

  it('counts the streams that it refused and the packets it could not send', async (t) => {
    const ring = ringOn(t, harnessOn('127.0.0.1'));
    const node = await ring.start({ maxInboundStreams: 0 });
    const log = node.dial(node.address);
    node.transport.sendPacket({ ...node.address, port: 0 }, new Uint8Array(1));
    await runReal(() => log.isClosed);
    assert.ok(node.transport instanceof NodeTransport);
    assert.deepEqual(node.transport.counters(), { 'packets.sendFailed': 1, 'streams.refused': 1 });
  });

  it('holds nothing after close, so that the process can end', async () => {
    const script = fileURLToPath(new URL('../../support/exits-alone.js', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 20_000 });
    assert.equal(stdout.trim(), '[]');
  });

  if (hasIpv6) {
    it('serves IPv4 and IPv6 when bound to ::, and shows IPv4 peers as IPv4', async (t) => {
      const wild = ringOn(t, harnessOn('::'));
      const dual = await wild.start();
      assert.equal(dual.address.host, '::');
      for (const host of ['127.0.0.1', '::1']) {
        const ring = ringOn(t, harnessOn(host));
        const node = await ring.start();
        const toDual = { host, port: dual.address.port };
        dual.packets.length = 0;
        node.transport.sendPacket(toDual, Uint8Array.of(1));
        await runReal(() => dual.packets.length === 1);
        assert.deepEqual(dual.packets[0]?.from, node.address);
        dual.transport.sendPacket(node.address, Uint8Array.of(2));
        await runReal(() => node.packets.length === 1);
        assert.deepEqual(node.packets[0]?.from, toDual);
        const log = node.dial(toDual);
        const back = dual.dial(node.address);
        await runReal(() => log.has('open') && back.has('open'));
        assert.equal(dual.accepted.at(-1)?.connection?.remote.host, host);
      }
    });
  }
});

/** Runs `body` while the first `count` binds of UDP sockets fail as if the port were taken. */
async function failingUdpBinds(count: number, body: () => Promise<void>): Promise<void> {
  const { createSocket } = dgram;
  let failuresLeft = count;
  const patched = mock.method(dgram, 'createSocket', (options: dgram.SocketOptions) => {
    const socket = createSocket(options);
    if (failuresLeft === 0) return socket;
    failuresLeft -= 1;
    socket.bind = () => {
      const error = Object.assign(new Error('bind EADDRINUSE'), { code: 'EADDRINUSE' });
      process.nextTick(() => socket.emit('error', error));
      return socket;
    };
    return socket;
  });
  syncBuiltinESMExports();
  try {
    await body();
  } finally {
    patched.mock.restore();
    syncBuiltinESMExports();
  }
}
