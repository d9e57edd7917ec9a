import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { endpointRecords, peerRecords } from '../../examples/docker-swarm-watch/records.ts';
import { NetworkDB } from '../../src/index.ts';
import { Program } from '../interop/system/programs.ts';

/*
 * The program that watches a swarm, run as a user would, with a member of ours in the part of the daemon.
 * How it does beside real daemons is shown by test/interop/swarm.
 */

const EXAMPLE = '.test-dist/examples/docker-swarm-watch/main.js';
const KEY = new Uint8Array(16).fill(9);
const NEXT_KEY = new Uint8Array(16).fill(10);
const NETWORK = 'lnvijcnigfgslm9i3tdm1ie4h';
const ENTRY = 'b'.repeat(64);
const LIMIT_MS = 30_000;

test('a swarm is watched: networks are found, changes told, keys followed, and the end is a good-bye', async (t) => {
  const daemon = await NetworkDB.create({
    bindAddress: '127.0.0.1',
    bindPort: 0,
    profile: 'local',
    wire: 'memberlist',
    encryption: { keys: [KEY] },
  });
  t.after(async () => daemon.close());
  const network = await daemon.joinNetwork(NETWORK);
  const endpoints = network.table('endpoint_table', endpointRecords);
  const peers = network.table('overlay_peer_table', peerRecords);
  const tunnelEndpointIp = '192.168.1.10';
  peers.create(ENTRY, { endpointIp: '10.0.1.3/24', endpointMac: '02:42:0a', tunnelEndpointIp });

  const left: string[] = [];
  daemon.on('leave', ({ name }) => left.push(name));
  const hexKey = Buffer.from(KEY).toString('hex');
  const manager = `127.0.0.1:${daemon.localMember.port}`;
  const folder = mkdtempSync(join(tmpdir(), 'keys-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'keys');
  writeFileSync(file, `${hexKey}\n`);
  const own = ['--address', '127.0.0.1', '--port', '0'];
  const flags = ['--manager', manager, '--key-file', file, ...own];
  const program = new Program([process.execPath, EXAMPLE, ...flags]);
  t.after(async () => program.stop('SIGKILL'));
  await program.hears(/create overlay_peer_table bbbbbbbbbbbb .* behind 192\.168\.1\.10/, LIMIT_MS);
  const endpoint = {
    name: 'db',
    serviceName: '',
    serviceId: '',
    virtualIp: null,
    endpointIp: '10.0.1.3',
    ingressPorts: [],
    aliases: [],
    taskAliases: ['kitty'],
    isServiceDisabled: false,
  };
  endpoints.create(ENTRY, endpoint);
  await program.hears(/create endpoint_table .* db at 10\.0\.1\.3, aliases kitty/, LIMIT_MS);
  endpoints.delete(ENTRY);
  await program.hears(/delete endpoint_table .* db at 10\.0\.1\.3/, LIMIT_MS);
  daemon.keyring.add(NEXT_KEY);
  appendFileSync(file, `${Buffer.from(NEXT_KEY).toString('hex')}\n`);
  await program.hears(/keys changed, 2 read/, LIMIT_MS);
  daemon.keyring.replaceKeys([NEXT_KEY], NEXT_KEY);
  endpoints.create(ENTRY, { ...endpoint, name: 'after' });
  await program.hears(/create endpoint_table .* after at 10\.0\.1\.3/, LIMIT_MS);
  const ended = once(program.child, 'close');
  program.child.kill('SIGINT');
  await ended;
  assert.equal(program.child.exitCode, 0, program.tail());
  assert.equal(left.length, 1);
  assert.doesNotMatch(program.said, /WARN|Error/);
});

test('without a manager or a key the program says how it is used', async (t) => {
  const program = new Program([process.execPath, EXAMPLE]);
  t.after(async () => program.stop('SIGKILL'));
  assert.equal(await program.ended(LIMIT_MS), 2);
  assert.match(program.said, /--manager[^]*--key[^]*--network/);
});
