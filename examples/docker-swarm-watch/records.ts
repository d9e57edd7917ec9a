import type { TableCodec } from '../../src/index.ts';

import protobuf from 'protobufjs/light.js';

/*
 * What Docker stores in its tables, as table codecs: protobuf messages whose schema is Docker's own
 * (libnetwork's agent.proto and overlay.proto), written down as protobufjs reads it.
 *
 * A record without what makes it one is refused, as Docker itself passes it over; a table then leaves
 * the entry out and counts it.
 */

/** A port that a service publishes on every node of the swarm. */
export interface PublishedPort {
  readonly name: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** Inside the container. */
  readonly targetPort: number;
  readonly publishedPort: number;
}

/** An entry of `endpoint_table`: how a container is found by name. */
export interface EndpointRecord {
  /** Name of the container or task. */
  readonly name: string;
  /** Empty for a container that belongs to no service. */
  readonly serviceName: string;
  readonly serviceId: string;
  /** Address of the service as a whole, or null when it has none. */
  readonly virtualIp: string | null;
  readonly endpointIp: string;
  /** Only on the ingress network. */
  readonly ingressPorts: readonly PublishedPort[];
  readonly aliases: readonly string[];
  readonly taskAliases: readonly string[];
  /** The task is being drained: it takes no new connections. */
  readonly isServiceDisabled: boolean;
}

/** An entry of `overlay_peer_table`: behind which machine a container's address is. */
export interface PeerRecord {
  /** Address in the overlay with its prefix: `10.0.1.3/24`. */
  readonly endpointIp: string;
  readonly endpointMac: string;
  /** Address of the machine that the overlay's packets for it go to. */
  readonly tunnelEndpointIp: string;
}

/** Field numbers are Docker's, and never change. */
const SCHEMA = {
  nested: {
    EndpointRecord: {
      fields: {
        name: { type: 'string', id: 1 },
        serviceName: { type: 'string', id: 2 },
        serviceId: { type: 'string', id: 3 },
        virtualIp: { type: 'string', id: 4 },
        endpointIp: { type: 'string', id: 5 },
        ingressPorts: { rule: 'repeated', type: 'PortConfig', id: 6 },
        aliases: { rule: 'repeated', type: 'string', id: 7 },
        taskAliases: { rule: 'repeated', type: 'string', id: 8 },
        serviceDisabled: { type: 'bool', id: 9 },
      },
    },
    PortConfig: {
      fields: {
        name: { type: 'string', id: 1 },
        protocol: { type: 'uint32', id: 2 },
        targetPort: { type: 'uint32', id: 3 },
        publishedPort: { type: 'uint32', id: 4 },
      },
    },
    PeerRecord: {
      fields: {
        endpointIp: { type: 'string', id: 1 },
        endpointMac: { type: 'string', id: 2 },
        tunnelEndpointIp: { type: 'string', id: 3 },
      },
    },
  },
};

interface WirePort {
  readonly name: string;
  readonly protocol: number;
  readonly targetPort: number;
  readonly publishedPort: number;
}

interface WireEndpoint {
  readonly name: string;
  readonly serviceName: string;
  readonly serviceId: string;
  readonly virtualIp: string;
  readonly endpointIp: string;
  readonly ingressPorts: readonly WirePort[];
  readonly aliases: readonly string[];
  readonly taskAliases: readonly string[];
  readonly serviceDisabled: boolean;
}

const root = protobuf.Root.fromJSON(SCHEMA);
const endpointType = root.lookupType('EndpointRecord');
const peerType = root.lookupType('PeerRecord');
const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;
/** How Go writes an address that is none. */
const NO_ADDRESS = '<nil>';

/** Values of `endpoint_table`. */
export const endpointRecords: TableCodec<EndpointRecord> = {
  encode: (record) => {
    const { virtualIp, isServiceDisabled, ingressPorts, ...same } = record;
    const wire: WireEndpoint = {
      ...same,
      virtualIp: virtualIp ?? NO_ADDRESS,
      serviceDisabled: isServiceDisabled,
      ingressPorts: ingressPorts.map((port) => ({
        ...port,
        protocol: PROTOCOLS.indexOf(port.protocol),
      })),
    };
    return encode(endpointType, wire);
  },
  decode: (bytes) => {
    const wire = decode(endpointType, bytes) as unknown as WireEndpoint;
    const { virtualIp, serviceDisabled, ingressPorts, ...same } = wire;
    if (same.name === '' || same.endpointIp === '') throw new Error('an endpoint without a name');
    return {
      ...same,
      virtualIp: virtualIp === '' || virtualIp === NO_ADDRESS ? null : virtualIp,
      ingressPorts: ingressPorts.map((port) => ({
        ...port,
        protocol: PROTOCOLS[port.protocol] ?? 'tcp',
      })),
      isServiceDisabled: serviceDisabled,
    };
  },
};

/** Values of `overlay_peer_table`. */
export const peerRecords: TableCodec<PeerRecord> = {
  encode: (record) => encode(peerType, record),
  decode: (bytes) => {
    const record = decode(peerType, bytes) as unknown as PeerRecord;
    if (record.endpointIp === '' || record.tunnelEndpointIp === '') {
      throw new Error('a peer without an address');
    }
    return record;
  },
};

/** Leaves out what is empty, as Go does. */
function encode(type: protobuf.Type, record: object): Uint8Array {
  const full = Object.entries(record).filter(([, value]) => value !== '' && value !== false);
  return type.encode(type.fromObject(Object.fromEntries(full))).finish();
}

function decode(type: protobuf.Type, bytes: Uint8Array): Record<string, unknown> {
  return type.toObject(type.decode(bytes), { defaults: true, arrays: true });
}
