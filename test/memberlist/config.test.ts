import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { MemberlistConfig, MemberlistOptions } from '../../src/memberlist/index.ts';
import { resolveMemberlistConfig } from '../../src/memberlist/index.ts';
import { ConfigError } from '../../src/runtime/index.ts';

/** Paths of everything that is wrong with some options. */
function problems(options: unknown): string[] {
  try {
    resolveMemberlistConfig(options as MemberlistOptions);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path }) => path).sort();
    throw error;
  }
  return [];
}

test('each profile has the published numbers', () => {
  const table = {
    lan: [1000, 500, 200, 3, 30_000, 4, 4, 3, 30_000, 10_000],
    wan: [5000, 3000, 500, 4, 60_000, 6, 4, 3, 60_000, 30_000],
    local: [1000, 200, 100, 3, 15_000, 3, 2, 1, 15_000, 1000],
  } as const;
  for (const profile of ['lan', 'wan', 'local'] as const) {
    const { probe, gossip, pushPull, suspicion, limits } = resolveMemberlistConfig({ profile });
    const numbers = [
      probe.intervalMs,
      probe.timeoutMs,
      gossip.intervalMs,
      gossip.nodes,
      pushPull.intervalMs,
      suspicion.mult,
      gossip.retransmitMult,
      probe.indirectChecks,
      gossip.toTheDeadMs,
      limits.streamTimeoutMs,
    ];
    assert.deepEqual(numbers, table[profile], profile);
    assert.equal(suspicion.maxTimeoutMult, 6);
  }
});

test('nothing needs to be given', () => {
  const config = resolveMemberlistConfig({});
  assert.equal(config.nodeName, null);
  assert.equal(config.bindAddress, '0.0.0.0');
  assert.equal(config.bindPort, 7946);
  assert.equal(config.wire, 'protobuf');
  assert.equal(config.maxPacketBytes, 1400);
  assert.equal(config.maxDirectPacketBytes, 1400);
  assert.deepEqual(config.encryption, {
    keys: [],
    verifyIncoming: true,
    verifyOutgoing: true,
    keyLogFile: null,
  });
});

test('one field overrides a profile and leaves its neighbours', () => {
  const { probe } = resolveMemberlistConfig({ profile: 'wan', probe: { timeoutMs: 2000 } });
  assert.deepEqual([probe.intervalMs, probe.timeoutMs], [5000, 2000]);
});

test('a field given as undefined does not hide its default', () => {
  const options = {
    bindPort: undefined,
    profile: undefined,
    probe: { intervalMs: undefined, timeoutMs: 400 },
    limits: undefined,
  } as unknown as MemberlistOptions;
  const config = resolveMemberlistConfig(options);
  assert.equal(config.bindPort, 7946);
  assert.equal(config.probe.intervalMs, 1000);
  assert.equal(config.probe.timeoutMs, 400);
  assert.equal(config.limits.streamTimeoutMs, 10_000);
});

test('one error lists every problem with its path, value and rule', () => {
  const options = {
    nodeName: '',
    bindAddress: 'somewhere',
    bindPort: 70_000,
    advertiseAddress: '0.0.0.0',
    advertisePort: 0,
    wire: 'morse',
    label: 'x'.repeat(256),
    profile: 'moon',
    probe: { intervalMs: 0, timeoutMs: -1, indirectChecks: 1.5, streamFallback: 'yes' },
    suspicion: { mult: 0, maxTimeoutMult: 0 },
    awareness: { maxMult: 0 },
    gossip: {
      intervalMs: 'often',
      prompt: 2,
      nodes: 0,
      toTheDeadMs: 0,
      retransmitMult: 0,
      maxBytesPerSecond: 1,
    },
    pushPull: { intervalMs: NaN },
    encryption: { keys: [new Uint8Array(31), 'key'], verifyIncoming: 1 },
    limits: { maxMembers: 1 },
  };
  assert.deepEqual(problems(options), [
    'advertiseAddress',
    'advertisePort',
    'awareness.maxMult',
    'bindAddress',
    'bindPort',
    'encryption.keys[0]',
    'encryption.keys[1]',
    'encryption.verifyIncoming',
    'gossip.intervalMs',
    'gossip.maxBytesPerSecond',
    'gossip.nodes',
    'gossip.prompt',
    'gossip.retransmitMult',
    'gossip.toTheDeadMs',
    'label',
    'limits.maxMembers',
    'nodeName',
    'probe.indirectChecks',
    'probe.intervalMs',
    'probe.streamFallback',
    'probe.timeoutMs',
    'profile',
    'pushPull.intervalMs',
    'suspicion.maxTimeoutMult',
    'suspicion.mult',
    'wire',
  ]);
});

test('every single bad value is refused under its own path', () => {
  const cases: [unknown, string][] = [
    [{ nodeName: 'a\0b' }, 'nodeName'],
    [{ nodeName: '\ud800' }, 'nodeName'],
    [{ nodeName: 'ü'.repeat(128) }, 'nodeName'],
    [{ nodeName: 7 }, 'nodeName'],
    [{ bindAddress: 'fe80::1%eth0' }, 'bindAddress'],
    [{ advertiseAddress: '224.0.0.1' }, 'advertiseAddress'],
    [{ advertiseAddress: 'host.example' }, 'advertiseAddress'],
    [{ maxPacketBytes: 511 }, 'maxPacketBytes'],
    [{ maxPacketBytes: 1400, maxDirectPacketBytes: 1399 }, 'maxDirectPacketBytes'],
    [{ maxDirectPacketBytes: 65_508 }, 'maxDirectPacketBytes'],
    [{ probe: { intervalMs: 500, timeoutMs: 500 } }, 'probe.timeoutMs'],
    [{ probe: { interval: 500 } }, 'probe.interval'],
    [{ probe: null }, 'probe'],
    [{ gossip: [] }, 'gossip'],
    [{ gossip: { intervalMs: 0 } }, 'gossip.intervalMs'],
    [{ encryption: null }, 'encryption'],
    [{ encryption: { keys: [] } }, 'encryption.keys'],
    [{ encryption: {} }, 'encryption.keys'],
    [{ runtime: 3 }, 'runtime'],
    [{ runtime: { bogus: 1 } }, 'runtime.bogus'],
    [{ runtime: { onListenerThrow: 3 } }, 'runtime.onListenerThrow'],
    [{ dns: { tcpFirst: 'yes' } }, 'dns.tcpFirst'],
    [{ dns: { configPath: '' } }, 'dns.configPath'],
    [{ dns: { timeoutMs: 0 } }, 'dns.timeoutMs'],
    [{ dns: { tcpTimeoutMs: 5000 } }, 'dns.tcpTimeoutMs'],
    [{ dns: { dnsConfigPath: '/etc/resolv.conf' } }, 'dns.dnsConfigPath'],
    [{ nodename: 'a' }, 'nodename'],
    [{ limits: { maxStreamMessageBytes: 64 * 1024 * 1024 + 1 } }, 'limits.maxStreamMessageBytes'],
    [null, 'options'],
    ['lan', 'options'],
  ];
  for (const [options, path] of cases) {
    assert.deepEqual(problems(options), [path], JSON.stringify(options));
  }
});

test('names are looked up with a time limit for TCP that leaves some for the system', () => {
  const { dns } = resolveMemberlistConfig({});
  assert.deepEqual(dns, {
    tcpFirst: true,
    configPath: '/etc/resolv.conf',
    tcpTimeoutMs: 2000,
    timeoutMs: 5000,
  });
  assert.deepEqual(problems({ dns: { timeoutMs: 1000 } }), ['dns.tcpTimeoutMs']);
  assert.deepEqual(problems({ dns: { timeoutMs: 1000, tcpFirst: false } }), []);
});

test('a packet must have room for two names like ours behind the label', () => {
  const nodeName = 'n'.repeat(180);
  assert.deepEqual(problems({ nodeName, maxPacketBytes: 512 }), []);
  assert.deepEqual(problems({ nodeName, maxPacketBytes: 512, label: 'ring'.repeat(20) }), [
    'maxPacketBytes',
  ]);
  assert.deepEqual(problems({ nodeName: 'n'.repeat(255), maxPacketBytes: 600 }), [
    'maxPacketBytes',
  ]);
});

test('false turns periodic tasks off, and a timeout then stands alone', () => {
  const config = resolveMemberlistConfig({
    probe: { intervalMs: false, timeoutMs: 9000 },
    gossip: { intervalMs: false },
    pushPull: { intervalMs: false },
  });
  assert.equal(config.probe.intervalMs, false);
  assert.equal(config.gossip.intervalMs, false);
  assert.equal(config.pushPull.intervalMs, false);
});

test('the result is frozen all the way down and shares nothing with what was given', () => {
  const key = new Uint8Array(32).fill(1);
  const keys = [key];
  const probe = { timeoutMs: 300 };
  const config = resolveMemberlistConfig({ probe, encryption: { keys } });
  keys.push(key);
  key.fill(2);
  probe.timeoutMs = 1;
  assert.equal(config.encryption.keys.length, 1);
  assert.equal(config.encryption.keys[0]?.[0], 1);
  assert.equal(config.probe.timeoutMs, 300);
  const groups: (keyof MemberlistConfig)[] = [
    'encryption',
    'probe',
    'suspicion',
    'awareness',
    'gossip',
    'pushPull',
    'dns',
    'limits',
  ];
  assert.ok(Object.isFrozen(config));
  assert.ok(Object.isFrozen(config.encryption.keys));
  for (const group of groups) assert.ok(Object.isFrozen(config[group]), group);
});

test('addresses are taken in any common form and kept in canonical form', () => {
  const config = resolveMemberlistConfig({
    bindAddress: '[::1]',
    advertiseAddress: '::ffff:10.1.2.3',
  });
  assert.equal(config.bindAddress, '::1');
  assert.equal(config.advertiseAddress, '10.1.2.3');
});
