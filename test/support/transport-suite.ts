import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Address, GossipError, TransportHandlers } from '../../src/runtime/index.ts';
import { canonicalHost } from '../../src/runtime/index.ts';
import type { TransportHarness } from './transport-harness.ts';
import { assertCode, LIMITS, pattern, StreamLog, TestRing } from './transport-harness.ts';

/*
 * The transport contract, run on every implementation. Datagrams are sent until one arrives, since
 * any transport may lose one; everything about streams is exact.
 */

type Body = (harness: TransportHarness, ring: TestRing) => Promise<void>;

export function transportSuite(name: string, create: () => TransportHarness): void {
  const check = (title: string, body: Body): void => {
    it(title, async () => {
      const harness = create();
      const ring = new TestRing(harness);
      try {
        await body(harness, ring);
      } finally {
        await ring.closeAll();
      }
      assert.deepEqual(harness.problems(), []);
    });
  };
  describe(`the transport port: ${name}`, () => {
    listening(check);
    packets(check);
    packetCounters(check);
    streams(check);
    streamLimits(check);
    closing(check);
  });
}

type Check = (title: string, body: Body) => void;

function listening(check: Check): void {
  check('picks a port and reports the bound address', async (harness, ring) => {
    const node = await ring.start();
    assert.equal(node.address.host, harness.host);
    assert.ok(node.address.port > 0);
  });

  check('refuses a port that is taken, and releases it on close', async (harness, ring) => {
    const first = await ring.start();
    const { port } = first.address;
    const second = ring.create();
    const refused = await ring.listen(second, { bindPort: port });
    assert.equal(refused.error?.code, 'ERR_ADDRESS_IN_USE');
    assert.equal(refused.error.fields['address'], harness.host);
    assert.equal(refused.error.fields['port'], port);
    assert.ok(['tcp', 'udp'].includes(String(refused.error.fields['protocol'])));

    await ring.close(first.transport);
    const granted = await ring.listen(second, { bindPort: port });
    assert.equal(granted.error, null);
    assert.equal(granted.bound.port, port);
    await ring.close(second);
  });

  check('refuses an address that this machine does not have', async (harness, ring) => {
    const foreign = harness.host.includes(':') ? '2001:db8::77' : '203.0.113.77';
    const transport = ring.create();
    for (const bindAddress of [foreign, 'localhost', '']) {
      const { error } = await ring.listen(transport, { bindAddress });
      assert.equal(error?.code, 'ERR_ADDRESS_UNAVAILABLE', bindAddress);
    }
    await ring.close(transport);
  });

  check('refuses a second listen and goes on with the first', async (harness, ring) => {
    const node = await ring.start();
    const again = await ring.listen(node.transport);
    assert.equal(again.error?.code, 'ERR_TRANSPORT');
    const log = node.dial(node.address);
    await harness.run(() => log.has('open'));
  });

  check('lists interface addresses in canonical text', async (harness, ring) => {
    const addresses = ring.create().interfaceAddresses();
    for (const { host, prefixBits } of addresses) {
      assert.equal(canonicalHost(host), host);
      assert.ok(prefixBits >= 0 && prefixBits <= (host.includes(':') ? 128 : 32));
    }
    assert.ok(addresses.some(({ host }) => host === harness.host));
  });
}

function packets(check: Check): void {
  check('delivers datagrams with the address of their sender', async (harness, ring) => {
    const [a, b] = [await ring.start(), await ring.start()];
    for (const bytes of [pattern(1), pattern(1400), pattern(0), pattern(20_000)]) {
      b.packets.length = 0;
      a.transport.sendPacket(b.address, bytes);
      await harness.run(() => b.packets.length > 0);
      assert.deepEqual(b.packets[0]?.from, a.address);
      assert.deepEqual(b.packets[0].bytes, bytes);
      assert.equal(Object.getPrototypeOf(b.packets[0].bytes), Uint8Array.prototype);
    }
  });

  check('gives each datagram memory of its own', async (harness, ring) => {
    const [a, b] = [await ring.start(), await ring.start()];
    for (let index = 0; index < 20; index += 1) {
      a.transport.sendPacket(b.address, Uint8Array.of(index));
      await harness.run(() => b.packets.length === index + 1);
      b.packets[index]?.bytes.fill(99, 1);
    }
    assert.deepEqual(
      b.packets.map(({ bytes }) => bytes[0]),
      Array.from({ length: 20 }, (_, index) => index),
    );
  });

  check('reports a datagram as sent even when nobody listens there', async (harness, ring) => {
    const [a, gone] = [await ring.start(), await ring.start()];
    await ring.close(gone.transport);
    let outcome: GossipError | null | undefined;
    a.transport.sendPacket(gone.address, pattern(10), (error) => (outcome = error));
    await harness.run(() => outcome !== undefined);
    assert.equal(outcome, null);
    const log = a.dial(a.address);
    await harness.run(() => log.has('open'));
  });

  check('reports what cannot be sent, and throws nothing', async (harness, ring) => {
    const node = await ring.start();
    const { host, port } = node.address;
    const impossible: [Address, Uint8Array][] = [
      [{ host, port }, pattern(66_000)],
      [{ host, port: 0 }, pattern(1)],
      [{ host, port: 70_000 }, pattern(1)],
      [{ host: 'localhost', port }, pattern(1)],
      [{ host: host.includes(':') ? '192.0.2.1' : '2001:db8::1', port }, pattern(1)],
    ];
    const outcomes: (GossipError | null)[] = [];
    for (const [to, bytes] of impossible) {
      node.transport.sendPacket(to, bytes);
      node.transport.sendPacket(to, bytes, (error) => outcomes.push(error));
    }
    await harness.run(() => outcomes.length === impossible.length);
    assert.deepEqual(
      outcomes.map((error) => error?.code),
      impossible.map(() => 'ERR_TRANSPORT'),
    );
  });
}

function packetCounters(check: Check): void {
  check(
    'counts datagrams that could not be sent, and gives a copy of its counters',
    async (harness, ring) => {
      const node = await ring.start();
      let failures = 0;
      for (const to of [{ host: node.address.host, port: 0 }, node.address]) {
        const bytes = new Uint8Array(to.port === 0 ? 1 : 70_000);
        node.transport.sendPacket(to, bytes, (error) => (failures += error === null ? 0 : 1));
      }
      await harness.run(() => failures === 2);
      const counters = node.transport.counters?.() as Record<string, number>;
      assert.deepEqual(counters, { 'packets.sendFailed': 2 });
      counters['packets.sendFailed'] = 0;
      assert.deepEqual(node.transport.counters?.(), { 'packets.sendFailed': 2 });
    },
  );
}

function streams(check: Check): void {
  check('carries 300 KB both ways in order and closes in order', async (harness, ring) => {
    const [a, b] = [await ring.start(), await ring.start()];
    b.onAccept = (log) => {
      log.onEvent = (event) => {
        if (event === 'data') log.connection?.write(log.chunks.at(-1) ?? pattern(0));
        if (event === 'end') log.connection?.end();
      };
    };
    const sent = pattern(300_000);
    const log = a.dial(b.address);
    for (let at = 0; at < sent.length; at += 7_000) {
      log.connection?.write(sent.slice(at, at + 7_000));
    }
    log.connection?.end();
    await harness.run(() => log.isClosed && b.accepted[0]?.isClosed === true);
    assert.equal(log.outcome, null);
    assert.equal(b.accepted[0]?.outcome, null);
    assert.ok(Buffer.from(sent).equals(log.bytes));
    assert.equal(log.heard[0], 'open');
    assert.deepEqual(b.accepted[0].heard.filter((event) => event !== 'drain').slice(-2), [
      'end',
      'close',
    ]);
  });

  check('shows both ends who the other is', async (harness, ring) => {
    const [a, b] = [await ring.start(), await ring.start()];
    const log = a.dial(b.address);
    await harness.run(() => b.accepted.length === 1 && log.has('open'));
    assert.deepEqual({ ...log.connection?.remote }, { ...b.address });
    assert.equal(b.accepted[0]?.connection?.remote.host, harness.host);
  });

  check('lets one side end and the other go on sending', async (harness, ring) => {
    const [a, b] = [await ring.start(), await ring.start()];
    const log = a.dial(b.address);
    log.connection?.write(Uint8Array.of(1));
    log.connection?.end();
    assert.equal(log.connection?.write(Uint8Array.of(9)), false);
    await harness.run(() => b.accepted[0]?.has('end') === true);
    const accepted = b.accepted[0];
    assert.equal(accepted?.isClosed, false);
    assert.equal(log.isClosed, false);
    accepted.connection?.write(Uint8Array.of(2, 3));
    await harness.run(() => log.bytes.length === 2);
    accepted.connection?.end();
    await harness.run(() => log.isClosed && accepted.isClosed);
    assert.deepEqual([log.outcome, accepted.outcome], [null, null]);
    assert.deepEqual([...accepted.bytes], [1]);
  });

  check('asks a writer to hold and tells it when to go on', async (harness, ring) => {
    const [a, b] = [await ring.start({}), await ring.start({ maxStreamBytes: 64 * 1024 * 1024 })];
    const log = a.dial(b.address);
    await harness.run(() => log.has('open'));
    const connection = log.connection ?? assert.fail();
    assert.ok(connection.write(pattern(1000)));
    const chunk = new Uint8Array(1024 * 1024);
    let sent = 1000;
    while (connection.write(chunk)) sent += chunk.length;
    sent += chunk.length;
    await harness.run(() => log.has('drain'));
    await harness.run(() => b.accepted[0]?.bytes.length === sent);
    assert.ok(connection.write(pattern(1)));
  });

  check('fails a dial where nobody listens', async (harness, ring) => {
    const [a, gone] = [await ring.start(), await ring.start()];
    await ring.close(gone.transport);
    const log = a.dial(gone.address);
    log.connection?.write(pattern(10));
    await harness.run(() => log.isClosed);
    assertCode(log, 'ERR_DIAL_FAILED');
    assert.deepEqual(log.heard, ['close']);
    assert.equal(log.outcome?.fields['host'], gone.address.host);
    assert.equal(log.outcome.fields['port'], gone.address.port);
  });

  check('fails a dial to what is no address, and throws nothing', async (harness, ring) => {
    const node = await ring.start();
    const logs = [
      node.dial({ host: 'localhost', port: node.address.port }),
      node.dial({ host: node.address.host, port: 0 }),
      node.dial({ host: node.address.host, port: 70_000 }),
    ];
    await harness.run(() => logs.every((log) => log.isClosed));
    for (const log of logs) assertCode(log, 'ERR_DIAL_FAILED');
  });

  check('shows a dropped stream as broken to both ends', async (harness, ring) => {
    const [a, b] = [await ring.start(), await ring.start()];
    const log = a.dial(b.address);
    await harness.run(() => b.accepted.length === 1 && log.has('open'));
    log.connection?.destroy();
    log.connection?.destroy();
    assert.equal(log.connection?.write(pattern(1)), false);
    await harness.run(() => log.isClosed && b.accepted[0]?.isClosed === true);
    assertCode(log, 'ERR_STREAM_CLOSED');
    assert.equal(log.outcome?.fields['reason'], 'destroyed');
    assertCode(b.accepted[0] ?? log, 'ERR_STREAM_CLOSED');
    assert.equal(b.accepted[0]?.outcome?.fields['reason'], 'reset');
    assert.equal(b.accepted[0].has('end'), false);
  });

  check(
    'does not let a stream that was ended and then dropped pass as whole',
    async (harness, ring) => {
      const [a, b] = [await ring.start(), await ring.start()];
      const log = a.dial(b.address);
      await harness.run(() => b.accepted.length === 1 && log.has('open'));
      log.connection?.end();
      await harness.run(() => b.accepted[0]?.has('end') === true);
      log.connection?.destroy();
      await harness.run(() => log.isClosed);
      assertCode(log, 'ERR_STREAM_CLOSED');
    },
  );

  check('drops a dial before it stands', async (harness, ring) => {
    const [a, b] = [await ring.start(), await ring.start()];
    const log = a.dial(b.address);
    log.connection?.destroy();
    await harness.run(() => log.isClosed);
    assertCode(log, 'ERR_STREAM_CLOSED');
    assert.deepEqual(log.heard, ['close']);
  });

  check(
    'hears an acceptor that drops the stream while it is being accepted',
    async (harness, ring) => {
      const [a, b] = [await ring.start(), await ring.start()];
      b.onAccept = (log) => log.connection?.destroy();
      const log = a.dial(b.address);
      await harness.run(() => log.isClosed && b.accepted[0]?.isClosed === true);
      assertCode(log, 'ERR_STREAM_CLOSED', 'ERR_DIAL_FAILED');
      assertCode(b.accepted[0] ?? log, 'ERR_STREAM_CLOSED');
    },
  );

  check('never calls a handler inside a call to the port', async (harness, ring) => {
    let isInside = false;
    const inside = <T>(call: () => T): T => {
      isInside = true;
      const result = call();
      isInside = false;
      return result;
    };
    const calls = new Set<string>();
    const heard = (what: string): void => {
      assert.equal(isInside, false, what);
      calls.add(what);
    };
    const log = new StreamLog();
    log.onEvent = heard;
    const handlers: TransportHandlers = {
      onPacket: () => heard('packet'),
      onStream: () => {
        heard('stream');
        return new StreamLog();
      },
    };
    const transport = ring.create();
    const options = { bindAddress: harness.host, bindPort: 0, limits: LIMITS };
    let bound: Address | undefined;
    inside(() =>
      transport.listen(options, handlers, (_error, address) => {
        heard('listening');
        bound = address;
      }),
    );
    await harness.run(() => bound !== undefined);
    const to = bound ?? { host: '', port: 0 };
    inside(() => transport.listen(options, handlers, () => heard('refused')));
    inside(() => transport.sendPacket(to, pattern(5), () => heard('sent')));
    inside(() => transport.sendPacket({ ...to, port: 0 }, pattern(5), () => heard('unsent')));
    const stream = inside(() => transport.dial(to, log));
    inside(() => stream.write(pattern(500_000)));
    const expected = [
      'listening',
      'refused',
      'sent',
      'unsent',
      'packet',
      'stream',
      'open',
      'drain',
    ];
    await harness.run(() => expected.every((what) => calls.has(what)));
    inside(() => stream.destroy());
    await harness.run(() => calls.has('close'));
    inside(() => transport.close(() => heard('closed')));
    await harness.run(() => calls.has('closed'));
    inside(() => transport.close(() => heard('closed again')));
    await harness.run(() => calls.has('closed again'));
  });
}

function streamLimits(check: Check): void {
  check('drops a stream that brings more bytes than allowed', async (harness, ring) => {
    const [a, b] = [await ring.start(), await ring.start({ maxStreamBytes: 10_000 })];
    const within = a.dial(b.address);
    within.connection?.write(pattern(10_000));
    within.connection?.end();
    await harness.run(() => b.accepted[0]?.has('end') === true);
    assert.equal(b.accepted[0]?.bytes.length, 10_000);

    const beyond = a.dial(b.address);
    beyond.connection?.write(pattern(10_001));
    await harness.run(() => b.accepted[1]?.isClosed === true && beyond.isClosed);
    const accepted = b.accepted[1];
    assertCode(accepted ?? beyond, 'ERR_STREAM_LIMIT');
    assert.equal(accepted?.outcome?.fields['limitBytes'], 10_000);
    assert.ok(accepted.bytes.length <= 10_000);
    assertCode(beyond, 'ERR_STREAM_CLOSED');
  });

  check('bounds the bytes of a dialled stream too', async (harness, ring) => {
    const [a, b] = [await ring.start({ maxStreamBytes: 100 }), await ring.start()];
    b.onAccept = (log) => log.connection?.write(pattern(101));
    const log = a.dial(b.address);
    await harness.run(() => log.isClosed);
    assertCode(log, 'ERR_STREAM_LIMIT');
  });

  check('refuses streams beyond the number allowed and recovers', async (harness, ring) => {
    const [a, b] = [await ring.start(), await ring.start({ maxInboundStreams: 2 })];
    const kept = [a.dial(b.address), a.dial(b.address)];
    await harness.run(() => b.accepted.length === 2 && kept.every((log) => log.has('open')));
    const refused = a.dial(b.address);
    refused.connection?.write(pattern(10));
    await harness.run(() => refused.isClosed);
    assertCode(refused, 'ERR_STREAM_CLOSED', 'ERR_DIAL_FAILED');
    assert.equal(b.accepted.length, 2);
    assert.deepEqual(b.transport.counters?.(), { 'streams.refused': 1 });
    assert.ok(kept.every((log) => !log.isClosed));

    kept[0]?.connection?.destroy();
    await harness.run(() => b.accepted.some((log) => log.isClosed));
    const next = a.dial(b.address);
    await harness.run(() => b.accepted.length === 3 && next.has('open'));
  });

  check('drops a stream on which nothing moves', async (harness, ring) => {
    const [a, b] = [await ring.start(), await ring.start({ streamIdleMs: 40 })];
    const log = a.dial(b.address);
    await harness.run(() => b.accepted[0]?.isClosed === true && log.isClosed);
    assertCode(b.accepted[0] ?? log, 'ERR_STREAM_CLOSED');
    assert.equal(b.accepted[0]?.outcome?.fields['reason'], 'idle');
    assertCode(log, 'ERR_STREAM_CLOSED');
  });

  check('drops an idle stream that was dialled and half ended', async (harness, ring) => {
    const [a, b] = [await ring.start({ streamIdleMs: 40 }), await ring.start()];
    const log = a.dial(b.address);
    log.connection?.end();
    await harness.run(() => log.isClosed);
    assertCode(log, 'ERR_STREAM_CLOSED');
    assert.equal(log.outcome?.fields['reason'], 'idle');
    assert.equal(b.accepted[0]?.has('end'), true);
  });
}

function closing(check: Check): void {
  check('closes every stream, answers every caller and falls silent', async (harness, ring) => {
    const [a, b] = [await ring.start(), await ring.start()];
    const dialled = b.dial(a.address);
    const inbound = a.dial(b.address);
    await harness.run(() => dialled.has('open') && b.accepted.length === 1);
    const order: string[] = [];
    dialled.onEvent = (event) => order.push(`dialled ${event}`);
    const accepted = b.accepted[0];
    assert.ok(accepted);
    accepted.onEvent = (event) => order.push(`accepted ${event}`);
    a.transport.sendPacket(b.address, pattern(10));
    b.transport.close(() => order.push('closed'));
    b.transport.close(() => order.push('closed'));
    await harness.run(() => order.filter((event) => event === 'closed').length === 2);
    assert.deepEqual(order.slice(0, 2).toSorted(), ['accepted close', 'dialled close']);
    assert.deepEqual(order.slice(2), ['closed', 'closed']);
    assertCode(dialled, 'ERR_STREAM_CLOSED');
    assertCode(accepted, 'ERR_STREAM_CLOSED');

    const packetCount = b.packets.length;
    a.transport.sendPacket(b.address, pattern(10));
    const late = a.dial(b.address);
    await harness.run(() => late.isClosed && inbound.isClosed);
    await harness.settle();
    assertCode(late, 'ERR_DIAL_FAILED');
    assert.equal(b.packets.length, packetCount);
    assert.equal(b.accepted.length, 1);
    assert.equal(order.length, 4);
  });

  check('answers calls after close with errors', async (harness, ring) => {
    const [a, b] = [await ring.start(), await ring.start()];
    await ring.close(b.transport);
    let sent: GossipError | null | undefined;
    b.transport.sendPacket(a.address, pattern(1), (error) => (sent = error));
    const log = b.dial(a.address);
    const listened = await ring.listen(b.transport);
    await harness.run(() => sent !== undefined && log.isClosed);
    assert.equal(sent?.code, 'ERR_CLOSED');
    assert.equal(listened.error?.code, 'ERR_CLOSED');
    assertCode(log, 'ERR_DIAL_FAILED');
  });

  check('can be used for nothing before it listens', async (harness, ring) => {
    const [a, idle] = [await ring.start(), ring.create()];
    let sent: GossipError | null | undefined;
    idle.sendPacket(a.address, pattern(1), (error) => (sent = error));
    const log = new StreamLog();
    idle.dial(a.address, log);
    await harness.run(() => sent !== undefined && log.isClosed);
    assert.equal(sent?.code, 'ERR_TRANSPORT');
    assertCode(log, 'ERR_DIAL_FAILED');
    await ring.close(idle);
  });

  check('ends a listen that is under way, then closes', async (harness, ring) => {
    const transport = ring.create();
    const order: string[] = [];
    transport.listen(
      { bindAddress: harness.host, bindPort: 0, limits: LIMITS },
      { onPacket: () => undefined, onStream: () => new StreamLog() },
      (error) => order.push(error?.code ?? 'listening'),
    );
    transport.close(() => order.push('closed'));
    await harness.run(() => order.includes('closed'));
    await harness.settle();
    assert.deepEqual(order, ['ERR_CLOSED', 'closed']);
  });
}
