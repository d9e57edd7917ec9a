import { readFileSync } from 'node:fs';

import type { WireTime } from '../../src/codec/index.ts';
import { GOSSIP_TYPE } from '../../src/codec/index.ts';
import {
  NETWORK_PUSH_PULL,
  PACKET_MESSAGES,
  STREAM_MESSAGES,
  TABLE_EVENTS,
  utf8,
} from '../../fuzz/samples.ts';
import { pack, toHex, unpack } from './values.ts';
import type { Sealing, WireKindName } from './wire-kinds.ts';
import { wireKind } from './wire-kinds.ts';

/*
 * What the present version writes, as a file that every later version must read: each value with its
 * bytes and the random bytes that went into them, so that the file needs nothing beside it.
 */

/** One value and its bytes. */
export interface GoldenEntry {
  readonly kind: string;
  /** Packed, see values.ts. */
  readonly value: unknown;
  readonly hex: string;
}

/** All entries of one release. */
export interface GoldenFile {
  readonly release: string;
  readonly wire: 'protobuf';
  readonly entries: readonly GoldenEntry[];
}

/** Version of the package; tests run from the root of the repository. */
export function presentRelease(): string {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  return version;
}

/** Where a release's file is kept. */
export function goldenPath(release: string): string {
  return `test/golden/wire/${release}.json`;
}

/** The text of a file: one entry a line. */
export function goldenText(file: GoldenFile): string {
  const lines = file.entries.map((entry) => `    ${JSON.stringify(entry)}`);
  const head = `  "release": ${JSON.stringify(file.release)},\n  "wire": "${file.wire}",\n`;
  return `{\n${head}  "entries": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

/** Everything the present version writes. */
export function presentEntries(): GoldenEntry[] {
  const entries: GoldenEntry[] = [];
  const add = (kind: WireKindName, value: unknown): Uint8Array => {
    const bytes = wireKind(kind).write(value);
    entries.push({ kind, value: pack(value), hex: toHex(bytes) });
    return bytes;
  };
  const messages = PACKET_MESSAGES.map((message) => add('packetMessage', message));
  const user = new Uint8Array([8, ...utf8('of the layer above')]);
  const compound = add('compound', { parts: [...messages, user] });
  for (const sealing of sealings()) {
    for (const message of [messages[0], compound]) add('packet', { ...sealing, message });
  }
  const plaintexts = STREAM_MESSAGES.map((message) => add('streamMessage', message));
  const long = utf8('all that a node knows; '.repeat(3200));
  for (const sealing of sealings()) {
    for (const plaintext of [plaintexts[0], long, new Uint8Array(0)]) {
      add('streamRequest', { ...sealing, plaintext });
      add('streamReply', { ...sealing, plaintext });
    }
  }
  add('refusal', { type: 'error', reason: 'key', text: 'no key of ours' });
  add('lzw', { bytes: utf8('to be or not to be, or to be; '.repeat(400)) });
  addTables(add);
  for (const features of [0, 1, 0x80, 0xffff_ffff]) {
    add('capabilities', { features, user: utf8('of the user') });
  }
  add('keyFingerprint', { key: new Uint8Array(32).fill(1) });
  return entries;
}

function addTables(add: (kind: WireKindName, value: unknown) => Uint8Array): void {
  const times: WireTime[] = [0, 1, 2 ** 53 - 1, 2n ** 53n, 2n ** 64n - 1n];
  const nodeEvents = times.map((time) => add('nodeEvent', { kind: 'join', time, node: 'n1' }));
  add('nodeEvent', { kind: 'leave', time: 5, node: 'ñandú' });
  for (const kind of ['join', 'leave']) {
    add('networkEvent', { kind, time: 7, node: 'n1', network: 'prod' });
  }
  const tableEvents = TABLE_EVENTS.map((event) => add('tableEvent', event));
  const pushPull = add('networkPushPull', NETWORK_PUSH_PULL);
  const parts = [
    add('gossip', { type: GOSSIP_TYPE.nodeEvent, data: nodeEvents[1] }),
    ...tableEvents.map((data) => add('gossip', { type: GOSSIP_TYPE.tableEvent, data })),
    add('gossip', { type: 16, data: utf8('a type of our own') }),
  ];
  add('gossip', { type: GOSSIP_TYPE.pushPull, data: pushPull });
  const payload = add('gossipCompound', { parts });
  add('gossipCompound', { parts: [] });
  const sync = { time: 9, isRequest: true, node: 'n1', networks: ['prod', 'test'], payload };
  add('bulkSync', sync);
  add('bulkSync', { ...sync, isRequest: false, networks: [], payload: new Uint8Array(0) });
}

function sealings(): Sealing[] {
  const entropy = Uint8Array.from({ length: 64 }, (_, i) => (i * 37 + 11) & 255);
  const none = new Uint8Array(0);
  const keys = [1, 2].map((byte) => new Uint8Array(32).fill(byte));
  return [
    { label: none, keys: [], entropy: none },
    { label: utf8('ring'), keys: [], entropy: none },
    { label: none, keys, entropy },
    { label: utf8('ring'), keys: keys.slice(0, 1), entropy },
  ];
}

/** The value of an entry as code knows it. */
export function valueOf(entry: GoldenEntry): unknown {
  return unpack(entry.value);
}
