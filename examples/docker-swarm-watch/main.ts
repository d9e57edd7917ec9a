import { parseArgs } from 'node:util';

import type { EntryWatch, Shown } from './watch-network.ts';
import { watchNetwork } from './watch-network.ts';
import { followKeys, readKeys } from './keys.ts';
import { networkText } from './table-text.ts';
import { NetworkDB } from '../../src/index.ts';

/*
 * Shows who is where on the overlay networks of a Docker Swarm, live, as a member of its gossip ring.
 *
 * It publishes nothing, but it is a member: it passes news on, answers when others ask for what it
 * holds, and says good-bye when it is stopped. The README beside it says where the key and the names of
 * networks are found, and what a key gives away.
 */

const USAGE = `node main.js --manager <host[:port]> --key <hex> [--key <hex> ...]
  --manager    address of a manager, or of any node of the swarm; port 7946 unless said
  --key        a gossip key in hex, 32 digits; several for a rotation under way
  --key-file   or a file of them, one a line, which is followed; or the debug log of a daemon
  --network    full id of a network; may be given several times. Without it: all networks
  --address    our address, which all nodes of the swarm can dial; found by itself unless said
  --port       our port, 7946 unless said; 0 for any that is free
  --json       changes as lines of JSON`;
const DOCKER_PORT = 7946;
const JOIN_LIMIT_MS = 20_000;
const LEAVE_LIMIT_MS = 5_000;
const LOOK_MS = 2_000;

const { values } = parseArgs({
  options: {
    manager: { type: 'string', multiple: true, default: [] },
    key: { type: 'string', multiple: true, default: [] },
    'key-file': { type: 'string' },
    network: { type: 'string', multiple: true, default: [] },
    address: { type: 'string' },
    port: { type: 'string', default: '7946' },
    json: { type: 'boolean', default: false },
  },
});
const keys = readKeys(values.key, values['key-file']);
if (values.manager.length === 0 || keys.length === 0) {
  console.error(USAGE);
  process.exit(2);
}

const db = await NetworkDB.create({
  wire: 'memberlist',
  bindAddress: values.address ?? '0.0.0.0',
  bindPort: Number(values.port),
  encryption: { keys },
});
const networks = new Map<string, EntryWatch>();
const isScreen = process.stdout.isTTY && !values.json;

function say(shown: Shown): void {
  if (values.json) console.log(JSON.stringify(shown.json));
  else if (isScreen) draw();
  else console.log(shown.text);
}

let isDrawn = true;
const stopping = new AbortController();
let looks: NodeJS.Timeout | null = null;

/** The whole screen anew, once for all changes of a moment. */
function draw(): void {
  if (!isDrawn) return;
  isDrawn = false;
  setImmediate(() => {
    isDrawn = true;
    if (stopping.signal.aborted) return;
    const nodes = db.members().map(({ name, host }) => `${name} (${host})`);
    const tables = [...networks.values()].map(({ view }) => networkText(view));
    console.clear();
    console.log([`nodes: ${nodes.join(', ')}`, ...tables].join('\n\n'));
  });
}

for (const event of ['join', 'fail', 'leave'] as const) {
  db.on(event, ({ name, host, isLocal }) => {
    if (isLocal) return;
    say({ text: `${event} node ${name} at ${host}`, json: { event, node: name, host } });
  });
}
db.on('warning', ({ code, message }) => {
  console.error(`${code}: ${message}`);
});

/** Docker's port, where none is said. */
function withPort(target: string): string {
  return /^[^:]+$|\]$/.test(target) ? `${target}:${DOCKER_PORT}` : target;
}

async function stop(): Promise<void> {
  if (stopping.signal.aborted) return;
  stopping.abort();
  if (looks !== null) clearInterval(looks);
  try {
    await db.leave({ timeoutMs: LEAVE_LIMIT_MS });
  } catch (error) {
    console.error('the good-bye may not have reached everyone:', error);
  }
  await db.close();
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());

const file = values['key-file'];
const newKeys = file === undefined ? () => null : followKeys(values.key, file);

/** Goes on with the keys that the swarm has changed to. */
function lookForKeys(): void {
  const fresh = newKeys();
  const [primary] = fresh ?? [];
  if (fresh === null || primary === undefined) return;
  db.keyring.replaceKeys(fresh, primary);
  say({ text: `keys changed, ${fresh.length} read`, json: { event: 'keys', count: fresh.length } });
}

/** Joins what is to be watched and is not yet: those that were named, or all that anybody is on. */
function lookForNetworks(): void {
  const wanted = values.network.length > 0 ? values.network : db.knownNetworks();
  for (const network of wanted) {
    if (networks.has(network)) continue;
    networks.set(network, watchNetwork(db, network, say));
  }
}

try {
  await db.join(values.manager.map(withPort), {
    timeoutMs: JOIN_LIMIT_MS,
    signal: stopping.signal,
  });
  lookForNetworks();
  looks = setInterval(() => {
    lookForKeys();
    lookForNetworks();
  }, LOOK_MS);
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error('could not join:', error);
    process.exitCode = 1;
    await stop();
  }
}
