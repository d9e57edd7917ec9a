import { setTimeout as delay } from 'node:timers/promises';

import { NetworkDB } from '../../src/index.ts';

/*
 * The key of a running cluster is replaced in three steps, each on every member before the next:
 *
 *   add      everyone can open what is sealed with the new key
 *   use      everyone seals with it; the old one still opens what is under way
 *   remove   the old one opens nothing any more
 *
 * `keyring.list()` says when a step has arrived: which key seals here, and under which key each of the
 * others was last heard. Removing is safe when nobody is heard under the old key.
 *
 * Here the members live in one process. In real life each step is a round of a deployment tool.
 */

const COUNT = 4;
const STEP_LIMIT_MS = 30_000;
const OLD_KEY = crypto.getRandomValues(new Uint8Array(32));
const NEW_KEY = crypto.getRandomValues(new Uint8Array(32));

/** Tells keys apart without showing them; the same on every member. */
type Fingerprint = string;

function primaryOf(db: NetworkDB): Fingerprint {
  const primary = db.keyring.list().find(({ isPrimary }) => isPrimary);
  return primary?.fingerprint ?? '';
}

/** How many of the others a member last heard under a key. */
function heardUnder(db: NetworkDB, key: Fingerprint): number {
  const info = db.keyring.list().find(({ fingerprint }) => fingerprint === key);
  return info?.heardMembers ?? 0;
}

/** Waits until a step has arrived on every member. */
async function everywhere(
  what: string,
  members: readonly NetworkDB[],
  holds: (db: NetworkDB) => boolean,
): Promise<void> {
  const since = performance.now();
  while (!members.every(holds)) {
    if (performance.now() - since > STEP_LIMIT_MS) throw new Error(`${what}: not everywhere`);
    await delay(20);
  }
  const keys = members[0]?.keyring.list() ?? [];
  const shown = keys.map(({ fingerprint, isPrimary, heardMembers }) => {
    return `${fingerprint}${isPrimary ? ' (seals)' : ''} heard from ${heardMembers}`;
  });
  console.log(`${what}: ${shown.join(', ')}`);
}

const members: NetworkDB[] = [];
const failed: string[] = [];
for (let i = 0; i < COUNT; i += 1) {
  const db = await NetworkDB.create({
    nodeName: `node-${i}`,
    bindAddress: '127.0.0.1',
    bindPort: 0,
    profile: 'local',
    encryption: { keys: [OLD_KEY] },
  });
  db.on('fail', (member) => failed.push(member.name));
  const [seed] = members;
  if (seed !== undefined) await db.join([`127.0.0.1:${seed.localMember.port}`]);
  members.push(db);
}
await Promise.all(members.map((db) => db.waitForMembers(COUNT, { timeoutMs: STEP_LIMIT_MS })));
const oldPrint = primaryOf(members[0] as NetworkDB);
await everywhere('before', members, (db) => heardUnder(db, oldPrint) === COUNT - 1);

for (const db of members) db.keyring.add(NEW_KEY);
await everywhere('added', members, (db) => db.keyring.list().length === 2);

for (const db of members) db.keyring.use(NEW_KEY);
const newPrint = primaryOf(members[0] as NetworkDB);
await everywhere('used', members, (db) => heardUnder(db, newPrint) === COUNT - 1);

for (const db of members) db.keyring.remove(OLD_KEY);
await everywhere('removed', members, (db) => db.keyring.list().length === 1);

const isWhole = failed.length === 0 && members.every((db) => db.members().length === COUNT);
console.log(isWhole ? 'nobody was lost' : `lost: ${failed.join(', ')}`);
await Promise.all(members.map((db) => db.close()));
process.exitCode = isWhole ? 0 : 1;
