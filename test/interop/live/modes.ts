import type { Family } from './builds.ts';
import type { NodeOptions } from './lines.ts';

/*
 * What varies between rows besides version and scenario: how the ring is sealed and told apart, whether it
 * compresses, which family of addresses it uses. All loopback.
 */

/** A way to run a ring. */
export interface Mode {
  readonly name: string;
  readonly options: Partial<NodeOptions>;
  /** NetworkDB has no labels and always compresses. */
  readonly families: readonly Family[];
}

/** A key of that many bytes; another seed, another key. */
export function keyOf(bytes: number, seed: number): string {
  return Buffer.from(Array.from({ length: bytes }, (_, at) => (at * 7 + seed) & 255)).toString(
    'hex',
  );
}

const BOTH: readonly Family[] = ['memberlist', 'networkdb'];
const MEMBERS: readonly Family[] = ['memberlist'];

export const MODES: readonly Mode[] = [
  { name: 'plain', options: {}, families: BOTH },
  { name: 'aes128', options: { keys: [keyOf(16, 1)] }, families: BOTH },
  { name: 'aes192', options: { keys: [keyOf(24, 2)] }, families: BOTH },
  { name: 'aes256', options: { keys: [keyOf(32, 3)] }, families: BOTH },
  { name: 'label', options: { label: 'blue' }, families: MEMBERS },
  { name: 'label+aes128', options: { label: 'blue', keys: [keyOf(16, 4)] }, families: MEMBERS },
  { name: 'compressed', options: { compression: true }, families: MEMBERS },
  { name: 'ipv6', options: { address: '::1' }, families: BOTH },
];

const PLAIN: NodeOptions = {
  address: '127.0.0.1',
  port: 0,
  keys: [],
  label: '',
  compression: false,
  protocolVersion: 2,
  delegateVersion: 0,
  metadata: '',
  stateBytes: 100,
  probeIntervalMs: 500,
  probeTimeoutMs: 250,
  pushPullIntervalMs: 4_000,
  gossipIntervalMs: 100,
  suspicionMult: 4,
};

/** Milliseconds between push/pulls. NetworkDB's are fixed in its source. */
export function pushPullMs(family: Family): number {
  return family === 'networkdb' ? 30_000 : PLAIN.pushPullIntervalMs;
}

/** All options of a member in that mode. */
export function optionsIn(
  mode: Mode,
  family: Family,
  more: Partial<NodeOptions> = {},
): NodeOptions {
  return { ...PLAIN, compression: family === 'networkdb', ...mode.options, ...more };
}
