import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { isLeftover, markedName } from './marks.ts';
import { run } from './programs.ts';
import type { Defer } from './scenario.ts';

/*
 * Machines made of network namespaces, on a network that the machine outside cannot see:
 *
 *     [hub: bridge]--veth--[machine 1: eth0 10.77.0.1/24]
 *                  --veth--[machine 2: eth0 10.77.0.2/24] ...
 *
 * The bridge lives in a namespace of its own, so nothing is added to the host but names under /run/netns;
 * those hold the suite's process id, and what a killed run left behind is removed by the next one.
 */

const NAMESPACES = '/run/netns';
const SUBNET = '10.77.0';
const ENV = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };

/** A machine: a network namespace with one address. */
export class Machine {
  readonly host: string;
  readonly #namespace: string;
  readonly #hub: string;
  readonly #port: string;

  constructor(o: { namespace: string; hub: string; port: string; host: string }) {
    this.#namespace = o.namespace;
    this.#hub = o.hub;
    this.#port = o.port;
    this.host = o.host;
  }

  /** The command that runs another one in this machine. It keeps the process id. */
  inside(command: readonly string[]): string[] {
    return ['nsenter', `--net=${NAMESPACES}/${this.#namespace}`, ...command];
  }

  /** Pulls the cable. */
  unplug(): void {
    ip('-n', this.#hub, 'link', 'set', this.#port, 'down');
  }

  plugIn(): void {
    ip('-n', this.#hub, 'link', 'set', this.#port, 'up');
  }

  /** Drops all that comes from another machine; what goes there still goes. */
  async dropFrom(other: Machine): Promise<void> {
    await this.#iptables('-A', 'INPUT', '-s', other.host, '-j', 'DROP');
  }

  /** Drops a share of what comes in, packets of streams too. */
  async lose(share: number): Promise<void> {
    const chance = ['-m', 'statistic', '--mode', 'random', '--probability', String(share)];
    await this.#iptables('-A', 'INPUT', '-i', 'eth0', ...chance, '-j', 'DROP');
  }

  /** Lets everything in again. */
  async heal(): Promise<void> {
    await this.#iptables('-F', 'INPUT');
  }

  async #iptables(...args: string[]): Promise<void> {
    await run(this.inside(['iptables', '-w', ...args]));
  }
}

/**
 * Makes machines that reach each other and nothing else; they are removed with the scenario.
 *
 * @param count - 1 to 200
 */
export function createMachines(context: Defer, count: number): Machine[] {
  removeLeftovers();
  const base = markedName();
  const hub = `${base}-hub`;
  addNamespace(context, hub);
  ip('-n', hub, 'link', 'add', 'br0', 'type', 'bridge');
  ip('-n', hub, 'link', 'set', 'br0', 'up');
  return Array.from({ length: count }, (_, at) => {
    const namespace = `${base}-${at + 1}`;
    const port = `port${at + 1}`;
    const host = `${SUBNET}.${at + 1}`;
    addNamespace(context, namespace);
    ip('-n', hub, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    ip('-n', hub, 'link', 'set', port, 'master', 'br0', 'up');
    ip('-n', namespace, 'addr', 'add', `${host}/24`, 'dev', 'eth0');
    ip('-n', namespace, 'link', 'set', 'eth0', 'up');
    return new Machine({ namespace, hub, port, host });
  });
}

function addNamespace(context: Defer, name: string): void {
  ip('netns', 'add', name);
  context.defer(() => {
    ip('netns', 'del', name);
  });
  ip('-n', name, 'link', 'set', 'lo', 'up');
}

/** Removes namespaces of runs that are over. */
function removeLeftovers(): void {
  if (!existsSync(NAMESPACES)) return;
  for (const name of readdirSync(NAMESPACES).filter(isLeftover)) {
    try {
      ip('netns', 'del', name);
    } catch (error) {
      // Another run may have been faster.
      if (existsSync(join(NAMESPACES, name))) throw error;
    }
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { env: ENV, stdio: ['ignore', 'ignore', 'pipe'] });
}
