import { setTimeout as sleep } from 'node:timers/promises';

import type { Allowed } from './judge.ts';
import { ABOUT_THE_DEAD, ABOUT_THE_KILLED } from './judge.ts';
import { keyOf } from './modes.ts';
import type { Kind } from './peer.ts';
import type { Ring, RingNode } from './ring.ts';
import type { Scenario } from './scenario.ts';
import { actorAndRest, grow, otherKind, shown } from './scenario.ts';

/*
 * Rings without tables: joining, telling, doubting, leaving, dying, coming back, changing keys.
 */

const LARGE_BYTES = 200_000;
const VERSION_ONE_MODES: readonly string[] = ['plain', 'aes128', 'aes256', 'compressed'];

async function joins(ring: Ring, acting: Kind): Promise<string> {
  const [first, second] = actorAndRest([await ring.add(otherKind(acting)), await ring.add(acting)]);
  for (const node of [first, second]) await ring.expectEvent(node, 'state', { bytes: 100 });
  await ring.expectEvent(first, 'join', { name: second.name });
  await ring.expectEvent(second, 'join', { name: first.name });
  return shown(await ring.agree());
}

async function eightJoin(ring: Ring, acting: Kind): Promise<string> {
  const nodes = await grow(ring, acting, 8);
  return `${nodes.length} members`;
}

async function tellsMetadata(ring: Ring, acting: Kind): Promise<string> {
  const [actor, second, third] = actorAndRest(await grow(ring, acting, 3));
  actor.metadata = 'told anew';
  await ring.ask(actor, { do: 'metadata', text: actor.metadata });
  for (const node of [second, third as RingNode]) {
    await ring.expectEvent(node, 'update', { name: actor.name });
  }
  return shown(await ring.agree());
}

async function sendsMessages(ring: Ring, acting: Kind): Promise<undefined> {
  const [actor, second] = actorAndRest(await grow(ring, acting, 3));
  for (const [from, to] of [
    [actor, second],
    [second, actor],
  ] as const) {
    const short = `packet of ${from.name}`;
    await ring.ask(from, { do: 'packet', to: to.name, text: short });
    await ring.expectEvent(to, 'message', { text: short, bytes: short.length });
    await ring.ask(from, { do: 'stream', to: to.name, text: from.name, bytes: LARGE_BYTES });
    await ring.expectEvent(to, 'message', { bytes: LARGE_BYTES });
  }
  await ring.agree();
}

async function handsOverLargeState(ring: Ring, acting: Kind): Promise<undefined> {
  const first = await ring.add(otherKind(acting), { stateBytes: 300_000 });
  const second = await ring.add(acting, { stateBytes: 300_001 });
  await ring.expectEvent(first, 'state', { bytes: 300_001 });
  await ring.expectEvent(second, 'state', { bytes: 300_000 });
  await ring.agree();
}

async function refutes(ring: Ring, acting: Kind): Promise<string> {
  const [actor, ...rest] = actorAndRest(await grow(ring, acting, 4));
  const witness = rest.find((node) => node.kind === 'ours') as RingNode;
  actor.peer.pause();
  await ring.expectEvent(witness, 'suspect', { name: actor.name });
  actor.peer.resume();
  await sleep(1_000);
  const tookMs = await ring.agree();
  const gone = witness.peer.events.find(
    ({ event, name }) => event === 'fail' && name === actor.name,
  );
  if (gone !== undefined) throw new Error('the doubt became a death, though the member was back');
  return shown(tookMs);
}

async function leaves(ring: Ring, acting: Kind): Promise<string> {
  const [actor, ...rest] = actorAndRest(await grow(ring, acting, 4));
  await ring.ask(actor, { do: 'leave' });
  ring.drop(actor);
  const tookMs = await ring.agree();
  for (const node of rest) {
    const event = node.kind === 'ours' ? 'leave' : 'gone';
    await ring.expectEvent(node, event, { name: actor.name });
  }
  await ring.crash(actor);
  return shown(tookMs);
}

async function crashes(ring: Ring, acting: Kind): Promise<string> {
  const [actor, ...rest] = actorAndRest(await grow(ring, acting, 4));
  await ring.crash(actor);
  ring.drop(actor);
  const tookMs = await ring.agree();
  for (const node of rest) {
    const event = node.kind === 'ours' ? 'fail' : 'gone';
    await ring.expectEvent(node, event, { name: actor.name });
  }
  return shown(tookMs);
}

async function comesBack(ring: Ring, acting: Kind): Promise<string> {
  const [actor] = actorAndRest(await grow(ring, acting, 4));
  actor.peer.pause();
  ring.drop(actor);
  await ring.agree();
  actor.peer.resume();
  ring.takeBack(actor);
  return shown(await ring.agree());
}

async function startsAgain(ring: Ring, acting: Kind): Promise<string> {
  const [actor, second] = actorAndRest(await grow(ring, acting, 4));
  await ring.ask(actor, { do: 'leave' });
  await ring.ask(actor, { do: 'close' });
  ring.drop(actor);
  await ring.crash(actor);
  const again = await ring.start(acting, { name: actor.name });
  await ring.admit(again, second);
  return shown(await ring.agree());
}

async function changesKeys(ring: Ring, acting: Kind): Promise<string> {
  const nodes = await grow(ring, acting, 4);
  const [actor, second] = actorAndRest(nodes);
  const [old = ''] = ring.mode.options.keys ?? [];
  const next = keyOf(old.length / 2, 99);
  let sent = 0;
  const send = async (): Promise<void> => {
    sent += 1;
    await ring.ask(actor, { do: 'stream', to: second.name, text: `to ${sent}.` });
    await ring.ask(second, { do: 'stream', to: actor.name, text: `fro ${sent}.` });
    await ring.ask(actor, { do: 'packet', to: second.name, text: `packet ${sent}.` });
  };
  for (const [verb, key] of [
    ['addKey', next],
    ['useKey', next],
    ['removeKey', old],
  ] as const) {
    for (const node of nodes) {
      await ring.ask(node, { do: verb, key });
      await send();
    }
  }
  for (let at = 1; at <= sent; at += 1) {
    await ring.expectEvent(second, 'message', { text: `to ${at}.` });
    await ring.expectEvent(actor, 'message', { text: `fro ${at}.` });
    await ring.expectEvent(second, 'message', { text: `packet ${at}.` });
  }
  const late = await ring.start(acting, { keys: [next] });
  await ring.admit(late);
  await ring.agree();
  return `${3 * sent} messages through the change`;
}

async function hundredJoin(ring: Ring, acting: Kind): Promise<string> {
  await ring.add(acting);
  const hosts = [ring.host('go'), ring.host('go')];
  for (let at = 0; at < 95; at += 1) {
    await ring.add('go', { peer: hosts[at % 2] as never, pushPullIntervalMs: 10_000 });
  }
  const host = ring.host('ours');
  for (let at = 0; at < 4; at += 1)
    await ring.add('ours', { peer: host, pushPullIntervalMs: 10_000 });
  const joinedMs = await ring.agree(60_000);
  const actor = ring.nodes[0] as RingNode;
  actor.metadata = 'heard by all';
  await ring.ask(actor, { do: 'metadata', text: actor.metadata });
  return `joined ${shown(joinedMs)}, news ${shown(await ring.agree(60_000))}`;
}

async function speaksEachVersion(ring: Ring, acting: Kind): Promise<undefined> {
  for (const protocolVersion of [2, 3, 4, 5]) {
    await ring.add(acting, { protocolVersion });
    await ring.add(otherKind(acting), { protocolVersion: 7 - protocolVersion });
  }
  await ring.agree();
}

/** Packets of version 1 name no ports: all members have the same one, each on an address of its own. */
async function speaksVersionOne(ring: Ring, acting: Kind): Promise<undefined> {
  const protocolVersion = 1;
  const { port } = await ring.add(acting, { protocolVersion, address: '127.0.1.1' });
  for (const [at, kind] of [otherKind(acting), acting, otherKind(acting)].entries()) {
    await ring.add(kind, { protocolVersion, port, address: `127.0.1.${at + 2}` });
  }
  await ring.agree();
  const [actor, second] = actorAndRest(ring.nodes);
  for (const node of [actor, second]) {
    node.metadata = `told by ${node.name}`;
    await ring.ask(node, { do: 'metadata', text: node.metadata });
  }
  await ring.agree();
  await ring.ask(actor, { do: 'leave' });
  ring.drop(actor);
  await ring.agree();
}

const family = 'memberlist';
const isPlain: Scenario['fits'] = ({ name }) => name === 'plain';

/** A hundred start at once: ours may say what Go says, that probes come through by streams alone. */
const CROWDED: Allowed = {
  logs: [...(ABOUT_THE_DEAD.logs ?? [])],
  counters: [...(ABOUT_THE_DEAD.counters ?? []), /^warnings\.WARN_UDP_BLOCKED$/],
  warnings: [/^WARN_UDP_BLOCKED/],
};

export const MEMBERLIST_SCENARIOS: readonly Scenario[] = [
  { name: 'join', family, run: joins },
  { name: 'eight members', family, run: eightJoin },
  { name: 'metadata', family, run: tellsMetadata },
  { name: 'user messages', family, run: sendsMessages },
  { name: 'large user state', family, run: handsOverLargeState },
  { name: 'suspicion and refutation', family, run: refutes, allowed: ABOUT_THE_DEAD },
  { name: 'leave', family, run: leaves, allowed: ABOUT_THE_DEAD },
  { name: 'crash', family, run: crashes, allowed: ABOUT_THE_KILLED },
  { name: 'reconnect', family, run: comesBack, allowed: ABOUT_THE_DEAD },
  { name: 'leave and start again', family, run: startsAgain, allowed: ABOUT_THE_DEAD },
  {
    name: 'key rotation',
    family,
    run: changesKeys,
    fits: ({ options }) => options.keys !== undefined,
  },
  { name: 'protocol versions', family, run: speaksEachVersion, fits: isPlain },
  {
    name: 'protocol version 1',
    family,
    run: speaksVersionOne,
    fits: ({ name }) => VERSION_ONE_MODES.includes(name),
    allowed: ABOUT_THE_DEAD,
  },
  {
    name: 'hundred members',
    family,
    run: hundredJoin,
    fits: isPlain,
    allowed: CROWDED,
    company: 'alone',
  },
];
