import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';

import { endpointRecords } from '../../../examples/docker-swarm-watch/records.ts';
import { junkCounters } from '../system/junk.ts';
import type { RemoteMember } from '../system/member.ts';
import type { Machine } from '../system/namespaces.ts';
import { createMachines } from '../system/namespaces.ts';
import { Program } from '../system/programs.ts';
import type { Scenario, ScenarioContext } from '../system/scenario.ts';
import { until } from '../system/until.ts';
import type { DockerDaemon } from './daemon.ts';
import type { SwarmTables } from './swarm.ts';
import {
  createOverlay,
  joinGossip,
  namesIn,
  startContainer,
  startService,
  startSwarm,
  tablesBecome,
  versionOf,
} from './swarm.ts';

/*
 * A member of ours in the gossip of real Docker daemons.
 */

const LIMIT_MS = 60_000;
const CANNOT_RENAME = /cannot create entry in table endpoint_table .* already exists/;
const EXAMPLE = fileURLToPath(
  new URL('../../../examples/docker-swarm-watch/main.js', import.meta.url),
);
const PROGRAMS = ['dockerd', 'docker', 'busybox', 'ip', 'iptables', 'nsenter', 'unshare'];
const NEEDS = [...PROGRAMS, 'root', 'vxlan'];

interface Scene {
  readonly daemons: readonly DockerDaemon[];
  /** Full id of the overlay network. */
  readonly network: string;
  readonly member: RemoteMember;
}

/** A swarm of so many daemons, an overlay network, and a member of ours that is on it. */
async function scene(
  context: ScenarioContext,
  count: number,
  prepare: (manager: DockerDaemon) => Promise<void> = async () => undefined,
): Promise<Scene> {
  const machines = createMachines(context, count + 1);
  const daemons = await startSwarm(context, machines.slice(0, count));
  context.log(`Docker ${await versionOf(daemons[0]!)}, ${count} of it`);
  await prepare(daemons[0]!);
  const network = await createOverlay(daemons[0]!, 'shop');
  for (const [at, daemon] of daemons.entries()) {
    await startContainer(daemon, { name: `first-${at + 1}`, network: 'shop' });
  }
  const member = await joinGossip(context, machines[count]!, daemons);
  const hasMet = async (): Promise<boolean> => (await member.state()).members.length === count + 1;
  await until('all daemons are members', hasMet, LIMIT_MS);
  const isKnown = async (): Promise<boolean> =>
    (await member.state()).knownNetworks.includes(network);
  await until('the network is known', isKnown, LIMIT_MS);
  await member.joinNetwork(network);
  return { daemons, network, member };
}

/** Says good-bye, which the daemons must have heard; nothing may have been odd to either side. */
async function part(member: RemoteMember, daemons: readonly DockerDaemon[]): Promise<void> {
  const { counters } = await member.state();
  assert.deepEqual(junkCounters(counters), []);
  await member.leave();
  for (const { program } of daemons) {
    await program.hears(new RegExp(`Node ${member.name}/[\\d.]+, left gossip cluster`), LIMIT_MS);
  }
}

function assertNoComplaints(daemons: readonly DockerDaemon[]): void {
  for (const daemon of daemons) assert.deepEqual(daemon.complaints(), []);
}

async function addressOf(daemon: DockerDaemon, container: string): Promise<string> {
  const format = '{{(index .NetworkSettings.Networks "shop").IPAddress}}';
  return daemon.docker('inspect', '--format', format, container);
}

const containers: Scenario = {
  peer: 'docker',
  name: 'containers start and stop, and our tables follow',
  needs: NEEDS,
  run: async (context) => {
    const { daemons, network, member } = await scene(context, 1);
    const daemon = daemons[0]!;
    const owner = daemon.gossipName();
    const first = await tablesBecome('the first container', member, network, (tables) =>
      namesIn(tables).includes('first-1'),
    );
    const [[key, endpoint] = ['', undefined]] = first.endpoints;
    const address = await addressOf(daemon, 'first-1');
    assert.equal(endpoint?.owner, owner);
    assert.equal(endpoint.endpointIp, address);
    assert.deepEqual([endpoint.serviceName, endpoint.virtualIp], ['', null]);
    const peer = first.peers.get(key);
    assert.equal(peer?.endpointIp, `${address}/24`);
    assert.equal(peer.tunnelEndpointIp, daemon.machine.host);
    context.log(`first-1 at ${address}, ${peer.endpointMac}, behind ${peer.tunnelEndpointIp}`);

    const id = await startContainer(daemon, { name: 'second', network: 'shop', alias: 'kitty' });
    const both = await tablesBecome('the second container', member, network, (tables) =>
      namesIn(tables).includes('second'),
    );
    const second = [...both.endpoints.values()].find(({ name }) => name === 'second');
    assert.deepEqual(second?.taskAliases, ['kitty', id.slice(0, 12)]);
    await daemon.docker('rm', '--force', 'second');
    const after = await tablesBecome(
      'its end',
      member,
      network,
      (tables) => tables.endpoints.size === 1 && !namesIn(tables).includes('second'),
    );
    assert.deepEqual(namesIn(after), ['first-1']);
    await part(member, daemons);
    assertNoComplaints(daemons);
  },
};

/** Whether the daemon, with nobody else in its ring, can rename what is in its table. */
async function renamesAlone(daemon: DockerDaemon): Promise<boolean> {
  await createOverlay(daemon, 'before');
  await startContainer(daemon, { name: 'alone', network: 'before' });
  try {
    await daemon.docker('rename', 'alone', 'still-alone');
    return true;
  } catch (error) {
    assert.match(String(error), CANNOT_RENAME);
    return false;
  }
}

/**
 * What `docker rename` does to a running container is the daemon's: of those that were run, each deletes the record and then
 * fails to write it anew, and the container keeps its old name. Ours shows that. Off the network a container can be renamed, and
 * then has another record.
 */
const renamed: Scenario = {
  peer: 'docker',
  name: 'a container is renamed, and our table shows what the daemon made of it',
  needs: NEEDS,
  run: async (context) => {
    const outcomes: boolean[] = [];
    const { daemons, network, member } = await scene(context, 1, async (manager) => {
      outcomes.push(await renamesAlone(manager));
    });
    const daemon = daemons[0]!;
    const isThere = ({ endpoints }: SwarmTables): boolean => endpoints.size === 1;
    const { endpoints } = await tablesBecome('the container', member, network, isThere);
    const [key = ''] = endpoints.keys();
    if (outcomes.includes(true)) {
      await daemon.docker('rename', 'first-1', 'renamed');
      const isNew = (tables: SwarmTables): boolean => tables.endpoints.get(key)?.name === 'renamed';
      await tablesBecome('the new name', member, network, isNew);
      context.log('the same key holds the new name');
    } else {
      await assert.rejects(daemon.docker('rename', 'first-1', 'renamed'), CANNOT_RENAME);
      const isGone = (tables: SwarmTables): boolean =>
        !tables.endpoints.has(key) && tables.peers.has(key);
      await tablesBecome('the end of the old name', member, network, isGone);
      assert.equal(await daemon.docker('inspect', '--format', '{{.Name}}', 'first-1'), '/first-1');
      context.log('the daemon cannot rename, without us neither; the record it deleted is gone');
      await daemon.docker('network', 'disconnect', 'shop', 'first-1');
      const isOff = ({ peers }: SwarmTables): boolean => !peers.has(key);
      await tablesBecome('the end of its other record', member, network, isOff);
      await daemon.docker('rename', 'first-1', 'renamed');
      await daemon.docker('network', 'connect', 'shop', 'renamed');
      const isBack = (tables: SwarmTables): boolean => namesIn(tables).join() === 'renamed';
      const after = await tablesBecome('the new name', member, network, isBack);
      assert.ok(!after.endpoints.has(key));
      const address = await addressOf(daemon, 'renamed');
      assert.deepEqual(
        [...after.endpoints.values()].map(({ endpointIp }) => endpointIp),
        [address],
      );
      context.log('off the network, renamed and on it again, it has the new name under a new key');
    }
    await part(member, daemons);
  },
};

const services: Scenario = {
  peer: 'docker',
  name: 'a service comes, is scaled and goes, and our tables follow',
  needs: NEEDS,
  run: async (context) => {
    const { daemons, network, member } = await scene(context, 1);
    const manager = daemons[0]!;
    await startService(manager, { name: 'web', network: 'shop', replicas: 2 });
    const tasks = (count: number) =>
      tablesBecome(
        `${count} tasks`,
        member,
        network,
        ({ endpoints }) =>
          [...endpoints.values()].filter(({ serviceName }) => serviceName === 'web').length ===
          count,
      );
    const { endpoints } = await tasks(2);
    const records = [...endpoints.values()].filter(({ serviceName }) => serviceName === 'web');
    const format = '{{.ID}} {{range .Endpoint.VirtualIPs}}{{.NetworkID}}={{.Addr}} {{end}}';
    const told = await manager.docker('service', 'inspect', '--format', format, 'web');
    for (const { serviceId, virtualIp, name } of records) {
      assert.ok(told.includes(serviceId));
      assert.ok(told.includes(`${network}=${virtualIp}/`), told);
      assert.match(name, /^web\.[12]\.[0-9a-z]{25}$/);
    }
    await manager.docker('service', 'scale', '--detach', 'web=1');
    await tasks(1);
    await manager.docker('service', 'rm', 'web');
    await tasks(0);
    await part(member, daemons);
  },
};

const OUR_ADDRESS = '10.0.99.7';
const OUR_KEY = 'a'.repeat(64);

/** Publishes an endpoint of ours, as a daemon would one of its containers. */
async function publish(member: RemoteMember, network: string): Promise<void> {
  const record = endpointRecords.encode({
    name: 'published-by-us',
    serviceName: '',
    serviceId: '',
    virtualIp: null,
    endpointIp: OUR_ADDRESS,
    ingressPorts: [],
    aliases: [],
    taskAliases: ['also-us'],
    isServiceDisabled: false,
  });
  await member.setBytes({ network, table: 'endpoint_table', key: OUR_KEY }, record);
}

/** Waits until a container finds, or finds no more, what we published. */
async function resolution(
  daemon: DockerDaemon,
  container: string,
  o: { readonly name: string; readonly isFound: boolean },
): Promise<void> {
  const look = async (): Promise<boolean> => {
    const command = ['exec', container, 'nslookup', o.name, '127.0.0.11'];
    const found = await daemon.docker(...command).then(
      (text) => text.includes(OUR_ADDRESS),
      () => false,
    );
    return found === o.isFound;
  };
  const what = `${o.name} is ${o.isFound ? '' : 'not '}found by ${container}`;
  await until(what, look, LIMIT_MS);
}

const published: Scenario = {
  peer: 'docker',
  name: 'what we publish, the daemon resolves for its containers, and no longer once we have left',
  needs: NEEDS,
  run: async (context) => {
    const { daemons, network, member } = await scene(context, 1);
    const daemon = daemons[0]!;
    await publish(member, network);
    for (const name of ['published-by-us', 'also-us']) {
      await resolution(daemon, 'first-1', { name, isFound: true });
    }
    await member.delete({ network, table: 'endpoint_table', key: OUR_KEY });
    await resolution(daemon, 'first-1', { name: 'also-us', isFound: false });
    await publish(member, network);
    await resolution(daemon, 'first-1', { name: 'also-us', isFound: true });
    await part(member, daemons);
    await resolution(daemon, 'first-1', { name: 'also-us', isFound: false });
    assertNoComplaints(daemons);
  },
};

const cutOff: Scenario = {
  peer: 'docker',
  name: 'two daemons: entries of both flow; one is cut off, hidden, and back with what changed',
  needs: NEEDS,
  run: async (context) => {
    const { daemons, network, member } = await scene(context, 2);
    const [manager, worker] = daemons as readonly [DockerDaemon, DockerDaemon];
    await startContainer(worker, { name: 'stays', network: 'shop' });
    await publish(member, network);
    await resolution(worker, 'stays', { name: 'also-us', isFound: true });
    const namesBecome = async (what: string, ...names: string[]): Promise<void> => {
      const wanted = ['published-by-us', ...names].sort().join();
      const isSo = (tables: SwarmTables): boolean => namesIn(tables).join() === wanted;
      await tablesBecome(what, member, network, isSo, LIMIT_MS);
    };
    await namesBecome('entries of both', 'first-1', 'first-2', 'stays');
    worker.machine.unplug();
    const since = performance.now();
    await namesBecome('the entries of the worker are hidden', 'first-1');
    context.log(`hidden ${Math.round(performance.now() - since)} ms after the cut`);
    assert.ok((await member.state()).events.includes(`fail ${worker.gossipName()}`));
    await resolution(worker, 'stays', { name: 'also-us', isFound: false });
    await startContainer(manager, { name: 'meanwhile', network: 'shop' });
    await worker.docker('rm', '--force', 'first-2');
    await namesBecome('the manager goes on', 'first-1', 'meanwhile');
    worker.machine.plugIn();
    const back = performance.now();
    await namesBecome('the worker is back', 'first-1', 'meanwhile', 'stays');
    context.log(`back ${Math.round(performance.now() - back)} ms after the link`);
    await resolution(worker, 'stays', { name: 'also-us', isFound: true });
    context.log('the worker, which had forgotten what is ours, has it again');
    const { events } = await member.state();
    assert.ok(!events.includes(`fail ${manager.gossipName()}`));
    await startContainer(worker, { name: 'later', network: 'shop' });
    await namesBecome('it writes again', 'first-1', 'later', 'meanwhile', 'stays');
    await part(member, [manager]);
  },
};

const example: Scenario = {
  peer: 'docker',
  name: 'the program examples/docker-swarm-watch finds the network, tells of a container, and leaves',
  modes: ['on a machine of its own', 'beside the daemon'],
  needs: NEEDS,
  run: async (context) => {
    const [first, second] = createMachines(context, 2) as [Machine, Machine];
    const daemons = await startSwarm(context, [first]);
    const daemon = daemons[0]!;
    await createOverlay(daemon, 'shop');
    await startContainer(daemon, { name: 'first-1', network: 'shop' });
    const keys = daemon.gossipKeys().flatMap((key) => ['--key', Buffer.from(key).toString('hex')]);
    const isBeside = context.mode === 'beside the daemon';
    const machine = isBeside ? first : second;
    const own = ['--address', machine.host, '--port', isBeside ? '7947' : '7946'];
    const flags = ['--manager', first.host, ...own, ...keys];
    const program = new Program(machine.inside([process.execPath, EXAMPLE, ...flags]));
    context.defer(async () => program.stop('SIGKILL'));
    const by = daemon.gossipName();
    await program.hears(new RegExp(`create endpoint_table \\w+ by ${by}: first-1 at 10`), LIMIT_MS);
    await startContainer(daemon, { name: 'second', network: 'shop', alias: 'kitty' });
    await program.hears(/create overlay_peer_table .* behind 10\.77\.0\.1/, LIMIT_MS);
    await program.hears(/create endpoint_table .* second at .*, aliases kitty/, LIMIT_MS);
    await daemon.docker('rm', '--force', 'second');
    await program.hears(/delete endpoint_table .* second at /, LIMIT_MS);
    program.child.kill('SIGINT');
    assert.equal(await program.ended(LIMIT_MS), 0, program.tail());
    const goodBye = `/${machine.host.replaceAll('.', '\\.')}, left gossip cluster`;
    await daemon.program.hears(new RegExp(goodBye), LIMIT_MS);
    context.log(program.said.trimEnd());
    assertNoComplaints(daemons);
  },
};

/** Everything that is shown with Docker's daemon. */
export const swarmScenarios: readonly Scenario[] = [
  containers,
  example,
  renamed,
  services,
  published,
  cutOff,
];
