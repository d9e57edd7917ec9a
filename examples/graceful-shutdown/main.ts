import { parseArgs } from 'node:util';

import { json, NetworkDB } from '../../src/index.ts';

/*
 * A service that leaves its cluster when it is told to stop.
 *
 *   SIGTERM -> leave (at most 2 s) -> close -> the process ends by itself
 *
 * Nothing of the library keeps the process alive after close, so there is no process.exit in the
 * orderly way out. The limit around it all is for what else a service may hang on.
 */

const LEAVE_LIMIT_MS = 2_000;
const STOP_LIMIT_MS = 8_000;

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: `service-${process.pid}` },
    port: { type: 'string', default: '0' },
    join: { type: 'string', multiple: true, default: [] },
  },
});

const db = await NetworkDB.create({
  nodeName: values.name,
  bindAddress: '127.0.0.1',
  bindPort: Number(values.port),
  profile: 'local',
});
for (const event of ['join', 'leave', 'fail'] as const) {
  db.on(event, (member) => {
    console.log(`${event} ${member.name}`);
  });
}
let isStopping = false;

async function stop(signal: NodeJS.Signals): Promise<void> {
  if (isStopping) process.exit(1); // told twice: somebody is in a hurry
  isStopping = true;
  console.log(`stopping on ${signal}`);
  setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
  // What the service has open for its users would be closed here, before the cluster hears of it.
  try {
    await db.leave({ timeoutMs: LEAVE_LIMIT_MS });
  } catch (error) {
    console.error('the good-bye may not have reached everyone:', error);
  }
  await db.close();
  console.log('stopped');
}

process.on('SIGTERM', (signal) => void stop(signal));
process.on('SIGINT', (signal) => void stop(signal));

await db.join(values.join);
const services = (await db.joinNetwork('prod')).table('services', json<{ pid: number }>());
services.set(db.name, { pid: process.pid });
console.log(`ready ${db.localMember.port}`);
