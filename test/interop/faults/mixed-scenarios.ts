import { setTimeout as pause } from 'node:timers/promises';

import type { Family } from '../live/builds.ts';
import type { Allowed } from '../live/judge.ts';
import { ABOUT_THE_DEAD } from '../live/judge.ts';
import type { ListedMember } from '../live/lines.ts';
import type { Mode } from '../live/modes.ts';
import type { Kind } from '../live/peer.ts';
import type { Ring, RingNode, StartOptions } from '../live/ring.ts';
import type { Scenario } from '../live/scenario.ts';
import { otherKind, shown } from '../live/scenario.ts';
import type { Machine } from '../system/namespaces.ts';

/*
 * Members of ours and Go's on machines whose network is made to fail. While it fails every member writes, or tells new
 * metadata where there are no tables. Nobody who is well may be lost, and when the network is whole
 * again all must hold what was written.
 */

const COUNT = 5;
const NETWORK = 'prod';
const TABLE = 'facts';
const WRITE_EVERY_MS = 1_000;
const LOSS_MS = 30_000;
const ONE_WAY_MS = 30_000;
const DEAF_MS = 45_000;
const APART_MS = 60_000;
const START_LIMIT_MS = 62_000;
/** After it all must be alike: two push/pull intervals and 2 s. */
const HEAL_LIMIT_MS: Readonly<Record<Family, number>> = { memberlist: 22_000, networkdb: 62_000 };

const DOUBTS: readonly string[] = ['suspect', 'fail', 'gone', 'join', 'leave'];

/** What members of a network are timed like; Go's NetworkDB is anyway. */
const LAN: StartOptions = {
  probeIntervalMs: 1_000,
  probeTimeoutMs: 500,
  gossipIntervalMs: 200,
  pushPullIntervalMs: 10_000,
};

/** A ring, each member with a machine of its own, and how it writes. */
class Field {
  readonly ring: Ring;
  readonly nodes: RingNode[] = [];
  #rounds = 0;

  private constructor(ring: Ring) {
    this.ring = ring;
  }

  /** Starts the members, of both kinds in turn; those with tables are on a network. */
  static async start(ring: Ring, acting: Kind): Promise<Field> {
    const field = new Field(ring);
    for (let at = 0; at < COUNT; at += 1) {
      field.nodes.push(await ring.add(at % 2 === 0 ? acting : otherKind(acting), LAN));
    }
    await ring.agree(START_LIMIT_MS);
    if (ring.build.family === 'networkdb') await ring.attach(NETWORK);
    await ring.agree(START_LIMIT_MS);
    return field;
  }

  get limitMs(): number {
    return HEAL_LIMIT_MS[this.ring.build.family];
  }

  /** Lets all members write once a second for so long, and looks meanwhile that no side loses one of its own. */
  async write(ms: number, sides: readonly (readonly RingNode[])[]): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end) {
      this.#rounds += 1;
      await Promise.all(this.nodes.map((node) => this.#tell(node, `${node.name} ${this.#rounds}`)));
      for (const side of sides) await isWhole(this.ring, side);
      await pause(WRITE_EVERY_MS);
    }
  }

  async #tell(node: RingNode, value: string): Promise<void> {
    const { ring } = this;
    if (ring.build.family === 'memberlist') {
      node.metadata = value;
      await ring.ask(node, { do: 'metadata', text: value });
      return;
    }
    const entries = ring.expected(NETWORK, TABLE);
    const at = { network: NETWORK, table: TABLE };
    const first = `${node.name}-same`;
    const do_ = entries.has(first) ? 'updateEntry' : 'createEntry';
    await ring.ask(node, { do: do_, ...at, key: first, value });
    entries.set(first, value);
    const key = `${node.name}-${this.#rounds}`;
    await ring.ask(node, { do: 'createEntry', ...at, key, value });
    entries.set(key, value);
    const old = `${node.name}-${this.#rounds - 3}`;
    if (!entries.delete(old)) return;
    await ring.ask(node, { do: 'deleteEntry', ...at, key: old });
  }

  /** Waits until all are alike, and tells how long that took and what there is. */
  async heal(): Promise<string> {
    const tookMs = await this.ring.agree(this.limitMs);
    const { size } = this.ring.expected(NETWORK, TABLE);
    const what =
      this.ring.build.family === 'memberlist' ? `${this.#rounds} news each` : `${size} entries`;
    return `${what}, alike ${shown(tookMs)} after`;
  }
}

function machineOf(node: RingNode): Machine {
  if (node.machine === null) throw new Error(`${node.name} has no machine of its own`);
  return node.machine;
}

/** Each of these members lists all of them. */
async function isWhole(ring: Ring, side: readonly RingNode[]): Promise<void> {
  await Promise.all(
    side.map(async (node) => {
      const { members } = await ring.ask(node, { do: 'members' });
      const names = (members as readonly ListedMember[]).map(({ name }) => name);
      const lost = side.filter(({ name }) => !names.includes(name));
      if (lost.length === 0) return;
      const who = lost.map(({ name }) => name).join(', ');
      throw new Error(`${node.name} has lost ${who}; ${doubtsOf(ring, lost).join('; ')}`);
    }),
  );
}

/** What our members have reported of these, and when they were last told of them. */
function doubtsOf(ring: Ring, those: readonly RingNode[]): string[] {
  return ring.peers.flatMap(({ events }) =>
    events
      .filter(({ event, name }) => {
        return DOUBTS.includes(event) && those.some((one) => one.name === name);
      })
      .map(({ event, node, name }) => `${node}: ${event} ${String(name)}`),
  );
}

/** Waits until none of these members lists one of those. */
async function loseSight(
  ring: Ring,
  of: readonly RingNode[],
  those: readonly RingNode[],
): Promise<void> {
  const end = performance.now() + APART_MS;
  for (const node of of) {
    for (;;) {
      const { members } = await ring.ask(node, { do: 'members' });
      const names = (members as readonly ListedMember[]).map(({ name }) => name);
      const seen = those.filter(({ name }) => names.includes(name));
      if (seen.length === 0) break;
      if (performance.now() > end)
        throw new Error(`${node.name} still lists ${seen.length} cut off`);
      await pause(WRITE_EVERY_MS);
    }
  }
}

async function losesPackets(ring: Ring, acting: Kind): Promise<string> {
  const field = await Field.start(ring, acting);
  for (const node of field.nodes) await machineOf(node).lose(0.2);
  await field.write(LOSS_MS, [field.nodes]);
  for (const node of field.nodes) await machineOf(node).heal();
  return field.heal();
}

/** The first does not hear the second, which is of the other kind. */
async function hearsNotAll(ring: Ring, acting: Kind): Promise<string> {
  const field = await Field.start(ring, acting);
  const [first, second] = field.nodes as [RingNode, RingNode];
  await machineOf(first).dropFrom(machineOf(second));
  await field.write(ONE_WAY_MS, [field.nodes]);
  const text = await field.heal();
  return `${text} the last write, the cut still there`;
}

/** The first hears nobody, but is heard; it takes all others for failed, and they know better. */
async function hearsNobody(ring: Ring, acting: Kind): Promise<string> {
  const field = await Field.start(ring, acting);
  const [sick, ...well] = field.nodes as [RingNode, ...RingNode[]];
  for (const other of well) await machineOf(sick).dropFrom(machineOf(other));
  await field.write(DEAF_MS, [well]);
  await loseSight(ring, well, [sick]);
  await isWhole(ring, well);
  await machineOf(sick).heal();
  return field.heal();
}

/** Two, one of each kind, and three. */
async function areApart(ring: Ring, acting: Kind): Promise<string> {
  const field = await Field.start(ring, acting);
  const [left, right] = [field.nodes.slice(0, 2), field.nodes.slice(2)];
  for (const one of left) {
    for (const other of right) {
      await machineOf(one).dropFrom(machineOf(other));
      await machineOf(other).dropFrom(machineOf(one));
    }
  }
  await field.write(APART_MS, [left, right]);
  await loseSight(ring, left, right);
  await loseSight(ring, right, left);
  for (const node of field.nodes) await machineOf(node).heal();
  return field.heal();
}

/** What Go says of a network that fails, and what ours counts. */
const BAD_NETWORK: Allowed = {
  logs: [
    ...(ABOUT_THE_DEAD.logs ?? []),
    /i\/o timeout|connection (refused|reset)|deadline exceeded/,
    /Failed to join memberlist .* on retry/,
    /healthscore:\d+ \(connectivity issues\)/,
  ],
  counters: [
    ...(ABOUT_THE_DEAD.counters ?? []),
    /^streams\.rejected\.slow$/,
    /^warnings\.WARN_UDP_BLOCKED$/,
  ],
  warnings: [/^WARN_UDP_BLOCKED/],
};

const SCENES: Readonly<Record<string, Scenario['run']>> = {
  'a fifth of all packets is lost for 30 s': losesPackets,
  'one does not hear another for 30 s': hearsNotAll,
  'one hears nobody for 45 s': hearsNobody,
  'two and three are apart for 60 s': areApart,
};

const fits = ({ name }: Mode): boolean => name === 'plain' || name === 'aes256';

/** Broken networks with Go members in them. */
export const MIXED_SCENARIOS: readonly Scenario[] = (['memberlist', 'networkdb'] as const).flatMap(
  (family) =>
    Object.entries(SCENES).map(([name, run]): Scenario => {
      return { name, family, run, fits, machines: COUNT, allowed: BAD_NETWORK };
    }),
);
