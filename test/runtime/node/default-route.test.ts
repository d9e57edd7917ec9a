import assert from 'node:assert/strict';
import { test } from 'node:test';

import { defaultRoutesV4, defaultRoutesV6 } from '../../../src/runtime/node/default-route.ts';

const V4 = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth1\t00000000\t0100000A\t0002\t0\t0\t100\t00000000\t0\t0\t0
tun0\t00000000\t0100000A\t0003\t0\t0\t0\t00000080\t0\t0\t0
`;
const ZERO = '0'.repeat(32);
const V6 = `fe800000000000000000000000000000 40 ${ZERO} 00 ${ZERO} 00000100 00000002 00000000 00000001     eth0
${ZERO} 00 ${ZERO} 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth7
${ZERO} 00 ${ZERO} 00 ${ZERO} ffffffff 00000001 00000000 00200200       lo
`;

test('an interface with a default route that is up is found, and no other', () => {
  assert.deepEqual(defaultRoutesV4(V4), ['eth0']);
  assert.deepEqual(defaultRoutesV6(V6), ['eth7']);
});

test('tables that are missing or hold something else name none', () => {
  for (const text of ['', '\n', 'eth0', '<html>']) {
    assert.deepEqual(defaultRoutesV4(text), []);
    assert.deepEqual(defaultRoutesV6(text), []);
  }
});
