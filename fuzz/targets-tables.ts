import type { GossipType } from '../src/codec/index.ts';
import {
  compoundParts,
  decodeBulkSync,
  decodeGossip,
  decodeNetworkEvent,
  decodeNetworkPushPull,
  decodeNodeEvent,
  decodeTableEvent,
  encodeBulkSync,
  encodeCompoundMessage,
  encodeNetworkEvent,
  encodeNetworkPushPull,
  encodeNodeEvent,
  encodeTableEvent,
  GOSSIP_TYPE,
  wrapGossip,
} from '../src/codec/index.ts';
import { parseJoinTarget } from '../src/memberlist/join-targets.ts';
import { decodeCapabilities, encodeCapabilities } from '../src/networkdb/index.ts';
import { NETWORK_PUSH_PULL, TABLE_EVENTS, utf8 } from './samples.ts';
import type { FuzzTarget } from './target.ts';

/* Messages of the tables, which are the same on every wire, and the small texts beside them. */

const nodeEvents = [
  encodeNodeEvent({ kind: 'join', time: 1, node: 'n1' }),
  encodeNodeEvent({ kind: 'leave', time: 2n ** 64n - 1n, node: 'ñ'.repeat(100) }),
];
const networkEvents = [
  encodeNetworkEvent({ kind: 'join', time: 7, node: 'n1', network: 'prod' }),
  encodeNetworkEvent({ kind: 'leave', time: 2n ** 53n, node: 'n2', network: 'x'.repeat(255) }),
];
const tableEvents = TABLE_EVENTS.map(encodeTableEvent);
const pushPull = encodeNetworkPushPull(NETWORK_PUSH_PULL);

function wrapped(type: GossipType, bodies: readonly Uint8Array[]): Uint8Array[] {
  return bodies.map((body) => wrapGossip(type, body));
}

const parts = [
  ...wrapped(GOSSIP_TYPE.nodeEvent, nodeEvents),
  ...wrapped(GOSSIP_TYPE.networkEvent, networkEvents),
  ...wrapped(GOSSIP_TYPE.tableEvent, tableEvents),
];
const compound = encodeCompoundMessage([...parts, new Uint8Array(0)]);
const bulkSyncs = [
  encodeBulkSync({ time: 9, isRequest: true, node: 'n1', networks: ['prod'], payload: compound }),
  encodeBulkSync({
    ...{ time: 2n ** 53n, isRequest: false, node: '' },
    ...{ networks: Array.from({ length: 40 }, (_, i) => `net-${i}`), payload: new Uint8Array(0) },
  }),
];

/** Valid messages in their envelope, of every type. */
export const GOSSIP_SEEDS: readonly Uint8Array[] = [
  ...parts,
  compound,
  encodeCompoundMessage([compound, encodeCompoundMessage([])]),
  ...wrapped(GOSSIP_TYPE.bulkSync, bulkSyncs),
  wrapGossip(GOSSIP_TYPE.pushPull, pushPull),
  wrapGossip(16, utf8('of a later version')),
];

const JOIN_TARGETS = [
  ...['10.0.0.5', '10.0.0.5:7946', 'seed.internal:7946', '[2001:db8::1]:7946', '2001:db8::1'],
  ...['n1/10.0.0.5:7946', 'n1/[fe80::1%eth0]:1', 'seed', '::ffff:10.0.0.5'],
];

/** The targets about tables, capabilities and join targets. */
export function tableTargets(): FuzzTarget[] {
  return [
    { name: 'gossip envelope', seeds: GOSSIP_SEEDS, run: decodeGossip },
    {
      name: 'gossip compound',
      seeds: [compound, encodeCompoundMessage(parts)].map((bytes) => decodeGossip(bytes).data),
      run: (bytes) => [...compoundParts(bytes)],
    },
    { name: 'node event', seeds: nodeEvents, run: decodeNodeEvent },
    { name: 'network event', seeds: networkEvents, run: decodeNetworkEvent },
    { name: 'table event', seeds: tableEvents, run: decodeTableEvent },
    {
      name: 'network push/pull',
      seeds: [pushPull],
      run: decodeNetworkPushPull,
    },
    { name: 'bulk sync', seeds: bulkSyncs, run: decodeBulkSync },
    {
      name: 'capabilities',
      seeds: [0, 1, 0x7f, 0x80, 0xffff_ffff].map((bits) => encodeCapabilities(bits, utf8('meta'))),
      run: decodeCapabilities,
    },
    {
      name: 'join target',
      seeds: JOIN_TARGETS.map(utf8),
      maxInputBytes: 1024,
      run: (bytes) => parseJoinTarget(Buffer.from(bytes).toString('latin1'), 7946),
    },
  ];
}
