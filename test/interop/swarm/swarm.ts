import { chmodSync, copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import type { EndpointRecord, PeerRecord } from '../../../examples/docker-swarm-watch/records.ts';
import { endpointRecords, peerRecords } from '../../../examples/docker-swarm-watch/records.ts';
import { RemoteMember } from '../system/member.ts';
import type { EntryState } from '../system/member-messages.ts';
import type { Machine } from '../system/namespaces.ts';
import { run } from '../system/programs.ts';
import type { ScenarioContext } from '../system/scenario.ts';
import { until } from '../system/until.ts';
import { DockerDaemon } from './daemon.ts';

/*
 * A swarm of daemons of the suite's own, with an image that is nothing but busybox, and what a member of
 * ours sees of it.
 */

const IMAGE = 'networkdb/busybox:1';
const TOOLS = ['sh', 'sleep', 'nslookup', 'cat'];
const LIMIT_MS = 45_000;

/** A manager in the first machine, and a worker in each of the others. */
export async function startSwarm(
  context: ScenarioContext,
  machines: readonly Machine[],
): Promise<DockerDaemon[]> {
  const archive = await imageArchive(context);
  const daemons: DockerDaemon[] = [];
  for (const machine of machines) {
    const daemon = await DockerDaemon.start(context, machine);
    await daemon.docker('import', archive, IMAGE);
    const manager = daemons[0];
    const own = ['--advertise-addr', machine.host, '--listen-addr', machine.host];
    if (manager === undefined) await daemon.docker('swarm', 'init', ...own);
    else {
      const token = await manager.docker('swarm', 'join-token', '--quiet', 'worker');
      const target = `${manager.machine.host}:2377`;
      await daemon.docker('swarm', 'join', ...own, '--token', token, target);
    }
    await until('the gossip of a daemon', () => daemon.gossipName() !== '', LIMIT_MS);
    daemons.push(daemon);
  }
  return daemons;
}

/** The daemon's version. */
export async function versionOf(daemon: DockerDaemon): Promise<string> {
  return daemon.docker('version', '--format', '{{.Server.Version}}');
}

/** An overlay network that containers may join by themselves. @returns its full id */
export async function createOverlay(manager: DockerDaemon, name: string): Promise<string> {
  return manager.docker('network', 'create', '--driver=overlay', '--attachable', name);
}

/** Starts a container that waits. @returns its id */
export async function startContainer(
  daemon: DockerDaemon,
  o: { readonly name: string; readonly network: string; readonly alias?: string },
): Promise<string> {
  const alias = o.alias === undefined ? [] : [`--network-alias=${o.alias}`];
  const flags = ['--detach', `--network=${o.network}`, `--name=${o.name}`, ...alias];
  const said = await daemon.docker('run', ...flags, IMAGE, 'sleep', '100000');
  // Docker's client may warn before it gives the id.
  const [id] = /^[0-9a-f]{64}$/m.exec(said) ?? [];
  if (id === undefined) throw new Error(`no id of a container: ${said}`);
  return id;
}

/** Starts a service. */
export async function startService(
  manager: DockerDaemon,
  o: { readonly name: string; readonly network: string; readonly replicas: number },
): Promise<void> {
  const flags = ['--detach', '--no-resolve-image', `--name=${o.name}`, `--network=${o.network}`];
  const replicas = [`--replicas=${o.replicas}`, '--stop-grace-period=1s'];
  await manager.docker('service', 'create', ...flags, ...replicas, IMAGE, 'sleep', '100000');
}

/** A member of ours in the gossip of a swarm, not on any network yet. */
export async function joinGossip(
  context: ScenarioContext,
  machine: Machine,
  daemons: readonly DockerDaemon[],
): Promise<RemoteMember> {
  const [manager] = daemons;
  if (manager === undefined) throw new Error('no daemon');
  const keys = manager.gossipKeys().map((key) => Buffer.from(key).toString('hex'));
  context.log(`${keys.length} gossip keys of the daemon's`);
  const member = await RemoteMember.start(context, machine, { wire: 'memberlist', keys });
  await member.join(`${manager.machine.host}:7946`);
  return member;
}

/** Both tables of a network, decoded, by key. */
export interface SwarmTables {
  readonly endpoints: ReadonlyMap<string, EndpointRecord & { readonly owner: string }>;
  readonly peers: ReadonlyMap<string, PeerRecord & { readonly owner: string }>;
}

/** What a member holds of a network; a record that cannot be read throws. */
export async function tablesOf(member: RemoteMember, network: string): Promise<SwarmTables> {
  const { entries } = await member.state();
  const of = (table: string): EntryState[] =>
    entries.filter((entry) => entry.network === network && entry.table === table);
  const bytes = ({ value }: EntryState): Uint8Array => new Uint8Array(Buffer.from(value, 'hex'));
  return {
    endpoints: new Map(
      of('endpoint_table').map((entry) => [
        entry.key,
        { ...endpointRecords.decode(bytes(entry)), owner: entry.owner },
      ]),
    ),
    peers: new Map(
      of('overlay_peer_table').map((entry) => [
        entry.key,
        { ...peerRecords.decode(bytes(entry)), owner: entry.owner },
      ]),
    ),
  };
}

/** Waits until the tables of a network are as wanted. */
export async function tablesBecome(
  what: string,
  member: RemoteMember,
  network: string,
  isSo: (tables: SwarmTables) => boolean,
  limitMs = LIMIT_MS,
): Promise<SwarmTables> {
  let last: SwarmTables | null = null;
  const look = async (): Promise<SwarmTables | null> => {
    last = await tablesOf(member, network);
    return isSo(last) ? last : null;
  };
  const seen = (): unknown => [...(last?.endpoints ?? []), ...(last?.peers ?? [])];
  return until(what, look, limitMs, seen);
}

/** Names in the endpoint table, sorted. */
export function namesIn({ endpoints }: SwarmTables): string[] {
  return [...endpoints.values()].map(({ name }) => name).sort();
}

async function imageArchive(context: ScenarioContext): Promise<string> {
  const root = join(context.folder, 'image');
  const archive = join(context.folder, 'image.tar');
  mkdirSync(join(root, 'bin'), { recursive: true });
  const busybox = (await run(['sh', '-c', 'command -v busybox'])).trim();
  copyFileSync(busybox, join(root, 'bin/busybox'));
  chmodSync(join(root, 'bin/busybox'), 0o755);
  for (const tool of TOOLS) symlinkSync('busybox', join(root, 'bin', tool));
  await run(['tar', '-C', root, '-cf', archive, '.']);
  return archive;
}
