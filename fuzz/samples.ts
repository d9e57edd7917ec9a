import type {
  NetworkPushPull,
  PacketMessage,
  PushPullNode,
  StreamMessage,
  TableEvent,
} from '../src/codec/index.ts';

/*
 * Values to begin with: of each kind of message an ordinary one, one with every field at an edge, and
 * one that is nearly empty.
 */

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** All pieces in one array. */
export function joined(pieces: Iterable<Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat([...pieces]));
}

const NONE = new Uint8Array(0);
const V4 = Uint8Array.of(10, 0, 0, 7);
const V6 = Uint8Array.of(0x20, 1, 0xd, 0xb8, ...new Uint8Array(11), 1);
const LONG_NAME = 'ñ'.repeat(127);
const START_ID = Uint8Array.of(1, 2, 3, 4);
const USUAL_VERSIONS = Uint8Array.of(1, 5, 2, 0, 0, 0);
const OTHER_VERSIONS = Uint8Array.of(1, 5, 2, 2, 5, 4);
const UINT32_MAX = 0xffff_ffff;

const from = { sourceAddress: V4, sourcePort: 7946, sourceNode: 'asker' };
const fromNobody = { sourceAddress: NONE, sourcePort: 0, sourceNode: '' };
const whole = {
  port: 7946,
  metadata: utf8('zone=eu-1'),
  versions: USUAL_VERSIONS,
  startId: START_ID,
};
const edge = {
  port: 65_535,
  metadata: new Uint8Array(512).fill(0xc1),
  versions: OTHER_VERSIONS,
  startId: NONE,
};

/** Messages of packets, every kind. */
export const PACKET_MESSAGES: readonly PacketMessage[] = [
  { type: 'ping', seq: 1, node: 'n1', ...from },
  { type: 'ping', seq: UINT32_MAX, node: '', ...fromNobody },
  { type: 'indirectPing', seq: 7, node: 'n2', target: V6, port: 7947, wantsNack: true, ...from },
  {
    ...{ type: 'indirectPing', seq: 0, node: LONG_NAME, target: V4, port: 1, wantsNack: false },
    ...fromNobody,
  },
  { type: 'ack', seq: 300, payload: NONE },
  { type: 'ack', seq: UINT32_MAX, payload: new Uint8Array(200).fill(9) },
  { type: 'nack', seq: 70_000 },
  { type: 'suspect', incarnation: 3, node: 'n1', from: 'n2' },
  { type: 'suspect', incarnation: UINT32_MAX, node: LONG_NAME, from: LONG_NAME },
  { type: 'dead', incarnation: 4, node: 'n1', from: 'n1' },
  { type: 'dead', incarnation: 0, node: 'n3', from: 'n2' },
  { type: 'alive', incarnation: 5, node: 'n3', address: V4, ...whole },
  { type: 'alive', incarnation: UINT32_MAX, node: LONG_NAME, address: V6, ...edge },
];

/** Records of a push/pull in every state. */
export const PUSH_PULL_NODES: readonly PushPullNode[] = [
  { name: 'n1', address: V4, incarnation: 1, state: 'alive', ...whole },
  { name: LONG_NAME, address: V6, incarnation: UINT32_MAX, state: 'suspect', ...edge },
  { name: 'n3', address: NONE, incarnation: 9, state: 'dead', ...whole },
  { name: 'n4', address: V4, incarnation: 2, state: 'left', ...edge, metadata: NONE },
];

/** Messages of streams, every kind. */
export const STREAM_MESSAGES: readonly StreamMessage[] = [
  { type: 'pushPull', join: true, nodes: PUSH_PULL_NODES, userState: utf8('state of the user') },
  { type: 'pushPull', join: false, nodes: [], userState: NONE },
  { type: 'user', payload: utf8('a message of the layer above') },
  { type: 'user', payload: NONE },
  { type: 'ping', seq: 12, node: 'n1', ...from },
  { type: 'ack', seq: 12, payload: NONE },
  { type: 'error', reason: 'busy', text: 'too many at once' },
];

const event = { owner: 'n1', network: 'prod', table: 'services', key: 'api-1' };

/** Table events of every kind. */
export const TABLE_EVENTS: readonly TableEvent[] = [
  { ...event, kind: 'create', time: 40, value: utf8('{"port":80}'), residualReapSeconds: 0 },
  { ...event, kind: 'update', time: 2 ** 53 - 1, value: NONE, residualReapSeconds: 0 },
  {
    ...{ owner: LONG_NAME, network: 'n', table: LONG_NAME, key: 'k'.repeat(1024) },
    ...{
      kind: 'delete',
      time: 2n ** 64n - 1n,
      value: new Uint8Array(300),
      residualReapSeconds: -1,
    },
  },
];

/** Attachments as a push/pull carries them. */
export const NETWORK_PUSH_PULL: NetworkPushPull = {
  time: 80,
  node: 'n1',
  networks: [
    { network: 'prod', time: 9, node: 'n2', isLeaving: true },
    { network: LONG_NAME, time: 2n ** 63n, node: LONG_NAME, isLeaving: false },
    { network: '', time: 0, node: '', isLeaving: false },
  ],
};
