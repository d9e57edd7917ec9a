import { randomBytes } from 'node:crypto';

import {
  everyone,
  hearsUnder,
  holdsKeys,
  holdsPidOf,
  onlyFailed,
  seesAlive,
  seesPeers,
  tellsTruth,
} from './checks.ts';
import { DATASET_MIN_ENTRIES } from './dataset.ts';
import type { Scene } from './scene.ts';
import { agree, close, compare, fingerprintOf, publish, start, writesGoOn } from './scene.ts';

/*
 * What happens in the demo, stage by stage. A stage acts, waits for what must follow, and ends with a
 * comparison of every entry on every live member with what was written.
 */

/** One part of the demo. */
export interface Stage {
  readonly title: string;
  readonly run: (scene: Scene) => Promise<void>;
}

const NAMES = ['m1', 'm2', 'm3', 'm4', 'm5'] as const;
const SEED = 'm1';
const PUBLISHER = 'm2';
/** One of them is the one that is killed, so that it leaves more behind than its endpoint record. */
const WRITERS = ['m3', 'm4'] as const;
const VICTIM = 'm4';
const LEAVER = 'm5';

/** The demo, in order. */
export const STAGES: readonly Stage[] = [
  { title: `start ${NAMES.length} processes and form one encrypted cluster`, run: form },
  { title: 'each publishes its own endpoint record', run: publishEndpoints },
  { title: `${PUBLISHER} publishes a data set of media types`, run: publishDataset },
  { title: `rotate the key while ${WRITERS.join(' and ')} write`, run: rotateKey },
  { title: `kill ${VICTIM} with SIGKILL`, run: killOne },
  { title: `start ${VICTIM} again`, run: restartOne },
  { title: `${LEAVER} leaves`, run: leaveOne },
  { title: 'close the rest', run: closeAll },
];

async function form(scene: Scene): Promise<void> {
  const { orchestra, expectations, measured } = scene;
  const startedAt = performance.now();
  const starts = NAMES.map((name) => start(scene, orchestra.launch(name), 0));
  await expectations.within('five processes listen on loopback', 110_000, Promise.all(starts));
  measured.times.startedMs = performance.now() - startedAt;
  const target = `127.0.0.1:${orchestra.member(SEED).port}`;
  const joinedAt = performance.now();
  const joins = NAMES.filter((name) => name !== SEED).map((name) =>
    orchestra.member(name).ask('join', { targets: [target] }),
  );
  await expectations.within('four of them join the first', 10_000, Promise.all(joins));
  measured.times.formedMs = await expectations.until({
    // What gossip leaves out, the next push/pull brings: its interval is 15 s.
    name: 'every member sees five alive',
    deadlineMs: 20_000,
    since: joinedAt,
    check: seesAlive(orchestra, NAMES.length),
  });
  await expectations.within('all join the network', 12_000, orchestra.askAll('enter', null));
  await expectations.until({
    name: 'every member sees five on the network',
    deadlineMs: 10_000,
    check: seesPeers(orchestra, NAMES.length),
  });
  await expectations.until({
    name: 'every member hears the four others under the one key',
    deadlineMs: 10_000,
    check: hearsUnder(orchestra, fingerprintOf(scene)),
  });
}

async function publishEndpoints(scene: Scene): Promise<void> {
  const { orchestra, measured } = scene;
  const since = performance.now();
  await Promise.all(orchestra.live().map((member) => publish(scene, member, 'publishEndpoint')));
  measured.times.endpointsConvergedMs = await agree(scene, {
    name: 'every member holds the five endpoint records',
    deadlineMs: 10_000,
    since,
  });
  scene.expectations.verify('the endpoint records are true', tellsTruth(orchestra));
}

async function publishDataset(scene: Scene): Promise<void> {
  const { orchestra, ledger, expectations, measured } = scene;
  const since = performance.now();
  const published = publish(scene, orchestra.member(PUBLISHER), 'publishDataset');
  await expectations.within('the data set is written', 20_000, published);
  measured.times.datasetConvergedMs = await agree(scene, {
    name: `every member holds the data set of ${ledger.sizeOf('dataset')} records`,
    deadlineMs: 210_000,
    since,
  });
  expectations.verify(`the data set has at least ${DATASET_MIN_ENTRIES} records`, () => {
    const size = ledger.sizeOf('dataset');
    return size >= DATASET_MIN_ENTRIES ? null : `it has ${size}`;
  });
  await compare(scene, 'published');
}

async function rotateKey(scene: Scene): Promise<void> {
  const { orchestra, expectations, measured } = scene;
  const writers = WRITERS.map((name) => orchestra.member(name));
  await Promise.all(writers.map((writer) => writer.ask('startWrites', null)));
  await writesGoOn(scene, WRITERS, 'both write before the rotation');
  const next = new Uint8Array(randomBytes(32));
  const old = fingerprintOf(scene);
  const since = performance.now();
  await orchestra.askAll('key', { step: 'add', key: next });
  await expectations.until({
    name: 'every member has the new key beside the old',
    deadlineMs: 10_000,
    check: everyone(orchestra, ({ keys }) =>
      keys.length === 2 ? null : `has ${keys.length} keys`,
    ),
  });
  await writesGoOn(scene, WRITERS, 'both write on with both keys');
  await orchestra.askAll('key', { step: 'use', key: next });
  await orchestra.refresh();
  const fresh = fingerprintOf(scene);
  expectations.verify('every member seals with the new key', holdsKeys(orchestra, [fresh, old]));
  await writesGoOn(scene, WRITERS, 'both write on under the new key');
  await expectations.until({
    name: 'nobody is heard under the old key any more',
    deadlineMs: 10_000,
    check: hearsUnder(orchestra, fresh),
  });
  await orchestra.askAll('key', { step: 'remove', key: scene.key });
  scene.key = next;
  measured.times.rotationMs = await expectations.until({
    name: 'the old key is gone from every member',
    deadlineMs: 10_000,
    since,
    check: holdsKeys(orchestra, [fresh]),
  });
  await writesGoOn(scene, WRITERS, 'both write on without the old key');
  for (const writer of writers) {
    const written = await writer.ask('stopWrites', null);
    scene.ledger.record(writer.name, written);
    measured.writesUnderRotation += written.length;
  }
  await agree(scene, {
    name: `every member holds what ${measured.writesUnderRotation} writes under rotation came to`,
    deadlineMs: 10_000,
  });
  expectations.verify('nobody was taken for failed', onlyFailed(orchestra, []));
  await compare(scene, 'rotated');
}

async function killOne(scene: Scene): Promise<void> {
  const { orchestra, ledger, expectations, measured } = scene;
  const victim = orchestra.member(VICTIM);
  const killedAt = performance.now();
  victim.state = 'killed';
  victim.kill();
  ledger.forget(VICTIM);
  const sightings = (): ReadonlyMap<string, number> =>
    orchestra.firstSightings('fail', VICTIM, killedAt);
  await expectations.until({
    name: `the other four detect that ${VICTIM} has failed`,
    deadlineMs: 20_000,
    since: killedAt,
    check: everyone(orchestra, (_snapshot, name) =>
      sightings().has(name) ? null : `has not noticed`,
    ),
  });
  measured.times.detectedMs = Math.max(...sightings().values()) - killedAt;
  measured.times.vanishedMs = await agree(scene, {
    name: `the entries of ${VICTIM} are gone from the other four`,
    deadlineMs: 22_000,
    since: killedAt,
  });
  expectations.verify(`nobody else was taken for failed`, onlyFailed(orchestra, [VICTIM]));
  await compare(scene, 'killed');
}

async function restartOne(scene: Scene): Promise<void> {
  const { orchestra, expectations, measured } = scene;
  const { port } = orchestra.member(VICTIM);
  const targets = orchestra.live().map((member) => `127.0.0.1:${member.port}`);
  const since = performance.now();
  const member = orchestra.launch(VICTIM);
  // The port may have been given to somebody else meanwhile; then any other does.
  const started = start(scene, member, port).catch(() => start(scene, member, 0));
  await expectations.within(`${VICTIM} listens again`, 10_000, started);
  const joined = member.ask('join', { targets });
  await expectations.within(`${VICTIM} joins again, with the new key`, 10_000, joined);
  await expectations.until({
    name: `every member sees five alive again`,
    deadlineMs: 20_000,
    since,
    check: seesAlive(orchestra, NAMES.length),
  });
  const entered = member.ask('enter', null);
  await expectations.within(`${VICTIM} joins the network again`, 12_000, entered);
  await publish(scene, member, 'publishEndpoint');
  await expectations.until({
    name: `every member holds the record of the new ${VICTIM}, none the old one`,
    deadlineMs: 10_000,
    since,
    check: holdsPidOf(orchestra, VICTIM),
  });
  measured.times.returnedMs = await agree(scene, {
    name: `all five agree again, ${VICTIM} on every entry`,
    deadlineMs: 110_000,
    since,
  });
  expectations.verify('the endpoint records are true again', tellsTruth(orchestra));
  expectations.verify('the new key is the only one', holdsKeys(orchestra, [fingerprintOf(scene)]));
  await compare(scene, 'returned');
}

async function leaveOne(scene: Scene): Promise<void> {
  const { orchestra, ledger, expectations, measured } = scene;
  const leaver = orchestra.member(LEAVER);
  const since = performance.now();
  leaver.state = 'leaving';
  ledger.forget(LEAVER);
  await expectations.within(`${LEAVER} says good-bye`, 10_000, leaver.ask('leave', null));
  await expectations.until({
    name: `the other four know that ${LEAVER} has left`,
    deadlineMs: 10_000,
    since,
    check: everyone(orchestra, (_snapshot, name) =>
      orchestra.firstSightings('leave', LEAVER, since).has(name) ? null : 'has not heard it',
    ),
  });
  measured.times.leftMs = await agree(scene, {
    name: `the entries of ${LEAVER} are gone from the other four`,
    deadlineMs: 10_000,
    since,
  });
  await expectations.within(`the process of ${LEAVER} ends by itself`, 10_000, close(leaver));
  leaver.state = 'left';
  await expectations.until({
    name: 'every member sees four alive',
    deadlineMs: 10_000,
    check: seesAlive(orchestra, NAMES.length - 1),
  });
  expectations.verify(`only ${VICTIM} was ever taken for failed`, onlyFailed(orchestra, [VICTIM]));
  await compare(scene, 'left');
}

async function closeAll(scene: Scene): Promise<void> {
  const { orchestra, expectations } = scene;
  const closed = Promise.all(orchestra.live().map((member) => close(member)));
  await expectations.within('the other processes end by themselves', 10_000, closed);
}
