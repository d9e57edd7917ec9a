import { setTimeout as sleep } from 'node:timers/promises';

import type { Allowed } from './judge.ts';
import { ABOUT_THE_DEAD, ABOUT_THE_KILLED } from './judge.ts';
import { keyOf } from './modes.ts';
import type { Kind } from './peer.ts';
import type { Ring, RingNode } from './ring.ts';
import type { Scenario } from './scenario.ts';
import { actorAndRest, otherKind, shown } from './scenario.ts';
import { growAttached, network, remove, table, write } from './table-steps.ts';

/*
 * Rings with tables, at Docker's own timings: what one writes all show, and what is gone nobody shows.
 */

const MANY = 10_000;
const PART = 500;
const SWARM_CHANGES = 4;

async function joins(ring: Ring, acting: Kind): Promise<string> {
  await ring.add(otherKind(acting));
  await ring.add(acting);
  const membersMs = await ring.agree();
  await ring.attach(network);
  return `members ${shown(membersMs)}, network ${shown(await ring.agree())}`;
}

async function writes(ring: Ring, acting: Kind): Promise<string> {
  const [actor, second] = actorAndRest(await growAttached(ring, acting, 3));
  await write(ring, actor, 'one', 'of the actor');
  await write(ring, second, 'two', 'of the other');
  const createdMs = await ring.agree();
  await write(ring, actor, 'one', 'written again');
  await ring.agree();
  await write(ring, second, 'one', 'and by the other');
  const updatedMs = await ring.agree();
  await remove(ring, actor, 'two');
  await remove(ring, second, 'one');
  const deletedMs = await ring.agree();
  await write(ring, actor, 'three', 'after all');
  await ring.agree();
  return `create ${shown(createdMs)}, update ${shown(updatedMs)}, delete ${shown(deletedMs)}`;
}

async function joinsLate(ring: Ring, acting: Kind): Promise<string> {
  const [holder] = actorAndRest(await growAttached(ring, otherKind(acting), 2));
  const value = 'v'.repeat(40);
  const entries = ring.expected(network, table);
  for (let part = 0; part < MANY / PART; part += 1) {
    const key = `k${part}.`;
    await ring.ask(holder, { do: 'fill', network, table, key, value, count: PART });
    for (let at = 0; at < PART; at += 1) entries.set(`${key}${at}`, value);
  }
  await ring.agree();
  const late = await ring.add(acting);
  await ring.attach(network, [late]);
  return `${MANY} entries in ${shown(await ring.agree())}`;
}

async function leavesNetwork(ring: Ring, acting: Kind): Promise<string> {
  const [actor, second] = actorAndRest(await growAttached(ring, acting, 3));
  await write(ring, actor, 'mine', 'x');
  await write(ring, second, 'stays', 'y');
  await ring.agree();
  await ring.detach(network, actor);
  ring.expected(network, table).delete('mine');
  return shown(await ring.agree());
}

async function leavesAndJoinsAgain(ring: Ring, acting: Kind): Promise<string> {
  const [actor, second] = actorAndRest(await growAttached(ring, acting, 3));
  await write(ring, actor, 'before', 'x');
  await write(ring, second, 'stays', 'y');
  await ring.agree();
  await ring.detach(network, actor);
  ring.expected(network, table).delete('before');
  await ring.attach(network, [actor]);
  await write(ring, actor, 'after', 'z');
  return shown(await ring.agree());
}

async function leaves(ring: Ring, acting: Kind): Promise<string> {
  const [actor, second] = actorAndRest(await growAttached(ring, acting, 4));
  await write(ring, actor, 'mine', 'x');
  await write(ring, second, 'stays', 'y');
  await ring.agree();
  await ring.ask(actor, { do: 'close' });
  ring.drop(actor);
  ring.expected(network, table).delete('mine');
  return shown(await ring.agree());
}

async function crashes(ring: Ring, acting: Kind): Promise<string> {
  const [actor, second] = actorAndRest(await growAttached(ring, acting, 4));
  await write(ring, actor, 'mine', 'x');
  await write(ring, second, 'stays', 'y');
  await ring.agree();
  await ring.crash(actor);
  ring.drop(actor);
  ring.expected(network, table).delete('mine');
  return shown(await ring.agree());
}

/**
 * The entries of one that hangs are shown by nobody, and by all again once it is back. Go up to Docker 29.6 has forgotten
 * them by then, and what networks it is on; ours tells it.
 */
async function hidesAndRestores(ring: Ring, acting: Kind): Promise<string> {
  const [actor, second] = actorAndRest(await growAttached(ring, acting, 4));
  await write(ring, actor, 'mine', 'x');
  await write(ring, second, 'stays', 'y');
  await ring.agree();
  actor.peer.pause();
  ring.drop(actor);
  ring.expected(network, table).delete('mine');
  const hiddenMs = await ring.agree();
  actor.peer.resume();
  ring.takeBack(actor, network);
  ring.expected(network, table).set('mine', 'x');
  const restoredMs = await ring.agree();
  await write(ring, actor, 'mine', 'still writes');
  await ring.agree();
  return `hidden ${shown(hiddenMs)}, restored ${shown(restoredMs)}`;
}

async function changesKeys(ring: Ring, acting: Kind): Promise<string> {
  const nodes = await growAttached(ring, acting, 4);
  const [actor, second] = actorAndRest(nodes);
  const [old = ''] = ring.mode.options.keys ?? [];
  const next = keyOf(old.length / 2, 99);
  let written = 0;
  for (const [verb, key] of [
    ['addKey', next],
    ['useKey', next],
    ['removeKey', old],
  ] as const) {
    for (const node of nodes) {
      await ring.ask(node, { do: verb, key });
      written += 1;
      await write(ring, actor, `a${written}`, 'x');
      await write(ring, second, `b${written}`, 'y');
      await sleep(100);
    }
  }
  await ring.agree();
  const late = await ring.start(acting, { keys: [next] });
  await ring.admit(late);
  await ring.attach(network, [late]);
  await ring.agree();
  return `${2 * written} writes through the change`;
}

/**
 * Keys change as in a swarm: all hold three, the second is the one in use, and with each change a new one comes, the next is
 * used and the oldest goes, at one member after the other, in the order in which Docker's agent does it.
 */
async function changesKeysAsSwarm(ring: Ring, acting: Kind): Promise<string> {
  const [first = ''] = ring.mode.options.keys ?? [];
  const keyAt = (at: number): string => keyOf(first.length / 2, 100 + at);
  const keys = (from: number): string[] => [keyAt(from + 1), keyAt(from), keyAt(from + 2)];
  for (let at = 0; at < 4; at += 1) {
    await ring.add(at % 2 === 0 ? acting : otherKind(acting), { keys: keys(0) });
  }
  await ring.agree();
  await ring.attach(network);
  await ring.agree();
  const nodes = [...ring.nodes];
  let written = 0;
  for (let from = 1; from <= SWARM_CHANGES; from += 1) {
    for (const node of nodes) {
      await ring.ask(node, { do: 'addKey', key: keyAt(from + 2) });
      await ring.ask(node, { do: 'useKey', key: keyAt(from + 1) });
      await ring.ask(node, { do: 'removeKey', key: keyAt(from - 1) });
      written += 1;
      for (const writer of nodes) await write(ring, writer, `${writer.name} ${written}`, 'x');
      await sleep(300);
    }
    await ring.agree();
  }
  const late = await ring.add(acting, { keys: keys(SWARM_CHANGES) });
  await ring.attach(network, [late]);
  await ring.agree();
  return `${SWARM_CHANGES} changes, ${4 * written} writes`;
}

/**
 * Values beyond a packet. Ours sends them over streams. Go leaves them to its bulk sync, which first runs 30 to 60 s after
 * the start and then each 30 s with one random peer; ours fetches them in its own rounds, and sends them on.
 */
async function writesLarge(ring: Ring, acting: Kind): Promise<string> {
  const [actor] = actorAndRest(await growAttached(ring, acting, 3));
  await write(ring, actor, 'large', 'L'.repeat(5_000));
  await write(ring, actor, 'huge', 'H'.repeat(200_000));
  return shown(await ring.agree());
}

/** Two write one key at the same time: which of them stays is open, but it is the same one everywhere. */
async function writesAtOnce(ring: Ring, acting: Kind): Promise<string> {
  const [actor, second] = actorAndRest(await growAttached(ring, acting, 4));
  await write(ring, actor, 'key', 'first');
  await ring.agree();
  const verb = 'updateEntry';
  await Promise.all([
    ring.ask(actor, { do: verb, network, table, key: 'key', value: 'of the actor' }),
    ring.ask(second, { do: verb, network, table, key: 'key', value: 'of the other' }),
  ]);
  const { first, tookMs } = await ring.agreeOnAny(network, table);
  return `${first.join()} after ${shown(tookMs)}`;
}

/** Two write in turn, so fast that the news of one write meets the next on its way. */
async function writesQuickly(ring: Ring, acting: Kind): Promise<string> {
  const [actor, second, third] = actorAndRest(await growAttached(ring, acting, 4));
  for (let at = 0; at < 200; at += 1) {
    for (const node of [actor, second, third as RingNode]) {
      await write(ring, node, `${node.name} ${at % 40}`, `value ${at}`);
    }
  }
  return `600 writes, ${shown(await ring.agree())}`;
}

const family = 'networkdb';

/**
 * A Go node that is filled goes over its whole queue for each write, with its lock held: it is late for probes, its own
 * and those of others, gives streams up in
 * the middle, which whoever wrote then ends. Up to Docker 29.5 two bulk syncs at a time lose one's answer.
 */
const BUSY: Allowed = {
  logs: [
    /Failed fallback (TCP )?ping/,
    /failed to receive: read tcp .*connection reset by peer/,
    /Failed to send error: write tcp .*(broken pipe|connection reset)/,
    /Bulk sync to node .* timed out/,
  ],
  counters: [/^streams\.rejected\.(ERR_CODEC_TRUNCATED|slow)$/],
};

export const NETWORKDB_SCENARIOS: readonly Scenario[] = [
  { name: 'join', family, run: joins },
  { name: 'create, update, delete', family, run: writes },
  {
    name: 'late joiner',
    family,
    run: joinsLate,
    allowed: BUSY,
    quick: 'go',
    company: 'works',
  },
  { name: 'quick writes', family, run: writesQuickly },
  { name: 'one key at once', family, run: writesAtOnce },
  { name: 'large values', family, run: writesLarge, quick: 'ours' },
  { name: 'leave a network', family, run: leavesNetwork },
  { name: 'leave and rejoin race', family, run: leavesAndJoinsAgain },
  { name: 'leave', family, run: leaves, allowed: ABOUT_THE_DEAD },
  { name: 'crash', family, run: crashes, allowed: ABOUT_THE_KILLED },
  { name: 'hide and restore', family, run: hidesAndRestores, allowed: ABOUT_THE_DEAD },
  {
    name: 'key rotation',
    family,
    run: changesKeys,
    fits: ({ options }) => options.keys !== undefined,
  },
  {
    name: 'keys changed as Docker does',
    family,
    run: changesKeysAsSwarm,
    fits: ({ options }) => options.keys !== undefined,
  },
];
