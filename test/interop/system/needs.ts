import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/*
 * What scenarios need of the machine, how it is found, and how it is got. Nothing is passed over in
 * silence: a scenario whose needs are not met fails, and says what to install.
 */

const INSTALL_LIMIT_MS = 240_000;

/** What is asked of a machine; tests give another than the one they run on. */
export interface Host {
  readonly isRoot: boolean;
  /** Whether a program is on the path, or where administrators' programs are. */
  has(program: string): boolean;
  /** Whether a command succeeds there. */
  works(command: string): boolean;
}

/** One thing that a machine has or lacks. */
export interface Need {
  isMet(host: Host): boolean;
  /** What is the matter with a machine that lacks it, and what to do about it. */
  remedy(host: Host): string;
  /** Debian package that brings it, if one does. */
  readonly debianPackage?: string;
}

/** Whether a program is on the path, or where administrators' programs are. */
export function hasProgram(name: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const TRY_LIMIT_MS = 10_000;
const tried = new Map<string, boolean>();

/** Whether a command succeeds on this machine; found out once. */
function works(command: string): boolean {
  const known = tried.get(command);
  if (known !== undefined) return known;
  const [name = '', ...args] = command.split(' ');
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  let isFine = true;
  try {
    execFileSync(name, args, { env, stdio: 'ignore', timeout: TRY_LIMIT_MS });
  } catch {
    isFine = false;
  }
  tried.set(command, isFine);
  return isFine;
}

const THIS_MACHINE: Host = { isRoot: process.getuid?.() === 0, has: hasProgram, works };

function program(name: string, debianPackage: string): Need {
  return {
    isMet: (host) => host.has(name),
    remedy: ({ isRoot }) => {
      const command = `apt-get install -y ${debianPackage}`;
      return `the program ${name} is missing: ${isRoot ? command : `as root, ${command}`}`;
    },
    debianPackage,
  };
}

const NAMESPACES = 'unshare --net --mount --pid --fork true';
const HALF = '-m statistic --mode random --probability 0.5';

/** Something of the kernel's, which only root can try, in namespaces and with programs that may lack as well. */
function ofKernel(o: { what: string; command: string; uses: string; lacking: string }): Need {
  return {
    isMet: (host) => host.isRoot && host.works(`unshare --net ${o.command}`),
    remedy: (host) => {
      if (!host.isRoot) return `only root can try whether there is ${o.what}: run this as root`;
      const [lacking] = ['unshare', o.uses].filter((name) => !host.has(name));
      if (lacking !== undefined)
        return `without ${lacking} nobody can try whether there is ${o.what}`;
      if (!host.works(NAMESPACES))
        return `without namespaces nobody can try whether there is ${o.what}`;
      return o.lacking;
    },
  };
}

/** Everything a scenario can ask for, by name. */
export const NEEDS: Readonly<Record<string, Need>> = {
  go: {
    isMet: (host) => host.has('go'),
    remedy: () => 'the program go is missing: install Go 1.26.3 or later (https://go.dev/dl)',
    debianPackage: 'golang-go',
  },
  root: {
    isMet: (host) => host.isRoot && host.works(NAMESPACES),
    remedy: (host) => {
      if (!host.isRoot) return 'namespaces and daemons of its own need root: run this as root';
      if (!host.has('unshare')) return 'without the program unshare no namespaces are made';
      return 'this is root, but may make no namespaces: a container must be privileged for that';
    },
  },
  vxlan: ofKernel({
    what: 'vxlan, of which overlay networks are made',
    command: 'ip link add vx0 type vxlan id 42 dstport 4789',
    uses: 'ip',
    lacking: 'this kernel makes no links of type vxlan, of which overlay networks are made',
  }),
  statistic: ofKernel({
    what: 'the match `statistic` of iptables, with which packets are lost',
    command: `iptables -A INPUT ${HALF} -j DROP`,
    uses: 'iptables',
    lacking: 'iptables has no match `statistic` here, with which packets are lost',
  }),
  serf: program('serf', 'serf'),
  dockerd: program('dockerd', 'docker.io'),
  docker: program('docker', 'docker.io'),
  busybox: program('busybox', 'busybox-static'),
  ip: program('ip', 'iproute2'),
  iptables: program('iptables', 'iptables'),
  nsenter: program('nsenter', 'util-linux'),
  unshare: program('unshare', 'util-linux'),
};

/** What is missing for these needs, in words; empty when nothing is. */
export function missing(needs: readonly string[], host: Host = THIS_MACHINE): string[] {
  return needs.flatMap((name) => {
    const need = NEEDS[name];
    if (need === undefined) return [`nothing is known of the need ${name}`];
    return need.isMet(host) ? [] : [need.remedy(host)];
  });
}

/**
 * Installs what is missing with apt-get, where this is root and there is one.
 *
 * @throws Error when apt-get fails or takes too long
 */
export function install(needs: readonly string[], say: (line: string) => void): void {
  const packages = needs.flatMap((name) => {
    const need = NEEDS[name];
    return need?.debianPackage === undefined || need.isMet(THIS_MACHINE)
      ? []
      : [need.debianPackage];
  });
  if (packages.length === 0 || !THIS_MACHINE.has('apt-get') || !THIS_MACHINE.isRoot) return;
  const names = [...new Set(packages)];
  say(`apt-get install ${names.join(' ')}`);
  // Packages with a service must not start it here: the suite starts daemons of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const options = {
    env,
    stdio: ['ignore', 'ignore', 'pipe'] as ['ignore', 'ignore', 'pipe'],
    timeout: INSTALL_LIMIT_MS,
  };
  execFileSync('apt-get', ['update'], options);
  const flags = ['install', '-y', '--no-install-recommends'];
  execFileSync('apt-get', [...flags, ...names], options);
}
