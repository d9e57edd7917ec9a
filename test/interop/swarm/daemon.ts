import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { keysOfText } from '../../../examples/docker-swarm-watch/keys.ts';
import { isLeftover, markedName } from '../system/marks.ts';
import type { Machine } from '../system/namespaces.ts';
import { Program, run } from '../system/programs.ts';
import type { ScenarioContext } from '../system/scenario.ts';
import { until } from '../system/until.ts';
import { isolated, makeFolders } from './isolated.ts';

/*
 * A Docker daemon of the suite's own, in one machine of the suite's own.
 *
 * It has its own network, process and mount namespaces: ending it ends every container and shim with it
 * and takes all its mounts along. What it would write outside its folder is covered by mounts that it
 * alone sees. Left on the host are a control group and the folders those mounts need, and both are removed.
 */

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;
const CGROUP_ROOT = '/sys/fs/cgroup';

/** A running daemon. */
export class DockerDaemon {
  readonly machine: Machine;
  readonly program: Program;
  readonly #folder: string;
  readonly #socket: string;

  private constructor(o: { machine: Machine; program: Program; folder: string; socket: string }) {
    this.machine = o.machine;
    this.program = o.program;
    this.#folder = o.folder;
    this.#socket = o.socket;
  }

  /** Starts a daemon in a machine; it is ended with the scenario. */
  static async start(context: ScenarioContext, machine: Machine): Promise<DockerDaemon> {
    for (const name of controlGroups().filter(isLeftover)) await removeControlGroups(name);
    const group = markedName();
    const folder = join(context.folder, group);
    const socket = join(folder, 'docker.sock');
    mkdirSync(folder);
    writeFileSync(join(folder, 'daemon.json'), '{}\n');
    makeFolders(context);
    context.defer(async () => removeControlGroups(group));
    const program = new Program(machine.inside(isolated(daemonCommand(folder, group), folder)), {
      endsWithUs: true,
      env: { NETWORKDBKEYLOGFILE: join(folder, 'gossip-keys') },
    });
    context.defer(async () => program.stop('SIGKILL'));
    await program.hears(/API listen on/, START_LIMIT_MS);
    return new DockerDaemon({ machine, program, folder, socket });
  }

  /** Runs a command of the Docker client against this daemon. */
  async docker(...args: string[]): Promise<string> {
    return (await run(['docker', '-H', `unix://${this.#socket}`, ...args])).trim();
  }

  /** What `docker … --format` gives, one line per item. */
  async lines(...args: string[]): Promise<string[]> {
    return (await this.docker(...args)).split('\n').filter((line) => line !== '');
  }

  /** The keys of the swarm's gossip, as the daemon gives them away. */
  gossipKeys(): Uint8Array[] {
    const file = join(this.#folder, 'gossip-keys');
    return keysOfText(existsSync(file) ? readFileSync(file, 'utf8') : this.program.said);
  }

  /** The name under which the daemon takes part in the gossip; a new one at each start. */
  gossipName(): string {
    const [, name = ''] = /will use memberlist nodeID:(\w+)/.exec(this.program.said) ?? [];
    return name;
  }

  /** Lines of the log, of warning or worse, about the gossip. */
  complaints(): string[] {
    const isOurs = /memberlist|networkdb|gossip|bulk sync|decod|unmarshal|decrypt/i;
    return this.program.said
      .split('\n')
      .filter((line) => /level=(warning|error|fatal)|\[(ERR|WARN)\]/.test(line))
      .filter((line) => isOurs.test(line));
  }
}

function daemonCommand(folder: string, group: string): string[] {
  return [
    'dockerd',
    '--debug',
    `--config-file=${folder}/daemon.json`,
    `--data-root=${folder}/data`,
    `--exec-root=${folder}/exec`,
    `--pidfile=${folder}/pid`,
    `--host=unix://${folder}/docker.sock`,
    '--bridge=none',
    '--storage-driver=vfs',
    '--exec-opt=native.cgroupdriver=cgroupfs',
    `--cgroup-parent=/${group}`,
  ];
}

/** Hierarchies of control groups: one with version 2, one per controller with version 1. */
function hierarchies(): string[] {
  const names = readdirSync(CGROUP_ROOT, { withFileTypes: true }).filter((e) => e.isDirectory());
  return [CGROUP_ROOT, ...names.map(({ name }) => join(CGROUP_ROOT, name))];
}

/** Names of the groups right below the roots. */
function controlGroups(): string[] {
  return [...new Set(hierarchies().flatMap((root) => readdirSync(root)))];
}

/** Removes a daemon's control groups from every hierarchy, once the last process in them is gone. */
async function removeControlGroups(group: string): Promise<void> {
  for (const top of hierarchies().map((root) => join(root, group))) {
    const isGone = (): boolean => {
      if (existsSync(top)) removeGroup(top);
      return !existsSync(top);
    };
    await until(`the end of the control group ${top}`, isGone, STOP_LIMIT_MS);
  }
}

/** Removes what is empty, deepest first. */
function removeGroup(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroup(join(path, entry.name));
  }
  try {
    rmdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
  }
}
