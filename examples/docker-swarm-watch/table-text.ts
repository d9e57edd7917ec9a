import type { EndpointRecord, PeerRecord } from './records.ts';

/*
 * A network of the swarm as text: one line per container, put together from the two tables, which share
 * their keys.
 */

/** What the tables hold of one network. */
export interface NetworkView {
  readonly network: string;
  readonly endpoints: ReadonlyMap<string, EndpointRecord>;
  readonly peers: ReadonlyMap<string, PeerRecord>;
}

const HEAD = ['endpoint', 'name', 'service', 'address', 'virtual', 'behind', 'aliases'];
const KEY_CHARS = 12;

/** What somebody else wrote, without what would steer a terminal. */
function plain(text: string): string {
  return text.replace(/\p{C}/gu, '?');
}

/** One endpoint, on one line. */
export function endpointText(record: EndpointRecord): string {
  const { name, serviceName, endpointIp, virtualIp } = record;
  const service = serviceName === '' ? '' : ` of ${serviceName}`;
  const virtual = virtualIp === null ? '' : `, virtual ${virtualIp}`;
  const aliases = [...record.aliases, ...record.taskAliases].join(' ');
  const draining = record.isServiceDisabled ? ', draining' : '';
  return plain(`${name}${service} at ${endpointIp}${virtual}, aliases ${aliases}${draining}`);
}

/** One peer, on one line. */
export function peerText({ endpointIp, endpointMac, tunnelEndpointIp }: PeerRecord): string {
  return plain(`${endpointIp} (${endpointMac}) behind ${tunnelEndpointIp}`);
}

/** The network as a table, sorted by name; balancers, which have no name, stand last. */
export function networkText(view: NetworkView): string {
  const keys = new Set([...view.endpoints.keys(), ...view.peers.keys()]);
  const rows = [...keys].map((key) => row(key, view.endpoints.get(key), view.peers.get(key)));
  rows.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  const title = `network ${view.network}: ${keys.size} ${keys.size === 1 ? 'endpoint' : 'endpoints'}`;
  return [title, ...aligned([HEAD, ...rows])].join('\n');
}

function row(key: string, endpoint?: EndpointRecord, peer?: PeerRecord): string[] {
  const aliases = [...(endpoint?.aliases ?? []), ...(endpoint?.taskAliases ?? [])];
  return [
    key.slice(0, KEY_CHARS),
    endpoint?.name ?? '-',
    endpoint?.serviceName || '-',
    peer?.endpointIp ?? endpoint?.endpointIp ?? '-',
    endpoint?.virtualIp ?? '-',
    peer?.tunnelEndpointIp ?? '-',
    aliases.join(' ') || '-',
  ].map(plain);
}

function sortKey([key = '', name = '-']: readonly string[]): string {
  return `${name === '-' ? '~' : name} ${key}`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = HEAD.map((_, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0)));
  return rows.map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
