import { createSocket } from 'node:dgram';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import type { MemberlistOptions } from '../../src/memberlist/public.ts';
import { Memberlist } from '../../src/memberlist/public.ts';
import { CountingTransport } from '../rings/counting-transport.ts';
import { cpuMs } from '../timing.ts';
import type { Kind, Order, Told } from './node.ts';
import { FIRST_METADATA } from './node.ts';

/* The process of one member, ours or of swim. It ends with its parent. */

const HOST = '127.0.0.1';

/** Intervals of swim's defaults, as far as ours has the same. */
const FAST: MemberlistOptions = {
  probe: { intervalMs: 20, timeoutMs: 12 },
  gossip: { intervalMs: 20 },
};

interface Member {
  join(seed: string | null): Promise<void>;
  setMetadata(text: string): Promise<void>;
}

/** As much of swim as is used. */
interface Swim {
  readonly net: { sendBuffer(buffer: Uint8Array, host: string): void };
  bootstrap(hosts: readonly string[], done: (error?: Error) => void): void;
  join(hosts: readonly string[], done: (error?: Error) => void): void;
  members(): readonly { readonly host: string; readonly meta?: { readonly text: string } }[];
  updateMeta(meta: { readonly text: string }): void;
  on(event: 'change' | 'update', listener: (about: { host: string; state: number }) => void): void;
}
type SwimClass = new (options: { local: { host: string; meta: { text: string } } }) => Swim;

const SWIM_FAULTY = 2;

const sent = { packets: 0, packetBytes: 0, streamBytes: 0 };
const faulty: string[] = [];

const tell = (told: Told): void => {
  process.send?.(told);
};

const tellView = (members: Readonly<Record<string, string>>): void => {
  tell({ view: { members, faulty: [...faulty] } });
};

function ours(port: number, kind: Kind): Member {
  let text = FIRST_METADATA;
  let member: Memberlist | null = null;
  const show = (): void => {
    const others = member?.members().filter(({ isLocal }) => !isLocal) ?? [];
    tellView(
      Object.fromEntries(
        others.map(({ name, metadata }) => [name, Buffer.from(metadata).toString()]),
      ),
    );
  };
  return {
    async join(seed) {
      const options: MemberlistOptions = {
        ...(kind === 'ours-fast' && FAST),
        nodeName: `${HOST}:${port}`,
        bindAddress: HOST,
        bindPort: port,
        runtime: { transport: new CountingTransport(sent) },
      };
      const delegates = { user: { localMetadata: () => Buffer.from(text) } };
      member = await Memberlist.create(options, delegates);
      for (const event of ['join', 'update', 'leave'] as const) member.on(event, show);
      member.on('fail', ({ name }) => {
        faulty.push(name);
        show();
      });
      if (seed !== null) await member.join([seed]);
      show();
    },
    async setMetadata(fresh) {
      text = fresh;
      await member?.updateNode();
    },
  };
}

function swimOf(port: number, folder: string): Member {
  const Class = createRequire(join(folder, 'package.json'))('swim') as SwimClass;
  const member = new Class({ local: { host: `${HOST}:${port}`, meta: { text: FIRST_METADATA } } });
  const { net } = member;
  const send = net.sendBuffer.bind(net);
  net.sendBuffer = (buffer, host) => {
    sent.packets += 1;
    sent.packetBytes += buffer.length;
    send(buffer, host);
  };
  const show = (): void => {
    tellView(
      Object.fromEntries(member.members().map(({ host, meta }) => [host, meta?.text ?? ''])),
    );
  };
  member.on('change', ({ host, state }) => {
    if (state === SWIM_FAULTY) faulty.push(host);
    show();
  });
  member.on('update', show);
  return {
    async join(seed) {
      const seeds = seed === null ? [] : [seed];
      await new Promise<void>((done) => {
        // It asks once and gives up after 300 ms, however busy the other one is.
        const again = (error?: Error): void => {
          if (error === undefined) done();
          else member.join(seeds, again);
        };
        member.bootstrap(seeds, again);
      });
      show();
    },
    async setMetadata(text) {
      member.updateMeta({ text });
      return Promise.resolve();
    },
  };
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  return new Promise((done) => {
    socket.bind(0, HOST, () => {
      const { port } = socket.address();
      socket.close(() => {
        done(port);
      });
    });
  });
}

async function obey(member: Member, order: Order): Promise<void> {
  switch (order.do) {
    case 'join':
      return member.join(order.seed);
    case 'metadata':
      return member.setMetadata(order.text);
    case 'stall': {
      const end = performance.now() + order.durationMs;
      while (performance.now() < end);
      return;
    }
    case 'cost': {
      const bytes = sent.packetBytes + sent.streamBytes;
      tell({ cost: { packets: sent.packets, bytes, cpuMs: cpuMs() } });
    }
  }
}

const [kind = 'ours', folder = ''] = process.argv.slice(2);
const port = await freePort();
const member = kind === 'swim' ? swimOf(port, folder) : ours(port, kind as Kind);
process.on('message', (order: Order) => {
  void obey(member, order);
});
process.on('disconnect', () => process.exit());
tell({ name: `${HOST}:${port}` });
