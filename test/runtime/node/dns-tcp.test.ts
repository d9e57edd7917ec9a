import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { describe, it, test } from 'node:test';

import type { Answer, DecodedPacket } from 'dns-packet';
import { decode, encode, RECURSION_DESIRED } from 'dns-packet';
import fc from 'fast-check';

import type { GossipError } from '../../../src/runtime/index.ts';
import { CodecError } from '../../../src/runtime/index.ts';
import { decodeAnswer, encodeQuestion, isDnsName } from '../../../src/runtime/node/dns-message.ts';
import { lookupOverTcp } from '../../../src/runtime/node/dns-tcp.ts';
import { resolveNetworkDBConfig } from '../../../src/networkdb/index.ts';
import { resolvePorts } from '../../../src/memberlist/index.ts';
import { nodeResolver } from '../../../src/runtime/node/index.ts';
import { firstNameServer } from '../../../src/runtime/node/resolv-conf.ts';
import { runReal } from '../../support/drivers.ts';

/*
 * Names over TCP, against a name server of our own on loopback that can be told to misbehave in every
 * way; its bytes come from the package dns-packet, an implementation that is not ours. Whatever it does, a lookup ends once, in time, with addresses or a typed error.
 */

type Outcome = { readonly error: GossipError | null; readonly hosts: readonly string[] };
type Behaviour = (socket: Socket, questions: readonly DecodedPacket[]) => void;

const HOST = 'members.cluster.internal';
/** The one address that the system gives for this text, without asking anybody. */
const SYSTEM_NAME = '127.1';

/** A name server that hands every whole pair of questions to `behave`. */
class NameServer {
  readonly questions: DecodedPacket[] = [];
  connections = 0;
  port = 0;

  static async start(t: TestContext, behave: Behaviour): Promise<NameServer> {
    const self = new NameServer();
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      self.connections += 1;
      sockets.add(socket);
      let unread = Buffer.alloc(0);
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        unread = Buffer.concat([unread, chunk]);
        while (unread.length >= 2 && unread.length >= 2 + unread.readUInt16BE(0)) {
          const end = 2 + unread.readUInt16BE(0);
          self.questions.push(decode(unread.subarray(2, end)));
          unread = unread.subarray(end);
          if (self.questions.length % 2 === 0) behave(socket, self.questions.slice(-2));
        }
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    self.port = (server.address() as AddressInfo).port;
    return self;
  }
}

/** One framed answer. */
function answerTo(
  question: DecodedPacket,
  answers: readonly Answer[],
  o: { readonly responseCode?: number; readonly id?: number } = {},
): Buffer {
  const { responseCode = 0, id = question.id } = o;
  return framed(
    encode({
      type: 'response',
      ...(id === undefined ? {} : { id }),
      flags: responseCode,
      questions: [...(question.questions ?? [])],
      answers: [...answers],
    }),
  );
}

function framed(message: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(message.length >> 8, message.length & 0xff), message]);
}

const a = (data: string, name = HOST): Answer => ({ type: 'A', name, data, ttl: 5 });
const aaaa = (data: string, name = HOST): Answer => ({ type: 'AAAA', name, data, ttl: 5 });

/** Answers the two questions with what belongs to each. */
function answering(v4: readonly Answer[], v6: readonly Answer[]): Behaviour {
  return (socket, questions) => {
    for (const question of questions) {
      const isV4 = question.questions?.[0]?.type === 'A';
      socket.write(answerTo(question, isV4 ? v4 : v6));
    }
  };
}

function lookup(port: number, o: { host?: string; timeoutMs?: number } = {}): Promise<Outcome> {
  const { host = HOST, timeoutMs = 5_000 } = o;
  return new Promise((resolve) => {
    lookupOverTcp({ server: { host: '127.0.0.1', port }, host, timeoutMs }, (error, hosts) => {
      resolve({ error, hosts });
    });
  });
}

describe('a lookup over TCP', () => {
  it('asks for A and AAAA by themselves over one connection, and finds every address once', async (t) => {
    const many = Array.from({ length: 300 }, (_, i) => a(`10.0.${i >> 8}.${i & 255}`));
    const server = await NameServer.start(
      t,
      answering([...many, a('10.0.0.1')], [aaaa('fd00::1'), aaaa('::ffff:10.0.0.2')]),
    );
    const { error, hosts } = await lookup(server.port);
    assert.equal(error, null);
    assert.equal(hosts.length, 301);
    assert.deepEqual([hosts[0], hosts[299], hosts[300]], ['10.0.0.0', '10.0.1.43', 'fd00::1']);
    assert.equal(server.connections, 1);
    assert.deepEqual(
      server.questions.map(({ questions }) =>
        questions?.map(({ type, name }) => `${type} ${name}`),
      ),
      [[`A ${HOST}`], [`AAAA ${HOST}`]],
    );
  });

  it('follows a CNAME that the server has followed, and passes other records over', async (t) => {
    const chain: Answer[] = [
      { type: 'CNAME', name: HOST, data: 'real.internal' },
      a('10.0.0.9', 'real.internal'),
      { type: 'TXT', name: HOST, data: 'hello' },
    ];
    const server = await NameServer.start(t, answering(chain, []));
    assert.deepEqual(await lookup(server.port), { error: null, hosts: ['10.0.0.9'] });
  });

  it('understands answers in pieces, several in one, and in the other order', async (t) => {
    const server = await NameServer.start(t, (socket, questions) => {
      const answers = questions.map((question, at) =>
        answerTo(question, at === 0 ? [a('10.0.0.1')] : [aaaa('fd00::1')]),
      );
      const bytes = Buffer.concat(answers.reverse());
      let at = 0;
      const next = (): void => {
        if (at >= bytes.length) return;
        socket.write(bytes.subarray(at, at + 7), () => setImmediate(next));
        at += 7;
      };
      next();
    });
    assert.deepEqual(await lookup(server.port), { error: null, hosts: ['10.0.0.1', 'fd00::1'] });
  });

  it('finds nothing where the server knows no such name or refuses, and that is no error', async (t) => {
    for (const responseCode of [2, 3, 4, 5]) {
      const server = await NameServer.start(t, (socket, questions) => {
        for (const each of questions) socket.write(answerTo(each, [], { responseCode }));
      });
      assert.deepEqual(await lookup(server.port), { error: null, hosts: [] });
    }
  });

  it('keeps one kind of addresses when the other one is refused', async (t) => {
    const server = await NameServer.start(t, (socket, [v4, v6]) => {
      socket.write(answerTo(v4!, [a('10.0.0.1')]));
      socket.write(answerTo(v6!, [aaaa('fd00::1')], { responseCode: 5 }));
    });
    assert.deepEqual(await lookup(server.port), { error: null, hosts: ['10.0.0.1'] });
  });

  it('ends with a typed error when the exchange breaks off or is none', async (t) => {
    const behaviours: [string, Behaviour][] = [
      [
        'ERR_CODEC_MALFORMED',
        (s, [v4]) => s.write(answerTo(v4!, [], { id: (v4!.id! + 77) & 0xffff })),
      ],
      [
        'ERR_CODEC_MALFORMED',
        (s, [v4]) => s.write(Buffer.concat([answerTo(v4!, []), answerTo(v4!, [])])),
      ],
      ['ERR_CODEC_MALFORMED', (s, [v4]) => s.write(framed(encode({ ...v4!, type: 'query' })))],
      ['ERR_CODEC_TRUNCATED', (s) => s.write(framed(Buffer.alloc(11)))],
      ['ERR_CODEC_TRUNCATED', (s) => s.write(Buffer.alloc(2))],
      ['ERR_CODEC_TRUNCATED', (s) => s.write(framed(Buffer.alloc(40, 0xff)))],
      ['ERR_NAME_LOOKUP', (s, [v4]) => s.end(answerTo(v4!, [a('10.0.0.1')]).subarray(0, -3))],
      ['ERR_NAME_LOOKUP', (s, [v4]) => s.end(answerTo(v4!, [a('10.0.0.1')]))],
      ['ERR_NAME_LOOKUP', (s) => s.end()],
      ['ERR_NAME_LOOKUP', (s) => s.resetAndDestroy()],
    ];
    for (const [code, behave] of behaviours) {
      const server = await NameServer.start(t, behave);
      const { error, hosts } = await lookup(server.port);
      assert.deepEqual([error?.code, hosts], [code, []], String(behave));
    }
  });

  it('ends in its time when the server is silent, or announces more than it sends', async (t) => {
    const behaviours: Behaviour[] = [
      () => undefined,
      (socket) => socket.write(Buffer.of(0xff, 0xff, 1, 2, 3)),
      (socket, [v4]) => socket.write(answerTo(v4!, [a('10.0.0.1')])),
    ];
    for (const behave of behaviours) {
      const server = await NameServer.start(t, behave);
      const { error, hosts } = await lookup(server.port, { timeoutMs: 60 });
      assert.deepEqual([error?.code, hosts], ['ERR_TIMEOUT', []], String(behave));
    }
  });

  it('fails where nobody listens', async (t) => {
    const server = await NameServer.start(t, () => undefined);
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, 'close');
    assert.notEqual(port, server.port);
    assert.equal((await lookup(port)).error?.code, 'ERR_NAME_LOOKUP');
  });

  it('drops the connection once it has its answers, and tells nobody after it was given up', async (t) => {
    let closed = 0;
    const server = await NameServer.start(t, (socket, questions) => {
      socket.on('close', () => (closed += 1));
      answering([a('10.0.0.1')], [])(socket, questions);
    });
    await lookup(server.port);
    await runReal(() => closed === 1);
    const told: unknown[] = [];
    const abandon = lookupOverTcp(
      { server: { host: '127.0.0.1', port: server.port }, host: HOST, timeoutMs: 5_000 },
      (error) => told.push(error),
    );
    abandon();
    assert.equal((await lookup(server.port)).error, null);
    assert.deepEqual(told, []);
  });
});

describe('an answer', () => {
  const answer = answerTo({ id: 7, questions: [{ type: 'A', name: HOST }] } as DecodedPacket, [
    a('10.0.0.1'),
    { type: 'CNAME', name: HOST, data: 'x.y' },
    aaaa('fd00::1'),
  ]).subarray(2);

  it('is read whatever stands in its other sections', () => {
    const bytes = Buffer.concat([answer, Buffer.alloc(30, 0xff)]);
    bytes.writeUInt16BE(9, 8);
    bytes.writeUInt16BE(9, 10);
    const before = Buffer.from(bytes);
    assert.deepEqual(decodeAnswer(bytes), {
      id: 7,
      responseCode: 0,
      hosts: ['10.0.0.1', 'fd00::1'],
    });
    assert.deepEqual(bytes, before);
  });

  it('of any bytes gives addresses or a typed error', () => {
    const damaged = fc
      .tuple(fc.nat(answer.length - 1), fc.nat(255), fc.nat(answer.length))
      .map(([at, byte, end]) => {
        const bytes = Uint8Array.from(answer);
        bytes[at] = byte;
        return bytes.subarray(0, end);
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          for (const host of decodeAnswer(bytes).hosts) assert.equal(typeof host, 'string');
        } catch (error) {
          assert.ok(error instanceof CodecError, String(error));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('costs the same however its names point at each other', () => {
    // A record of no known kind hides a chain of 8000 pointers; 4000 records are named by its end.
    const bytes = Buffer.alloc(65_535);
    bytes.writeUInt16BE(0x8000, 2);
    const nameless = Buffer.from([0, 3, 231, 0, 1, 0, 0, 0, 0, 0x3f, 0xa0]);
    let end = 12 + nameless.copy(bytes, 12);
    for (let at = end; at < end + 0x3fa0; at += 2) bytes.writeUInt16BE(0xc000 | (at - 2), at);
    end += 0x3fa0;
    const address = Buffer.from([0xc0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 10, 0, 0, 1]);
    address.writeUInt16BE(0xc000 | (end - 2), 0);
    let count = 1;
    for (; end + address.length <= bytes.length; count += 1) end += address.copy(bytes, end);
    bytes.writeUInt16BE(count, 6);
    assert.equal(decodeAnswer(bytes).hosts.length, count - 1);
    bytes.writeUInt16BE(0xffff, 6);
    assert.throws(() => decodeAnswer(bytes), CodecError);
  });

  it('is refused where an address is not as long as its kind', () => {
    const bytes = Uint8Array.from(answer);
    const at = answer.indexOf(Buffer.of(0, 4, 10, 0, 0, 1));
    bytes.set([0, 3], at);
    assert.throws(() => decodeAnswer(bytes), { code: 'ERR_CODEC_MALFORMED' });
  });
});

test('a question is what an independent implementation writes', () => {
  for (const record of ['A', 'AAAA'] as const) {
    for (const host of ['a.b', 'members.cluster.internal.', `${'x'.repeat(63)}.y`]) {
      const expected = encode({
        type: 'query',
        id: 0xbeef,
        flags: RECURSION_DESIRED,
        questions: [{ type: record, name: host }],
      });
      assert.deepEqual(encodeQuestion({ id: 0xbeef, host, record }), Uint8Array.from(expected));
    }
  }
});

test('the first name server of a resolv.conf is found, with or without a port', () => {
  const cases: [string, { host: string; port: number } | null][] = [
    ['nameserver 10.0.0.2\nnameserver 10.0.0.3\n', { host: '10.0.0.2', port: 53 }],
    [
      '# nameserver 1.1.1.1\n;nameserver 2.2.2.2\nsearch x\n\tnameserver\t10.0.0.2 # us\n',
      { host: '10.0.0.2', port: 53 },
    ],
    ['nameserver 10.0.0.2:5353', { host: '10.0.0.2', port: 5353 }],
    ['nameserver fd00::53\n', { host: 'fd00::53', port: 53 }],
    ['nameserver [fd00::53]:5353\n', { host: 'fd00::53', port: 5353 }],
    ['nameserver fe80::1%eth0\r\n', { host: 'fe80::1%eth0', port: 53 }],
    ['nameserver dns.internal\nnameserver 10.0.0.3\n', null],
    ['nameserver 10.0.0.2:70000', null],
    ['nameserver 10.0.0.2:0', null],
    ['nameserver\n10.0.0.2\n', null],
    ['search nameserver 10.0.0.2\n', null],
    ['', null],
  ];
  for (const [text, server] of cases) assert.deepEqual(firstNameServer(text), server, text);
});

test('names that DNS cannot carry are told apart', () => {
  for (const name of ['a.b', 'a.b.', 'x_y.z', `${'x'.repeat(63)}.y`]) assert.ok(isDnsName(name));
  const long = `${'x'.repeat(63)}.`.repeat(4);
  for (const name of [
    '',
    '.',
    'a..b',
    '.a',
    `${'x'.repeat(64)}.y`,
    long,
    'é.x',
    'a b.c',
    'a\0.b',
  ]) {
    assert.equal(isDnsName(name), false, JSON.stringify(name));
  }
});

describe("Node's resolver over TCP first", () => {
  async function resolve(t: TestContext, host: string, config: string | false): Promise<Outcome> {
    const folder = mkdtempSync(join(tmpdir(), 'networkdb-dns-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'resolv.conf');
    if (config !== false) writeFileSync(path, config);
    const resolver = nodeResolver({ dnsConfigPath: path, dnsTimeoutMs: 60, timeoutMs: 5_000 });
    return new Promise((done) => {
      resolver.lookup(host, (error, hosts) => done({ error, hosts }));
    });
  }

  it('takes what the name server says', async (t) => {
    const server = await NameServer.start(t, answering([a('10.0.0.1')], [aaaa('fd00::1')]));
    const found = await resolve(t, HOST, `nameserver 127.0.0.1:${server.port}\n`);
    assert.deepEqual(found, { error: null, hosts: ['10.0.0.1', 'fd00::1'] });
  });

  it('asks no name server for names without a dot, literals and what DNS cannot carry', async (t) => {
    const server = await NameServer.start(t, answering([a('10.0.0.1')], []));
    const config = `nameserver 127.0.0.1:${server.port}\n`;
    assert.equal((await resolve(t, 'localhost', config)).error, null);
    assert.deepEqual((await resolve(t, '10.9.9.9', config)).hosts, ['10.9.9.9']);
    assert.equal((await resolve(t, 'a\0.b', config)).error?.code, 'ERR_NAME_LOOKUP');
    assert.equal(server.connections, 0);
  });

  it('falls back to the system when the name server fails, knows nothing or is none', async (t) => {
    const behaviours: Behaviour[] = [
      answering([], []),
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.write(Buffer.alloc(64, 0xff)),
      () => undefined,
    ];
    for (const behave of behaviours) {
      const server = await NameServer.start(t, behave);
      const found = await resolve(t, SYSTEM_NAME, `nameserver 127.0.0.1:${server.port}\n`);
      assert.deepEqual(found, { error: null, hosts: ['127.0.0.1'] }, String(behave));
      assert.equal(server.connections, 1);
    }
    for (const config of [false, '', 'nameserver nonsense\n'] as const) {
      assert.deepEqual((await resolve(t, SYSTEM_NAME, config)).hosts, ['127.0.0.1']);
    }
  });

  it('is told what to ask by the options of a node, and of nobody when TCP is off', async (t) => {
    const server = await NameServer.start(t, answering([a('10.0.0.1')], []));
    const folder = mkdtempSync(join(tmpdir(), 'networkdb-dns-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const configPath = join(folder, 'resolv.conf');
    writeFileSync(configPath, `nameserver 127.0.0.1:${server.port}\n`);
    const find = (dns: object, host: string): Promise<readonly string[]> => {
      const { memberlist } = resolveNetworkDBConfig({ dns: { configPath, ...dns } });
      const { resolver } = resolvePorts({}, memberlist.dns);
      return new Promise((done) => resolver.lookup(host, (_error, hosts) => done(hosts)));
    };
    assert.deepEqual(await find({}, HOST), ['10.0.0.1']);
    assert.equal(server.connections, 1);
    assert.deepEqual(await find({ tcpFirst: false }, SYSTEM_NAME), ['127.0.0.1']);
    assert.equal(server.connections, 1);
    const silent = await NameServer.start(t, () => undefined);
    writeFileSync(configPath, `nameserver 127.0.0.1:${silent.port}\n`);
    const before = performance.now();
    assert.deepEqual(await find({ tcpTimeoutMs: 30 }, SYSTEM_NAME), ['127.0.0.1']);
    assert.ok(performance.now() - before < 1900, 'the default limit is 2 s');
    assert.equal(silent.connections, 1);
  });
});
