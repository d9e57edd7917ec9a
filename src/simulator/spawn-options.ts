import type { NetworkDBOptions } from '../networkdb/index.ts';
import { resolveNetworkDBConfig } from '../networkdb/index.ts';
import { ConfigError, Validator } from '../runtime/index.ts';
import { checkArgument, checkOptions, checkText, hostGiven } from './arguments.ts';
import { MemoryFiles } from './files.ts';
import { SimNode } from './process.ts';

/*
 * How processes of a world are started, and the checks of it: all is refused before anything happens.
 */

/** How to start one node. */
export interface SpawnOptions {
  /** Name of the process and of its node; no other process of that name may run. Default `n1`, `n2` and so on. */
  readonly name?: string;
  /** Address of its host. Default `10.0.0.1` and so on. */
  readonly host?: string;
  /** On top of the world's `config`; without `nodeName`, `bindAddress` and `runtime`, which are the world's to give. */
  readonly config?: NetworkDBOptions;
  /**
   * Nodes to join, or targets as `NetworkDB.join` takes them: addresses, and names that `world.names` knows; `false`
   * for none. Default: the oldest node that runs.
   */
  readonly join?: readonly (SimNode | string)[] | false;
  /** Its disk, to be found again by a later life; default an empty one. */
  readonly files?: MemoryFiles;
}

/** How to start a process of one's own. */
export interface StartOptions {
  /** Address of its host. Default `10.0.0.1` and so on. */
  readonly host?: string;
  /** Its disk, that of an earlier life for example; default an empty one. */
  readonly files?: MemoryFiles;
}

export const START_FIELDS: readonly string[] = ['host', 'files'];
export const SPAWN_MANY_FIELDS: readonly string[] = ['config', 'join', 'files'];
export const SPAWN_FIELDS: readonly string[] = ['name', 'host', 'config', 'join', 'files'];

/** @throws StateError with `ERR_ARGUMENT_INVALID`; what `config` holds is for {@link checkNodeConfig} */
export function checkSpawn(what: string, options: SpawnOptions, known: readonly string[]): void {
  checkOptions(what, options, known);
  const { name, host, config, join, files } = options;
  if (name !== undefined) checkText('name', name);
  if (host !== undefined) hostGiven('host', host);
  if (config !== undefined) {
    checkArgument(typeof config === 'object', 'config', config, 'an object');
  }
  if (files !== undefined) {
    checkArgument(files instanceof MemoryFiles, 'files', files, 'a MemoryFiles');
  }
  if (join === undefined || join === false) return;
  const isTarget = (each: unknown): boolean => each instanceof SimNode || typeof each === 'string';
  const holds = Array.isArray(join) && join.every(isTarget);
  checkArgument(holds, 'join', join, 'an array of nodes and addresses, or false');
}

/** What a node is to be made with. @throws ConfigError with `ERR_CONFIG_INVALID`, listing every problem */
export function checkNodeConfig(config: NetworkDBOptions): void {
  const validator = new Validator();
  readNodeConfig(validator, config);
  validator.throwIfAny();
}

/** Records every problem of a node's configuration, each with `config.` in front. */
export function readNodeConfig(validator: Validator, config: NetworkDBOptions): void {
  const { nodeName, bindAddress, runtime, ...rest } = config;
  for (const [field, value] of Object.entries({ nodeName, bindAddress, runtime })) {
    const rule = `left out: ${GIVEN[field as keyof typeof GIVEN]}`;
    validator.check(value === undefined, `config.${field}`, value, rule);
  }
  try {
    resolveNetworkDBConfig(rest);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { path, value, rule } of error.problems) {
      validator.check(false, `config.${path}`, value, rule);
    }
  }
}

const GIVEN = {
  nodeName: 'a node is called as its process is (`name` of spawn)',
  bindAddress: 'a node listens on the host of its process (`host` of spawn)',
  runtime: 'a node gets the ports of its process',
} as const;
