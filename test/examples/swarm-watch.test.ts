import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { followKeys, keysOfText, readKeys } from '../../examples/docker-swarm-watch/keys.ts';
import type { EndpointRecord, PeerRecord } from '../../examples/docker-swarm-watch/records.ts';
import { endpointText, networkText } from '../../examples/docker-swarm-watch/table-text.ts';

/*
 * What the program that watches a swarm reads and prints.
 */

const KEYS = ['0102030405060708090a0b0c0d0e0f10', 'ff02030405060708090a0b0c0d0e0f10'] as const;

function hex(keys: readonly Uint8Array[]): string[] {
  return keys.map((key) => Buffer.from(key).toString('hex'));
}

test('keys are read from a key file, one a line, and the newest, which is the last, seals', () => {
  const text = `${KEYS[0]}\n${KEYS[1].toUpperCase()}\n\n`;
  assert.deepEqual(hex(keysOfText(text)), [...KEYS].reverse());
});

test('after any number of changes and a restart, all keys in use are read and one in use seals', () => {
  const key = (age: number): string => String(age).padStart(32, '0');
  // As Docker writes them: the one in use, the oldest, the next; then each new one below.
  const start = (oldest: number): string[] => [key(oldest + 1), key(oldest), key(oldest + 2)];
  for (let changes = 0; changes < 6; changes += 1) {
    const added = Array.from({ length: changes }, (_, at) => key(4 + at));
    const inUse = [1, 2, 3].map((age) => key(age + changes));
    for (const lines of [
      [...start(1), ...added],
      [...start(1), ...added, ...start(1 + changes)],
    ]) {
      const read = hex(keysOfText(lines.join('\n')));
      assert.equal(read[0], inUse[2], lines.join());
      assert.ok(inUse.every((each) => read.includes(each)) && read.length <= 4);
      assert.equal(new Set(read).size, read.length);
    }
  }
});

test('a key file that grows is read again, and one that is gone or emptied changes nothing', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keys-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'keys');
  let changes = 0;
  const write = (text: string): void => {
    writeFileSync(file, text);
    changes += 1;
    utimesSync(file, changes, changes);
  };
  write(`${KEYS[0]}\n`);
  const look = followKeys([], file);
  assert.equal(look(), null);
  write(`${KEYS[0]}\n${KEYS[1]}\n`);
  assert.deepEqual(hex(look() ?? []), [...KEYS].reverse());
  assert.equal(look(), null);
  write('');
  assert.equal(look(), null);
  write(`${KEYS[0]}\n${KEYS[1]}\n`);
  assert.equal(look(), null);
  rmSync(file);
  assert.equal(look(), null);
});

test('keys are read from the log of a daemon, the newest list of it', () => {
  const list = (first: number): string => `[${first} 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16]`;
  const line = (...lists: string[]): string =>
    `level=info msg="New memberlist node - Node:vm BindPort:0 Keys:[${lists.join(' ')}] Logger:0x1"`;
  const log = ['level=debug', line(list(9)), 'level=info', line(list(1), list(255)), ''].join('\n');
  assert.deepEqual(hex(keysOfText(log)), KEYS);
});

test('a text without keys has none, and a key that is none is refused', () => {
  assert.deepEqual(keysOfText('Keys:[] abc\n0102\n'), []);
  assert.deepEqual(hex(readKeys(KEYS)), KEYS);
  for (const text of ['0102', 'xyz', `${KEYS[0]}00`]) assert.throws(() => readKeys([text]), text);
});

test('the two tables make one line per endpoint, balancers last, and nothing steers the terminal', () => {
  const endpoint: EndpointRecord = {
    name: 'web.1',
    serviceName: 'web',
    serviceId: 'id',
    virtualIp: '10.0.1.2',
    endpointIp: '10.0.1.3',
    ingressPorts: [],
    aliases: ['w'],
    taskAliases: ['abc'],
    isServiceDisabled: false,
  };
  const peer = (last: number): PeerRecord => ({
    endpointIp: `10.0.1.${last}/24`,
    endpointMac: '02:42:0a:00:01:03',
    tunnelEndpointIp: '192.168.1.10',
  });
  const key = (letter: string): string => letter.repeat(64);
  const endpoints = new Map([[key('b'), endpoint]]);
  const peers = new Map([
    [key('a'), peer(9)],
    [key('b'), peer(3)],
  ]);
  const hostile = { ...endpoint, name: 'a\u001b[2J\nb' };
  assert.match(endpointText(hostile), /^a\?\[2J\?b of web at/);
  assert.equal(
    networkText({ network: 'n1', endpoints, peers }),
    [
      'network n1: 2 endpoints',
      'endpoint      name   service  address      virtual   behind        aliases',
      'bbbbbbbbbbbb  web.1  web      10.0.1.3/24  10.0.1.2  192.168.1.10  w abc',
      'aaaaaaaaaaaa  -      -        10.0.1.9/24  -         192.168.1.10  -',
    ].join('\n'),
  );
});
