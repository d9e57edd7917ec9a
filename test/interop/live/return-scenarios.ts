import { setTimeout as sleep } from 'node:timers/promises';

import type { Family } from './builds.ts';
import type { Allowed } from './judge.ts';
import { ABOUT_THE_KILLED } from './judge.ts';
import type { Mode } from './modes.ts';
import type { Kind } from './peer.ts';
import type { Ring, RingNode } from './ring.ts';
import type { Scenario } from './scenario.ts';
import { actorAndRest, grow, shown } from './scenario.ts';
import { growAttached, network, table, write } from './table-steps.ts';

/*
 * A process is killed and another one takes its name: it knows nothing of the first, and is a member like any other soon after. At
 * the address of the first it may come at once; elsewhere Go lets nobody have the name until it has forgotten who had it.
 */

/** Go forgets a failed member 15 s after its death with these options, 30 s after with NetworkDB's, and at the next round of probes. */
const FORGOTTEN_MS: Readonly<Record<Family, number>> = { memberlist: 60_000, networkdb: 120_000 };

const UNTIL_FORGOTTEN_MS = 45_000;

/** Where the second process listens. */
type Place = 'there' | 'elsewhere';

/** Starts a process anew under the name of one that was killed, and takes it into the ring. */
async function startAnew(ring: Ring, dead: RingNode, place: Place): Promise<RingNode> {
  const port = place === 'there' ? dead.port : 0;
  const again = await ring.start(dead.kind, { name: dead.name, port });
  await ring.admit(again);
  return again;
}

/** Its news reach all others, and theirs reach it. */
async function tellsAndHears(ring: Ring, node: RingNode): Promise<void> {
  const other = ring.nodes.find(({ name }) => name !== node.name) as RingNode;
  for (const each of [node, other]) {
    each.metadata = `told by ${each.name} on port ${node.port}`;
    await ring.ask(each, { do: 'metadata', text: each.metadata });
  }
  await ring.agree();
  const text = `to the second life of ${node.name}`;
  await ring.ask(other, { do: 'stream', to: node.name, text });
  await ring.expectEvent(node, 'message', { bytes: text.length });
}

async function memberReturns(ring: Ring, acting: Kind): Promise<string> {
  const [actor] = actorAndRest(await grow(ring, acting, 4));
  await ring.crash(actor);
  ring.drop(actor);
  await ring.agree();
  const again = await startAnew(ring, actor, 'there');
  const afterDeathMs = await ring.agree();
  await tellsAndHears(ring, again);
  // And once more, before anybody has missed it.
  await ring.crash(again);
  ring.drop(again);
  const third = await startAnew(ring, again, 'there');
  const atOnceMs = await ring.agree();
  await tellsAndHears(ring, third);
  return `back ${shown(afterDeathMs)} after the start, ${shown(atOnceMs)} when nobody had missed it`;
}

async function memberReturnsElsewhere(ring: Ring, acting: Kind): Promise<string> {
  const [actor] = actorAndRest(await grow(ring, acting, 4));
  await ring.crash(actor);
  ring.drop(actor);
  await ring.agree();
  const again = await startAnew(ring, actor, 'elsewhere');
  const tookMs = await ring.agree(FORGOTTEN_MS.memberlist);
  await tellsAndHears(ring, again);
  return `back ${shown(tookMs)} after the start`;
}

/** What a life writes: its own keys, and a key of another member's for it. */
async function writesAnew(ring: Ring, node: RingNode, life: string): Promise<void> {
  const other = ring.nodes.find(({ name }) => name !== node.name) as RingNode;
  for (const key of keysOf(node, life)) await write(ring, node, key, `of the ${life} life`);
  await write(ring, other, 'stays', `at the ${life} life`);
}

/**
 * Ours has a key that the next life does not write again, and that must be gone. Go never corrects what others hold of an earlier
 * life: its members write the same keys again, as Docker's do for what still runs.
 */
function keysOf(node: RingNode, life: string): string[] {
  return node.kind === 'ours' ? ['mine', `of the ${life} life alone`] : ['mine', 'mine too'];
}

/** Kills the owner; its entries are nobody's, until the next life writes them. */
async function crash(ring: Ring, node: RingNode, life: string): Promise<void> {
  await ring.crash(node);
  ring.drop(node);
  for (const key of keysOf(node, life)) ring.expected(network, table).delete(key);
}

async function ownerReturns(ring: Ring, acting: Kind): Promise<string> {
  const [actor] = actorAndRest(await growAttached(ring, acting, 4));
  await writesAnew(ring, actor, 'first');
  await ring.agree();
  await crash(ring, actor, 'first');
  await ring.agree();
  const again = await startAnew(ring, actor, 'there');
  await ring.attach(network, [again]);
  await writesAnew(ring, again, 'second');
  const afterDeathMs = await ring.agree();
  await crash(ring, again, 'second');
  const third = await startAnew(ring, again, 'there');
  await ring.attach(network, [third]);
  await writesAnew(ring, third, 'third');
  const atOnceMs = await ring.agree();
  return `alike ${shown(afterDeathMs)} after the start, ${shown(atOnceMs)} when nobody had missed it`;
}

async function ownerReturnsElsewhere(ring: Ring, acting: Kind): Promise<string> {
  const [actor] = actorAndRest(await growAttached(ring, acting, 4));
  await writesAnew(ring, actor, 'first');
  await ring.agree();
  await crash(ring, actor, 'first');
  await ring.agree();
  // A Go member waits for the answers of all when it joins a network, and nobody answers a name that is not taken in yet.
  if (acting === 'go') await sleep(UNTIL_FORGOTTEN_MS);
  const again = await startAnew(ring, actor, 'elsewhere');
  await ring.attach(network, [again]);
  await writesAnew(ring, again, 'second');
  const tookMs = await ring.agree(FORGOTTEN_MS.networkdb);
  return `alike ${shown(tookMs)} after the start`;
}

/** What is said of a name that comes from another address while its dead owner is remembered. */
const ELSEWHERE: Allowed = {
  logs: [...(ABOUT_THE_KILLED.logs ?? []), /Conflicting address for/],
  counters: [...(ABOUT_THE_KILLED.counters ?? []), /^claims\.refused\.conflict$/],
};

/** Go's NetworkDB keeps the first address of a name for a day, and sends to it what is meant for the name. */
const TABLES_ELSEWHERE: Allowed = {
  ...ELSEWHERE,
  logs: [
    ...(ELSEWHERE.logs ?? []),
    /bulk sync.*dial tcp .*connection refused/i,
    /Failed to join memberlist .* on retry/,
  ],
};

const someModes = ({ name }: Mode): boolean => ['plain', 'aes256', 'ipv6'].includes(name);

/** Processes that are killed and started anew under their name. */
export const RETURN_SCENARIOS: readonly Scenario[] = [
  {
    name: 'crash and return',
    family: 'memberlist',
    run: memberReturns,
    allowed: ABOUT_THE_KILLED,
  },
  {
    name: 'crash and return elsewhere',
    family: 'memberlist',
    run: memberReturnsElsewhere,
    fits: someModes,
    allowed: ELSEWHERE,
  },
  { name: 'crash and return', family: 'networkdb', run: ownerReturns, allowed: ABOUT_THE_KILLED },
  {
    name: 'crash and return elsewhere',
    family: 'networkdb',
    run: ownerReturnsElsewhere,
    fits: someModes,
    allowed: TABLES_ELSEWHERE,
  },
];
