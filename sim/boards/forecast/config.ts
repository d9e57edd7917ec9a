import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { NetworkDBConfig, NetworkDBOptions } from '../../../src/networkdb/index.ts';
import { resolveNetworkDBConfig } from '../../../src/networkdb/index.ts';
import type { ConfigError } from '../../../src/runtime/index.ts';
import type { Plain } from '../../board.ts';
import { InputError } from '../../command.ts';

/*
 * A user's own options, as JSON: the fields of `NetworkDB.create` without functions and ports, keys as text.
 * They are checked as a node checks them; then what belongs to one node alone is left out, since every
 * simulated one gets its own.
 */

/** Options as they stand in a file. */
export type PlainOptions = Readonly<Record<string, Plain>>;

/** What a forecast leaves to each simulated node. */
const OF_ONE_NODE = [
  'nodeName',
  'bindAddress',
  'bindPort',
  'advertiseAddress',
  'advertisePort',
  'allowedNetworks',
  'dns',
  'runtime',
] as const;

/** Groups that a profile has numbers for. */
const OF_A_PROFILE = ['probe', 'suspicion', 'awareness', 'gossip', 'pushPull'] as const;

/** Reads a file of options. @throws InputError that names the file and every wrong field */
export function readOptions(path: string): PlainOptions {
  let options: unknown;
  try {
    options = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new InputError(`${path} cannot be read: ${(error as Error).message}`);
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InputError(`${path} must hold one object, the options of NetworkDB.create`);
  }
  try {
    configOf(options as PlainOptions);
  } catch (error) {
    if ((error as Partial<ConfigError>).code !== 'ERR_CONFIG_INVALID') throw error;
    const { message } = error as Error;
    const hint = message.includes('encryption.keys[') ? `\n${KEYS_HINT}` : '';
    throw new InputError(`${path}: ${message}${hint}`);
  }
  return options as PlainOptions;
}

/** The options as a node takes them. */
export function optionsOf(plain: PlainOptions): NetworkDBOptions {
  const { encryption } = plain;
  if (!isObject(encryption) || !Array.isArray(encryption['keys'])) return plain;
  const keys = (encryption['keys'] as readonly Plain[]).map(keyOf);
  return { ...plain, encryption: { ...encryption, keys } } as unknown as NetworkDBOptions;
}

/** The same with every default. @throws ConfigError */
export function configOf(plain: PlainOptions): NetworkDBConfig {
  return resolveNetworkDBConfig(optionsOf(plain));
}

/** The options without what each node has of its own. */
export function sharedOptions(plain: PlainOptions): {
  readonly options: PlainOptions;
  /** Names of the fields that were left out. */
  readonly leftOut: readonly string[];
} {
  const isOwn = (name: string): boolean => OF_ONE_NODE.some((each) => each === name);
  const kept = Object.entries(plain).filter(([name]) => !isOwn(name));
  return {
    options: Object.fromEntries(kept),
    leftOut: Object.keys(plain).filter(isOwn),
  };
}

/** The options with the timings of a profile in place of their own. */
export function withProfile(plain: PlainOptions, profile: 'lan' | 'wan' | 'local'): PlainOptions {
  const isTiming = (name: string): boolean => OF_A_PROFILE.some((each) => each === name);
  const kept = Object.entries(plain).filter(([name]) => !isTiming(name));
  return { ...Object.fromEntries(kept), profile };
}

/** The options with a digest in place of each key: they can be told apart, and the keys cannot be read. */
export function withoutSecrets(plain: PlainOptions): PlainOptions {
  const { encryption } = plain;
  if (!isObject(encryption) || !Array.isArray(encryption['keys'])) return plain;
  const keys = (encryption['keys'] as readonly Plain[]).map((key): Plain => {
    return `sha256:${createHash('sha256').update(JSON.stringify(key)).digest('hex')}`;
  });
  return { ...plain, encryption: { ...encryption, keys } };
}

const KEYS_HINT = 'In the file a key is a text: 16, 24 or 32 bytes as hex or base64.';

/** Hex digits, or base64; what is neither is left for the check of the options to refuse, as a key without bytes. */
function keyOf(text: Plain): Uint8Array | Plain {
  if (typeof text !== 'string') return text;
  const isHex = /^(?:[0-9a-f]{2})+$/i.test(text) && [32, 48, 64].includes(text.length);
  const isBase64 = /^[\w+/-]*={0,2}$/.test(text);
  return Uint8Array.from(Buffer.from(isHex || isBase64 ? text : '', isHex ? 'hex' : 'base64'));
}

function isObject(value: Plain | undefined): value is Readonly<Record<string, Plain>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
