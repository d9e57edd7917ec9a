import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/*
 * What scenarios need of the machine, how it is found, and how it is got. Nothing is passed over in
 * silence: a scenario whose needs are not met fails, and says what to install.
 */

const INSTALL_LIMIT_MS = 240_000;

/** One thing that a machine has or lacks. */
export interface Need {
  isMet(): boolean;
  /** What to do about it. */
  readonly remedy: string;
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

function program(name: string, debianPackage: string): Need {
  const remedy = `the program ${name} is missing: apt-get install -y ${debianPackage}`;
  return { isMet: () => hasProgram(name), remedy, debianPackage };
}

const HALF = '-m statistic --mode random --probability 0.5';
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

/** Everything a scenario can ask for, by name. */
export const NEEDS: Readonly<Record<string, Need>> = {
  go: {
    isMet: () => hasProgram('go'),
    remedy: 'the program go is missing: install Go 1.26.3 or later (https://go.dev/dl)',
    debianPackage: 'golang-go',
  },
  root: {
    isMet: () => process.getuid?.() === 0 && works('unshare --net --mount --pid --fork true'),
    remedy: 'namespaces and a daemon of its own need root: sudo, or a container that is privileged',
  },
  vxlan: {
    isMet: () => works('unshare --net ip link add vx0 type vxlan id 42 dstport 4789'),
    remedy: 'this kernel makes no links of type vxlan, of which overlay networks are made',
  },
  statistic: {
    isMet: () => works(`unshare --net iptables -A INPUT ${HALF} -j DROP`),
    remedy: 'iptables has no match `statistic` here, with which packets are lost',
  },
  serf: program('serf', 'serf'),
  dockerd: program('dockerd', 'docker.io'),
  docker: program('docker', 'docker.io'),
  busybox: {
    isMet: () => hasProgram('busybox'),
    remedy: 'the program busybox is missing: apt-get install -y busybox-static',
    debianPackage: 'busybox-static',
  },
  ip: program('ip', 'iproute2'),
  iptables: program('iptables', 'iptables'),
  nsenter: program('nsenter', 'util-linux'),
  unshare: program('unshare', 'util-linux'),
};

/** What is missing for these needs, in words; empty when nothing is. */
export function missing(needs: readonly string[]): string[] {
  return needs.flatMap((name) => {
    const need = NEEDS[name];
    if (need === undefined) return [`nothing is known of the need ${name}`];
    return need.isMet() ? [] : [need.remedy];
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
    return need?.debianPackage === undefined || need.isMet() ? [] : [need.debianPackage];
  });
  if (packages.length === 0 || !hasProgram('apt-get') || process.getuid?.() !== 0) return;
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
