import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { EndpointRecord } from '../../examples/docker-swarm-watch/records.ts';
import { endpointRecords, peerRecords } from '../../examples/docker-swarm-watch/records.ts';

/*
 * Records as Docker's own code writes them, byte for byte.
 */

const ENDPOINT =
  '0a097765622e312e61626312037765621a0473766331220831302e302e312e322a0831302e302e312e33' +
  '3205185020903f3a017742036162634801';
const PEER =
  '0a0b31302e302e312e332f3234121130323a34323a30613a30303a30313a30331a0c3139322e3136382e312e3130';

const endpoint: EndpointRecord = {
  name: 'web.1.abc',
  serviceName: 'web',
  serviceId: 'svc1',
  virtualIp: '10.0.1.2',
  endpointIp: '10.0.1.3',
  ingressPorts: [{ name: '', protocol: 'tcp', targetPort: 80, publishedPort: 8080 }],
  aliases: ['w'],
  taskAliases: ['abc'],
  isServiceDisabled: true,
};
const peer = {
  endpointIp: '10.0.1.3/24',
  endpointMac: '02:42:0a:00:01:03',
  tunnelEndpointIp: '192.168.1.10',
};

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex');
}

test('an endpoint record is read and written as Docker does', () => {
  assert.deepEqual(endpointRecords.decode(bytes(ENDPOINT)), endpoint);
  assert.equal(hex(endpointRecords.encode(endpoint)), ENDPOINT);
});

test('a peer record is read and written as Docker does', () => {
  assert.deepEqual(peerRecords.decode(bytes(PEER)), peer);
  assert.equal(hex(peerRecords.encode(peer)), PEER);
});

test('a plain container has no service and no virtual address', () => {
  const plain: EndpointRecord = {
    ...endpoint,
    serviceName: '',
    serviceId: '',
    virtualIp: null,
    ingressPorts: [],
    isServiceDisabled: false,
  };
  const encoded = endpointRecords.encode(plain);
  assert.ok(Buffer.from(encoded).includes('<nil>'));
  assert.deepEqual(endpointRecords.decode(encoded), plain);
});

test('ports of UDP and SCTP are told apart, and the protocol of TCP is not written', () => {
  for (const protocol of ['tcp', 'udp', 'sctp'] as const) {
    const ports = [{ name: 'dns', protocol, targetPort: 53, publishedPort: 5353 }];
    const encoded = endpointRecords.encode({ ...endpoint, ingressPorts: ports });
    assert.deepEqual(endpointRecords.decode(encoded).ingressPorts, ports);
  }
});

test('fields that a later Docker may add are passed over', () => {
  const later = bytes(`${PEER}a206026869600a`);
  assert.deepEqual(peerRecords.decode(later), peer);
});

test('what is no record is refused', () => {
  for (const text of ['', '0aff', '1203776562', ENDPOINT.slice(0, 40)]) {
    assert.throws(() => endpointRecords.decode(bytes(text)), text);
    assert.throws(() => peerRecords.decode(bytes(text)), text);
  }
});
