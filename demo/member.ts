import { NetworkDB } from '../src/index.ts';
import { DATASET_MIN_ENTRIES, loadDataset } from './dataset.ts';
import { digestOf } from './digest.ts';
import { describeEndpoint } from './endpoint.ts';
import type { CallName, Calls, Report, Request, Snapshot, Written } from './messages.ts';
import { NETWORK } from './messages.ts';
import { byTable } from './ledger.ts';
import { NO_TABLES, Tables } from './tables.ts';
import { WriteLoad } from './write-load.ts';

/*
 * One member: a process with one NetworkDB that does what the main process asks. It ends by itself once
 * it has closed, because nothing of the library keeps it alive, and at once when the main process goes.
 */

type Handlers = {
  readonly [Name in CallName]: (
    input: Calls[Name]['input'],
  ) => Calls[Name]['reply'] | Promise<Calls[Name]['reply']>;
};

const PUBLISH_SLICE = 128;
const ending = new AbortController();
let node: NetworkDB | null = null;
let opened: Tables | null = null;
let load: WriteLoad | null = null;

const handlers: Handlers = {
  start: async ({ name, port, key }) => {
    const db = await NetworkDB.create({
      nodeName: name,
      bindAddress: '127.0.0.1',
      bindPort: port,
      profile: 'local',
      encryption: { keys: [key] },
    });
    node = db;
    for (const event of ['join', 'suspect', 'fail', 'leave'] as const) {
      db.on(event, (member) => {
        report({ kind: 'event', event, subject: member.name });
      });
    }
    db.on('nameConflict', ({ existing }) => {
      report({ kind: 'event', event: 'nameConflict', subject: existing.name });
    });
    return { port: db.localMember.port };
  },

  join: ({ targets }) => started().join(targets),

  enter: async () => {
    opened = await Tables.enter(started(), ending.signal, die);
    return null;
  },

  publishEndpoint: () => {
    const db = started();
    const record = describeEndpoint(db.localMember);
    tables().endpoints.set(db.name, record);
    return [{ table: 'endpoints', key: db.name, digest: digestOf(record) }];
  },

  publishDataset: async () => {
    const records = loadDataset();
    if (records.length < DATASET_MIN_ENTRIES) {
      throw new Error(`the data set has ${records.length} records`);
    }
    const written: Written[] = [];
    for (const [type, record] of records) {
      tables().dataset.create(type, record);
      written.push({ table: 'dataset', key: type, digest: digestOf(record) });
      if (written.length % PUBLISH_SLICE === 0) await nextTurn();
    }
    return written;
  },

  startWrites: () => {
    load ??= new WriteLoad(tables().writes, started().name);
    load.start();
    return null;
  },

  stopWrites: () => {
    return load?.stop() ?? [];
  },

  key: ({ step, key }) => {
    const { keyring } = started();
    if (step === 'add') keyring.add(key);
    else if (step === 'use') keyring.use(key);
    else keyring.remove(key);
    return null;
  },

  snapshot: () => takeSnapshot(),

  dump: () => opened?.dump() ?? byTable(() => []),

  leave: async () => {
    await started().leave();
    return null;
  },

  close: async () => {
    load?.stop();
    ending.abort();
    await node?.close();
    return null;
  },
};

function takeSnapshot(): Snapshot {
  const db = started();
  const cpu = process.cpuUsage();
  const endpoints = opened === null ? [] : [...opened.endpoints.entries()];
  return {
    members: db.members().map(({ name, state, port }) => ({ name, state, port })),
    peers: db.peers(NETWORK).length,
    tables: opened === null ? NO_TABLES : byTable((table) => tables().view(table)),
    pids: Object.fromEntries(endpoints.map(({ key, value }) => [key, value.pid])),
    keys: [...db.keyring.list()],
    healthScore: db.healthScore,
    writes: load?.count ?? 0,
    rssBytes: process.memoryUsage.rss(),
    cpuMs: Math.round((cpu.user + cpu.system) / 1000),
  };
}

function started(): NetworkDB {
  if (node === null) throw new Error('this member was not started');
  return node;
}

function tables(): Tables {
  if (opened === null) throw new Error('this member has not joined the network');
  return opened;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function answer(request: Request): Promise<void> {
  const { id, call, input } = request;
  try {
    const handler = handlers[call] as (input: unknown) => unknown;
    const reply: unknown = await handler(input);
    // The channel is all that keeps this process alive once the member is closed.
    const isLast = call === 'close';
    report({ kind: 'reply', id, reply }, isLast ? () => process.disconnect() : undefined);
  } catch (error) {
    report({ kind: 'refusal', id, reason: `${call}: ${String(error)}` });
  }
}

function report(message: Report, then?: () => void): void {
  if (process.connected) process.send?.(message, undefined, undefined, then);
}

function die(error: unknown): void {
  console.error(error);
  process.exit(1);
}

process.on('message', (request: Request) => {
  answer(request).catch(die);
});
// The channel closes when the main process ends, however it ends; our own close comes with `ending`.
process.on('disconnect', () => {
  if (!ending.signal.aborted) process.exit(1);
});
// Ctrl+C reaches the whole group; the main process decides what becomes of the members.
process.on('SIGINT', () => {});
