import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  canonicalHost,
  formatAddress,
  hostFromBytes,
  hostToBytes,
  isLocalScope,
  isPrivateHost,
  isReachableHost,
  sameAddress,
} from '../../src/runtime/index.ts';

describe('addresses', () => {
  it('have one canonical text', () => {
    const cases: [string, string | null][] = [
      ['10.0.0.1', '10.0.0.1'],
      ['::1', '::1'],
      ['[::1]', '::1'],
      ['0:0:0:0:0:0:0:1', '::1'],
      ['2001:DB8::00A1', '2001:db8::a1'],
      ['::ffff:10.0.0.1', '10.0.0.1'],
      ['::ffff:a00:1', '10.0.0.1'],
      ['fe80::1%eth0', null],
      ['10.0.0', null],
      ['0x0a.0.0.1', null],
      ['10.0.0.256', null],
      ['localhost', null],
      ['10.0.0.1:7946', null],
      ['', null],
      ['[]', null],
    ];
    for (const [text, canonical] of cases) assert.equal(canonicalHost(text), canonical, text);
  });

  it('turn into bytes and back, mapped bytes into IPv4', () => {
    assert.deepEqual([...hostToBytes('10.0.0.1')], [10, 0, 0, 1]);
    assert.equal(hostToBytes('2001:db8::1').length, 16);
    for (const host of ['10.0.0.1', '255.255.255.255', '::1', '2001:db8::1', 'fe80::a:b']) {
      assert.equal(hostFromBytes(hostToBytes(host)), host);
    }
    const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1);
    assert.equal(hostFromBytes(mapped), '10.0.0.1');
    for (const length of [0, 3, 5, 15, 17]) {
      assert.equal(hostFromBytes(new Uint8Array(length)), null);
    }
  });

  it('tell whether packets can go there, and how far', () => {
    for (const host of ['0.0.0.0', '::', '224.0.0.1', 'ff02::1', '255.255.255.255']) {
      assert.equal(isReachableHost(host), false, host);
    }
    for (const host of ['10.0.0.1', '127.0.0.1', '8.8.8.8', '::1', '2001:4860::1']) {
      assert.equal(isReachableHost(host), true, host);
    }
    for (const host of ['10.0.0.1', '172.16.0.1', '192.168.3.4', '100.64.0.1', 'fd00::1']) {
      assert.equal(isPrivateHost(host), true, host);
    }
    for (const host of ['8.8.8.8', '172.32.0.1', '127.0.0.1', '::1']) {
      assert.equal(isPrivateHost(host), false, host);
    }
    for (const host of ['127.0.0.1', '::1', '169.254.1.1', 'fe80::1', '::']) {
      assert.equal(isLocalScope(host), true, host);
    }
    assert.equal(isLocalScope('10.0.0.1'), false);
  });

  it('are printed with their port and compared by both', () => {
    assert.equal(formatAddress({ host: '10.0.0.1', port: 7946 }), '10.0.0.1:7946');
    assert.equal(formatAddress({ host: '::1', port: 80 }), '[::1]:80');
    assert.ok(sameAddress({ host: '::1', port: 1 }, { host: '::1', port: 1 }));
    assert.ok(!sameAddress({ host: '::1', port: 1 }, { host: '::1', port: 2 }));
    assert.ok(!sameAddress({ host: '::1', port: 1 }, { host: '::2', port: 1 }));
  });
});
