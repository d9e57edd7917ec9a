import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Defer } from '../system/scenario.ts';

/*
 * Where a daemon runs: in namespaces for processes and mounts of its own. What it would write outside its
 * folder is covered by mounts that it alone sees.
 *
 * `INTEROP_DOCKER_ROOT` names a folder with the tree of another system, as debootstrap makes it, whose `dockerd` is run
 * instead of this machine's: that tree becomes the root of all the daemon sees, and nothing is written to it but the
 * empty folders that are covered. docs/interop-serf-swarm.md has how to make one.
 */

/** Folders that the daemon writes to whatever it is told. */
const COVERED = ['/etc/docker', '/var/lib/docker', '/opt/containerd', '/run'];

/** The tree that the daemon is run from; null for this machine's own. */
export function dockerRoot(): string | null {
  const path = process.env['INTEROP_DOCKER_ROOT'] ?? '';
  if (path === '') return null;
  const places = ['usr/sbin/dockerd', 'usr/bin/dockerd'].map((place) => join(path, place));
  if (!places.some((place) => existsSync(place))) {
    throw new Error(`INTEROP_DOCKER_ROOT: there is no dockerd below ${path}`);
  }
  return path;
}

/** A command that runs the daemon's in namespaces of its own; `folder` stays the same place for it. */
export function isolated(command: readonly string[], folder: string): string[] {
  const root = dockerRoot();
  const mounts = root === null ? COVERED.map(cover) : inTree(root, folder);
  const script = [...mounts, `exec ${command.join(' ')}`].join('\n');
  const flags = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  return ['unshare', ...flags, '--propagation=private', 'sh', '-ec', script];
}

function cover(path: string): string {
  return `mount -t tmpfs tmpfs ${path}`;
}

function inTree(root: string, folder: string): string[] {
  const covered = [...COVERED, '/tmp'].map((path) => `${root}${path}`);
  return [
    `mount --bind ${root} ${root}`,
    `mount -t proc proc ${root}/proc`,
    ...['/sys', '/dev'].map((path) => `mount --rbind ${path} ${root}${path}`),
    `mkdir -p ${covered.join(' ')}`,
    ...covered.map(cover),
    `mkdir -p ${root}${folder}`,
    `mount --bind ${folder} ${root}${folder}`,
    `cd ${root}`,
    'pivot_root . mnt',
    // A tree may be too small to have it; what is mounted there goes with the daemon anyway.
    'if command -v umount > /dev/null; then umount -l /mnt; fi',
    'cd /',
  ];
}

/** Folders to mount on, where this machine has none; removed again if nobody has used them. */
export function makeFolders(context: Defer): void {
  for (const path of COVERED.filter((each) => !existsSync(each))) {
    mkdirSync(path);
    context.defer(() => {
      if (existsSync(path) && readdirSync(path).length === 0) rmdirSync(path);
    });
  }
}
