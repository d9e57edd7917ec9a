import { NetworkDB } from '../../../src/index.ts';
import type { Network } from '../../../src/index.ts';
import type {
  EntryState,
  MemberAnswer,
  MemberCommand,
  MemberRequest,
  MemberSetup,
  MemberState,
} from './member-messages.ts';

/*
 * A member in a process of its own, so that it can live in a network namespace. It does what its parent
 * says and ends when the parent is gone.
 */

const TABLES = ['endpoint_table', 'overlay_peer_table', 'facts'];
const LEAVE_LIMIT_MS = 10_000;
const JOIN_LIMIT_MS = 30_000;

const setup = JSON.parse(process.argv[2] ?? '{}') as MemberSetup;
const { keys, nodeName, ...options } = setup;
const db = await NetworkDB.create({
  ...options,
  ...(nodeName === undefined ? {} : { nodeName }),
  ...(keys.length === 0 ? {} : { encryption: { keys: keys.map(fromHex) } }),
});
const networks = new Map<string, Network>();
const events: string[] = [];
for (const name of ['join', 'suspect', 'fail', 'leave'] as const) {
  db.on(name, (member) => events.push(`${name} ${member.name}`));
}
db.on('warning', ({ code, message }) => events.push(`warning ${code} ${message}`));
db.on('nameConflict', ({ existing }) => events.push(`nameConflict ${existing.name}`));

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

function networkOf(name: string): Network {
  const network = networks.get(name);
  if (network === undefined) throw new Error(`not on ${name}`);
  return network;
}

async function obey(command: MemberCommand): Promise<MemberState | null> {
  switch (command.do) {
    case 'join':
      await db.join(command.targets, { timeoutMs: JOIN_LIMIT_MS });
      return null;
    case 'joinNetwork':
      networks.set(
        command.network,
        await db.joinNetwork(command.network, { timeoutMs: JOIN_LIMIT_MS }),
      );
      return null;
    case 'set': {
      const { network, table, key } = command.at;
      networkOf(network).table(table).set(key, fromHex(command.value));
      return null;
    }
    case 'delete': {
      const { network, table, key } = command.at;
      networkOf(network).table(table).delete(key);
      return null;
    }
    case 'state':
      return state();
    case 'leave':
      await db.leave({ timeoutMs: LEAVE_LIMIT_MS });
      await db.close();
      return null;
  }
}

function state(): MemberState {
  const { membership, tables } = db.stats();
  return {
    name: db.name,
    members: db.members().map(({ name }) => name),
    knownNetworks: db.knownNetworks(),
    networks: db.networks(),
    entries: [...networks.values()].flatMap(entriesOf),
    events,
    counters: { ...membership.counters, ...tables.counters },
  };
}

function entriesOf(network: Network): EntryState[] {
  return TABLES.flatMap((table) =>
    [...network.table(table).entries()].map(({ key, value, owner }) => ({
      network: network.name,
      table,
      key,
      value: Buffer.from(value).toString('hex'),
      owner,
    })),
  );
}

process.on('message', ({ id, command }: MemberRequest) => {
  const answer = (rest: Omit<MemberAnswer, 'id'>): void => {
    process.send?.({ id, ...rest });
  };
  obey(command).then(
    (result) => {
      answer(result === null ? {} : { state: result });
      if (command.do === 'leave') process.disconnect();
    },
    (error: unknown) => {
      answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    },
  );
});
process.on('disconnect', () => {
  void db.close();
});
console.log(`ready ${db.name}`);
