import { createHash } from 'node:crypto';

import { NetworkDB } from '../../../src/index.ts';
import type { Network, Table } from '../../../src/index.ts';
import type { Fields, NodeOptions, Request } from './lines.ts';
import type { Tell } from './our-member.ts';
import { changeKeys, commonOptions, listed, tellOf, utf8 } from './our-member.ts';

const PATIENCE_MS = 10_000;

/** A member of ours with tables. Its timings are those of Docker's. */
export class OurTables {
  readonly #db: NetworkDB;
  readonly #networks = new Map<string, Network>();

  private constructor(db: NetworkDB) {
    this.#db = db;
  }

  static async create(node: string, options: NodeOptions, tell: Tell): Promise<OurTables> {
    const db = await NetworkDB.create({ ...commonOptions(node, options), profile: 'lan' });
    tellOf(db, node, tell);
    db.on('writeConflict', ({ key }) => tell({ event: 'writeConflict', node, key }));
    return new OurTables(db);
  }

  get port(): number {
    return this.#db.localMember.port;
  }

  async answer(request: Request): Promise<Fields> {
    const db = this.#db;
    const wait = { timeoutMs: PATIENCE_MS };
    const name = request.network ?? '';
    switch (request.do) {
      case 'join':
        return { count: await db.join(request.targets ?? [], wait) };
      case 'members':
        // Metadata is between our own nodes; NetworkDB shows it to nobody.
        return { members: listed(db).map((member) => ({ ...member, metadata: '' })) };
      case 'peers':
        return { peers: db.peers(name).map((peer) => peer.name) };
      case 'joinNetwork':
        this.#networks.set(name, await db.joinNetwork(name, { waitForSync: false }));
        return {};
      case 'leaveNetwork':
        this.#networks.get(name)?.leave();
        return {};
      case 'createEntry':
        this.#table(request).create(request.key ?? '', utf8(request.value ?? ''));
        return {};
      case 'updateEntry':
        this.#table(request).update(request.key ?? '', utf8(request.value ?? ''));
        return {};
      case 'deleteEntry':
        this.#table(request).delete(request.key ?? '');
        return {};
      case 'fill':
        this.#fill(request);
        return {};
      case 'entries':
        return this.#entries(request);
      case 'close': {
        await db.leave(wait);
        const last = this.#stats();
        await db.close();
        return last;
      }
      case 'stats':
        return this.#stats();
    }
    if (changeKeys(db.keyring, request)) return {};
    throw new Error(`no verb ${request.do}`);
  }

  #table(request: Request): Table<Uint8Array> {
    const network = this.#networks.get(request.network ?? '');
    if (network === undefined) throw new Error(`not on ${request.network ?? ''}`);
    return network.table(request.table ?? '');
  }

  #stats(): Fields {
    const { membership, tables } = this.#db.stats();
    return { counters: { ...membership.counters, ...tables.counters } };
  }

  #fill(request: Request): void {
    const table = this.#table(request);
    const value = utf8(request.value ?? '');
    for (let at = 0; at < (request.count ?? 0); at += 1) {
      table.create(`${request.key ?? ''}${at}`, value);
    }
  }

  /** Number of live entries, a digest over them as the Go program makes it, and the first few. */
  #entries(request: Request): Fields {
    const lines = [...this.#table(request).entries()].map(({ key, value }) => {
      return `${key}=${new TextDecoder().decode(value)}`;
    });
    return { count: lines.length, ...digestOf(lines), first: lines.slice(0, request.count ?? 0) };
  }
}

/** Digest over lines in the order of their characters. */
export function digestOf(lines: string[]): { readonly digest: string } {
  const digest = createHash('sha256');
  for (const line of lines.sort()) digest.update(`${line}\n`);
  return { digest: digest.digest('hex') };
}
