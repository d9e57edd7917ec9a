import type { WireName } from '../../src/codec/index.ts';
import type { NetworkDB, Table } from '../../src/networkdb/index.ts';
import { utf8 } from '../../src/networkdb/index.ts';
import type { SimNode, World } from '../../src/simulator/index.ts';
import { simulate } from '../../src/simulator/index.ts';
import type { Command } from '../command.ts';
import { numberOf } from '../command.ts';

/*
 * A life that touches everything, told as one hash: equal for two runs of a seed, on every version of Node that
 * we run on. What differs between versions (the order of a sort, a new random number, an error's text) shows here.
 */

const WIRES: readonly WireName[] = ['protobuf', 'memberlist'];
const KEYS = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill));

/** What one life came to. */
export interface LifeTrace {
  readonly wire: WireName;
  /** Over every line and every byte of every packet. */
  readonly hash: string;
  readonly packets: number;
  readonly virtualMs: number;
}

/** Lives a seed through on one wire. */
export async function liveThrough(o: {
  readonly wire: WireName;
  readonly seed: number;
  readonly nodes: number;
  readonly seconds: number;
}): Promise<LifeTrace> {
  const { wire, seed, nodes, seconds } = o;
  const config = { wire, encryption: { keys: KEYS.slice(0, 1) } };
  const network = { lossRate: 0.03, jitterMs: 5, duplicateRate: 0.02, reorderRate: 0.03 };
  const { trace, virtualMs } = await simulate(
    { seed, nodes, config, network, trace: { logLevel: 'debug', maxLines: 1000 } },
    async (world) => {
      for (const { db } of world.nodes) await joinIn(db);
      const keys = rotateKeys(world, seconds);
      while (world.now < seconds * 1000) {
        await happening(world, keys);
        await world.sleep(300 + (world.random.uint32() % 1500));
      }
    },
  );
  return { wire, hash: trace.hash, packets: trace.packetCount, virtualMs };
}

type Notes = Table<string>;
const notesOf = new WeakMap<NetworkDB, Notes>();

async function joinIn(db: NetworkDB): Promise<void> {
  notesOf.set(db, (await db.joinNetwork('prod')).table('notes', utf8()));
}

/**
 * Adds, uses and removes keys, everywhere at its time.
 *
 * @returns the keys of a node that starts now
 */
function rotateKeys(world: World, seconds: number): () => Uint8Array[] {
  let keys: Uint8Array[] = KEYS.slice(0, 1);
  const step = (next: Uint8Array[]): void => {
    keys = next;
    const [primary] = next;
    if (primary !== undefined)
      for (const { db } of world.nodes) db.keyring.replaceKeys(next, primary);
  };
  world.start('operator', async (self) => {
    for (const next of KEYS.slice(1)) {
      const pauseMs = (seconds * 1000) / 8;
      await self.sleep(pauseMs);
      step([...keys, next]);
      await self.sleep(pauseMs);
      step([next, ...keys.filter((key) => key !== next)]);
      await self.sleep(pauseMs);
      step([next]);
    }
  });
  return () => keys;
}

/** One of the things that happen to clusters. */
async function happening(world: World, keys: () => Uint8Array[]): Promise<void> {
  const { nodes, random } = world;
  const draw = (bound: number): number => random.uint32() % bound;
  const node = nodes[draw(nodes.length)] as SimNode;
  switch (draw(9)) {
    case 0:
      node.pause(200 + draw(4000));
      return;
    case 1:
      try {
        const back = await world.restart(node, { config: { encryption: { keys: keys() } } });
        await joinIn(back.db);
      } catch (error) {
        world.note(`${node.name} is alone: ${(error as Error).message}`);
      }
      return;
    case 2: {
      const some = nodes.filter((_, at) => at % 3 === draw(3) % 3);
      if (some.length > 0 && some.length < nodes.length) world.partition([some]);
      return;
    }
    case 3:
    case 4:
      world.heal();
      return;
    case 5:
      node.setClockRate(1 + draw(10) / 100);
      return;
    default:
      write(node, draw(50), draw(400));
  }
}

function write({ db }: SimNode, key: number, length: number): void {
  const notes = notesOf.get(db);
  if (notes === undefined || (length % 5 === 0 && notes.get(`k${key}`) === undefined)) return;
  if (length % 5 === 0) notes.delete(`k${key}`);
  else notes.set(`k${key}`, 'x'.repeat(length));
}

/** `npm run sim -- trace` */
export const trace: Command = {
  name: 'trace',
  summary: 'the hash of a life with every kind of trouble, to be compared between versions of Node',
  help: `  --seed S        decides the whole life, 0 to 2147483648 (default 7)
  --nodes N       3 to 1000 (default 20)
  --seconds S     virtual seconds, 1 to 86400 (default 60)
  --json          as JSON
`,
  options: {
    seed: { type: 'string' },
    nodes: { type: 'string' },
    seconds: { type: 'string' },
    json: { type: 'boolean' },
  },
  async run(values) {
    const seed = numberOf(values, 'seed', 7, { min: 0, max: 2 ** 31 });
    const nodes = numberOf(values, 'nodes', 20, { min: 3, max: 1000 });
    const seconds = numberOf(values, 'seconds', 60, { min: 1, max: 86_400 });
    const lives: LifeTrace[] = [];
    for (const wire of WIRES) {
      const life = await liveThrough({ wire, seed, nodes, seconds });
      const { hash, packets } = life;
      lives.push(life);
      if (values['json'] === true) continue;
      process.stdout.write(`${wire.padEnd(11)} ${hash}  ${packets} packets\n`);
    }
    if (values['json'] !== true) return 0;
    const all = { seed, nodes, seconds, node: process.versions.node, lives };
    process.stdout.write(`${JSON.stringify(all)}\n`);
    return 0;
  },
};
