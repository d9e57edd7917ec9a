// Floods on real sockets: an outsider sends packets and opens streams as fast as this process can, while
// three sealed members watch each other and a fourth one joins.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { test } from 'node:test';

import type { MemberlistOptions } from '../../src/memberlist/index.ts';
import { Memberlist } from '../../src/memberlist/index.ts';
import { wireOf } from '../../fuzz/wires.ts';

const HOST = '127.0.0.1';
const OPTIONS: MemberlistOptions = {
  bindAddress: HOST,
  bindPort: 0,
  profile: 'local',
  encryption: { keys: [new Uint8Array(32).fill(5)] },
  limits: { maxInboundStreams: 32 },
};
const LIMIT = { timeoutMs: 20_000 };

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Flooded {
  readonly members: readonly Memberlist[];
  readonly lost: string[];
}

async function startRing(): Promise<Flooded> {
  const members = await Promise.all([1, 2, 3].map(() => Memberlist.create(OPTIONS)));
  const [seed, ...others] = members as [Memberlist, ...Memberlist[]];
  const lost: string[] = [];
  for (const member of others) await member.join([portOf(seed)]);
  for (const member of members) {
    await member.waitForMembers(3, LIMIT);
    member.on('fail', ({ name }) => {
      if (members.some((own) => own.name === name)) lost.push(name);
    });
  }
  return { members, lost };
}

function portOf({ localMember: { host, port } }: Memberlist): { host: string; port: number } {
  return { host, port };
}

function counter(member: Memberlist, name: string): number {
  return member.stats().counters[name] ?? 0;
}

/** Lets the members go through some probe rounds. */
async function probed(members: readonly Memberlist[], rounds: number): Promise<void> {
  const names = members.map(({ name }) => name);
  for (let round = 0; round < rounds; round += 1) {
    for (const [i, member] of members.entries()) {
      assert.ok((await member.ping(names[(i + 1) % names.length] as string, LIMIT)) >= 0);
    }
  }
}

test('packets of strangers, junk and well-formed ones, cost no member its place', async () => {
  const { members, lost } = await startRing();
  const foreign = wireOf({ keys: [9] });
  const ping = foreign.encodePacketMessage({
    ...{ type: 'ping', seq: 1, node: '', sourcePort: 0, sourceNode: '' },
    sourceAddress: new Uint8Array(0),
  });
  const packets = [
    foreign.packets.seal(ping),
    wireOf().packets.seal(ping),
    foreign.packets.seal(new Uint8Array(60_000)),
    new Uint8Array(1400).fill(0xe2),
    new Uint8Array(0),
  ];
  const socket = createSocket('udp4');
  try {
    for (let burst = 0; burst < 400; burst += 1) {
      for (const member of members) {
        for (const packet of packets) socket.send(packet, member.localMember.port, HOST);
      }
      await turn();
      if (burst % 100 === 0) await probed(members, 1);
    }
    await probed(members, 2);
    const late = await Memberlist.create(OPTIONS);
    await late.join(members.map(portOf));
    await late.waitForMembers(4, LIMIT);
    await late.close();
    for (const member of members) {
      assert.ok(counter(member, 'packets.dropped.ERR_KEY_MISMATCH') > 0);
      assert.ok(counter(member, 'packets.dropped.ERR_NOT_SEALED') > 0);
      assert.equal(counter(member, 'packets.dropped.ERR_INTERNAL'), 0);
    }
    assert.deepEqual(lost, []);
  } finally {
    socket.close();
    for (const member of members) await member.close();
  }
});

test('streams that strangers hold, trickle and flood keep no member from joining', async () => {
  const { members, lost } = await startRing();
  const [target] = members as [Memberlist];
  const sockets: Socket[] = [];
  const beginning = Buffer.from([0x0a, 0xe2, ...new Uint8Array(16), 0, 0, 4, 0]);
  const open = (first: Uint8Array): void => {
    const socket = connect({ host: HOST, port: target.localMember.port });
    socket.on('error', () => undefined);
    if (first.length > 0) socket.write(first);
    sockets.push(socket);
  };
  try {
    for (let i = 0; i < 120; i += 1) {
      open([Buffer.alloc(0), beginning, Buffer.alloc(200_000, 0x47)][i % 3] as Buffer);
      for (const socket of sockets) if (socket.writable) socket.write(Buffer.from([i]));
      await turn();
    }
    const late = await Memberlist.create(OPTIONS);
    assert.equal(await late.join([portOf(target)]), 1);
    await late.waitForMembers(4, LIMIT);
    await probed(members, 2);
    await late.close();
    const turnedAway =
      counter(target, 'streams.rejected.crowded') +
      counter(target, 'streams.rejected.ERR_CODEC_MALFORMED');
    assert.ok(turnedAway > 50, JSON.stringify(target.stats().counters));
    assert.deepEqual(lost, []);
  } finally {
    for (const socket of sockets) socket.destroy();
    for (const member of members) await member.close();
  }
});
