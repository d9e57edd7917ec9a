import type { TableEvent, WireTime } from '../../src/codec/index.ts';
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
  wrapGossip,
} from '../../src/codec/index.ts';
import type { Comparison, Outcome, Vector } from './check.ts';
import { bytesOf, compare, hexOf, vectorsOf } from './check.ts';

/*
 * NetworkDB messages: what we write is what Docker's NetworkDB writes, what we read is what it meant.
 */

interface Body {
  readonly type: number;
  readonly l_time: { readonly $u64: string };
  readonly node_name: string;
  readonly network_id: string;
  readonly table_name: string;
  readonly key: string;
  readonly value: unknown;
  readonly residual_reap_time: number;
  readonly unsolicited: boolean;
  readonly leaving: boolean;
  readonly networks: readonly unknown[];
  readonly payload: unknown;
  readonly messages: readonly unknown[];
  readonly data: unknown;
}

const NODE_KINDS = ['invalid', 'join', 'leave'] as const;
const TABLE_KINDS = ['invalid', 'create', 'update', 'delete'] as const;

/** Whole messages in both directions. */
export function checkNetworkMessages(): Outcome[] {
  return vectorsOf('networkdb-messages.json').map((vector) =>
    compare(vector.name, (comparison) => {
      compareMessage(vector, comparison);
    }),
  );
}

/** Unusual and damaged bodies, all of table events. */
export function checkNetworkDecoding(): Outcome[] {
  return vectorsOf('networkdb-decode.json').map(({ name, fields, hex }) =>
    compare(name, (comparison) => {
      const read = (): unknown => decodeTableEvent(bytesOf(hex));
      if (typeof fields['error'] === 'string') comparison.refused('read', read);
      else comparison.equal('read', read, tableEventOf(fields['body'] as Body));
    }),
  );
}

function compareMessage({ fields, hex }: Vector, comparison: Comparison): void {
  const body = fields['body'] as Body;
  const type = fields['gossipType'] as number;
  const { type: opened, data } = decodeGossip(bytesOf(hex));
  comparison.equal('type', () => opened, type);
  switch (fields['message']) {
    case 'CompoundMessage': {
      const parts = body.messages.map(bytesOf);
      comparison.equal('written', () => hexOf(encodeCompoundMessage(parts)), hex);
      comparison.equal('read', () => [...compoundParts(data)], parts);
      return;
    }
    case 'GossipMessage':
      comparison.equal('written', () => hexOf(wrapGossip(type, bytesOf(body.data))), hex);
      comparison.equal('read', () => data, bytesOf(body.data));
      return;
  }
  const [write, read, expected] = bothWays(fields['message'] as string, body, data);
  comparison.equal('written', () => hexOf(wrapGossip(type, write())), hex);
  comparison.equal('read', read, expected);
}

/** How a message is written and read by our code, and what it says. */
function bothWays(
  message: string,
  body: Body,
  data: Uint8Array,
): readonly [write: () => Uint8Array, read: () => unknown, expected: unknown] {
  const kind = NODE_KINDS[body.type] ?? 'invalid';
  const time = timeOf(body.l_time);
  const node = body.node_name;
  switch (message) {
    case 'NodeEvent': {
      const event = { kind, time, node };
      return [() => encodeNodeEvent(event), () => decodeNodeEvent(data), event];
    }
    case 'NetworkEvent': {
      const event = { kind, time, node, network: body.network_id };
      return [() => encodeNetworkEvent(event), () => decodeNetworkEvent(data), event];
    }
    case 'TableEvent': {
      const event = tableEventOf(body);
      return [() => encodeTableEvent(event), () => decodeTableEvent(data), event];
    }
    case 'NetworkPushPull': {
      const networks = (body.networks as readonly Body[]).map((entry) => ({
        network: entry.network_id,
        time: timeOf(entry.l_time),
        node: entry.node_name,
        isLeaving: entry.leaving,
      }));
      const exchange = { time, node, networks };
      return [() => encodeNetworkPushPull(exchange), () => decodeNetworkPushPull(data), exchange];
    }
    case 'BulkSyncMessage': {
      const sync = {
        time,
        isRequest: body.unsolicited,
        node,
        networks: body.networks as readonly string[],
        payload: bytesOf(body.payload),
      };
      return [() => encodeBulkSync(sync), () => decodeBulkSync(data), sync];
    }
  }
  throw new Error(`no such message: ${message}`);
}

function timeOf(time: { readonly $u64: string }): WireTime {
  const exact = BigInt(time.$u64);
  return exact <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(exact) : exact;
}

function tableEventOf(body: Body): TableEvent {
  return {
    // A number that Go keeps although nobody knows it stands as it is, to be seen as a difference.
    kind: TABLE_KINDS[body.type] ?? (`${body.type}` as 'invalid'),
    time: timeOf(body.l_time),
    owner: body.node_name,
    network: body.network_id,
    table: body.table_name,
    key: body.key,
    value: bytesOf(body.value),
    residualReapSeconds: body.residual_reap_time,
  };
}
