import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import type { NetworkDBOptions, Table } from '../../src/index.ts';
import { json, NetworkDB } from '../../src/index.ts';

/*
 * Members with fixed names restart one by one, each at a new address, as the pods of a StatefulSet do.
 *
 * What must hold all the while: no member sees a record of another member vanish that is not the one
 * restarting, and nobody is taken for failed who is not. At the end everyone knows everyone at the new
 * address, and holds the records of the new lives only.
 */

interface Service {
  readonly port: number;
  /** How many times the member has been started. */
  readonly life: number;
}

interface Member {
  readonly db: NetworkDB;
  readonly services: Table<Service>;
}

const COUNT = 5;
const STEP_LIMIT_MS = 30_000;

const { values } = parseArgs({ options: { abrupt: { type: 'boolean', default: false } } });
const key = crypto.getRandomValues(new Uint8Array(32));
const members: Member[] = [];
const losses: string[] = [];
let restarting = '';

/** A member of a fixed name at whatever port is free, known to the others when this returns. */
async function start(name: string, life: number): Promise<Member> {
  const options: NetworkDBOptions = {
    nodeName: name,
    bindAddress: '127.0.0.1',
    bindPort: 0,
    profile: 'local',
    encryption: { keys: [key] },
  };
  const db = await NetworkDB.create(options);
  await db.join(members.map((other) => `127.0.0.1:${other.db.localMember.port}`));
  db.on('fail', (failed) => {
    if (failed.name !== restarting) losses.push(`${name} took ${failed.name} for failed`);
  });
  const services = (await db.joinNetwork('prod')).table('services', json<Service>());
  services.set(name, { port: db.localMember.port, life });
  void watch(name, services);
  return { db, services };
}

async function watch(name: string, services: Table<Service>): Promise<void> {
  try {
    for await (const change of services.watch()) {
      if (change.kind !== 'delete' || change.owner === restarting) continue;
      losses.push(`${name} lost the record of ${change.owner}`);
    }
  } catch {
    // The member was closed.
  }
}

/** Whether everyone knows everyone at the present address, with the present record and no other. */
function isWhole(lives: ReadonlyMap<string, number>): boolean {
  return members.every(({ db, services }) => {
    const entries = [...services.entries()];
    return (
      db.members().length === COUNT &&
      entries.length === COUNT &&
      entries.every(({ key: name, owner, value }) => {
        const port = db.member(name)?.port;
        return owner === name && value.life === lives.get(name) && value.port === port;
      })
    );
  });
}

/** @returns milliseconds until it held, or null when it did not in time */
async function until(holds: () => boolean): Promise<number | null> {
  const since = performance.now();
  while (!holds()) {
    if (performance.now() - since > STEP_LIMIT_MS) return null;
    await delay(5);
  }
  return Math.round(performance.now() - since);
}

const lives = new Map<string, number>();
for (let i = 0; i < COUNT; i += 1) {
  lives.set(`api-${i}`, 1);
  members.push(await start(`api-${i}`, 1));
}
let isSound = (await until(() => isWhole(lives))) !== null;
console.log(`${COUNT} members, each with its record: ${isSound ? 'whole' : 'NOT whole'}`);

for (let i = 0; i < COUNT && isSound; i += 1) {
  const [old] = members.splice(i, 1) as [Member];
  const { name, port } = old.db.localMember;
  restarting = name;
  if (!values.abrupt) await old.db.leave();
  await old.db.close();
  lives.set(name, 2);
  const fresh = await start(name, 2);
  members.splice(i, 0, fresh);
  const tookMs = await until(() => isWhole(lives));
  const moved = `${name} from port ${port} to ${fresh.db.localMember.port}`;
  console.log(`${moved}: ${tookMs === null ? 'NOT whole' : `whole after ${tookMs} ms`}`);
  isSound = tookMs !== null;
  restarting = '';
}

for (const loss of losses) console.error(loss);
isSound = isSound && losses.length === 0;
console.log(isSound ? 'nothing was lost' : 'something was lost');
await Promise.all(members.map(({ db }) => db.close()));
process.exitCode = isSound ? 0 : 1;
