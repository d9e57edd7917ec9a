import { Memberlist } from '../../../src/memberlist/index.ts';
import type { Listener, MemberEventMap, MemberlistOptions } from '../../../src/memberlist/index.ts';
import type { Fields, NodeOptions, PeerEvent, Request } from './lines.ts';

const PATIENCE_MS = 10_000;
const SHOWN_BYTES = 32;

/** Tells the runner of something. */
export type Tell = (event: PeerEvent) => void;

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** What both our members take from the options that Go's take too. */
export function commonOptions(name: string, options: NodeOptions): MemberlistOptions {
  const { keys, label } = options;
  return {
    nodeName: name,
    wire: 'memberlist',
    bindAddress: options.address,
    bindPort: options.port,
    compression: options.compression,
    protocolVersion: options.protocolVersion,
    ...(label === '' ? {} : { label }),
    ...(keys.length === 0
      ? {}
      : { encryption: { keys: keys.map((key) => new Uint8Array(Buffer.from(key, 'hex'))) } }),
  };
}

/** The key operations, the same for both kinds of member. */
export function changeKeys(ring: Memberlist['keyring'], request: Request): boolean {
  const key = new Uint8Array(Buffer.from(request.key ?? '', 'hex'));
  if (request.do === 'addKey') ring.add(key);
  else if (request.do === 'useKey') ring.use(key);
  else if (request.do === 'removeKey') ring.remove(key);
  else return false;
  return true;
}

/** What both kinds of member can be listened to for. */
interface Reports {
  on<Name extends keyof MemberEventMap>(
    name: Name,
    listener: Listener<MemberEventMap[Name]>,
  ): unknown;
}

/** Passes on what both kinds of member report. */
export function tellOf(source: Reports, node: string, tell: Tell): void {
  for (const event of ['join', 'suspect', 'fail', 'leave', 'update'] as const) {
    source.on(event, ({ name, incarnation }) => tell({ event, node, name, incarnation }));
  }
  source.on('nameConflict', ({ existing }) => {
    tell({ event: 'conflict', node, name: existing.name });
  });
  source.on('warning', ({ code, message, fields }) => {
    tell({ event: 'warning', node, code, text: message, cause: fields['code'] });
  });
}

/** A member of ours without tables. */
export class OurMember {
  readonly #list: Memberlist;
  readonly #setMetadata: (text: string) => void;

  private constructor(list: Memberlist, setMetadata: (text: string) => void) {
    this.#list = list;
    this.#setMetadata = setMetadata;
  }

  static async create(node: string, options: NodeOptions, tell: Tell): Promise<OurMember> {
    let metadata = options.metadata;
    const version = options.delegateVersion;
    const list = await Memberlist.create(
      {
        ...commonOptions(node, options),
        profile: 'local',
        delegateVersion: { min: version, max: version, current: version },
        probe: { intervalMs: options.probeIntervalMs, timeoutMs: options.probeTimeoutMs },
        pushPull: { intervalMs: options.pushPullIntervalMs },
        gossip: { intervalMs: options.gossipIntervalMs, retransmitMult: 4 },
        suspicion: { mult: options.suspicionMult },
        limits: { streamTimeoutMs: PATIENCE_MS },
      },
      {
        user: {
          localMetadata: () => utf8(metadata),
          localState: () => utf8('s'.repeat(options.stateBytes)),
          mergeRemoteState: (state) => tell({ event: 'state', node, bytes: state.length }),
          onUserMessage: (message) => {
            const text = textOf(message.subarray(0, SHOWN_BYTES));
            tell({ event: 'message', node, bytes: message.length, text });
          },
        },
      },
    );
    tellOf(list, node, tell);
    return new OurMember(list, (text) => {
      metadata = text;
    });
  }

  get port(): number {
    return this.#list.localMember.port;
  }

  async answer(request: Request): Promise<Fields> {
    const list = this.#list;
    const wait = { timeoutMs: PATIENCE_MS };
    switch (request.do) {
      case 'join':
        return { count: await list.join(request.targets ?? [], wait) };
      case 'members':
        return { members: listed(list), health: list.healthScore };
      case 'metadata':
        this.#setMetadata(request.text ?? '');
        await list.updateNode(wait);
        return {};
      case 'packet':
        list.sendBestEffort(request.to ?? '', bodyOf(request));
        return {};
      case 'stream':
        await list.sendReliable(request.to ?? '', bodyOf(request), wait);
        return {};
      case 'leave':
        await list.leave(wait);
        return {};
      case 'close': {
        const { counters } = list.stats();
        await list.close();
        return { counters };
      }
      case 'stats':
        return { counters: list.stats().counters };
    }
    if (changeKeys(list.keyring, request)) return {};
    throw new Error(`no verb ${request.do}`);
  }
}

/** Members as the runner compares them. */
export function listed(list: Pick<Memberlist, 'members'>): Fields[] {
  return list.members().map(({ name, host, port, metadata, incarnation }) => {
    return { name, host, port, incarnation, metadata: textOf(metadata) };
  });
}

/** The text, repeated until it has the wanted length. */
function bodyOf({ text = '', bytes = 0 }: Request): Uint8Array {
  return utf8(bytes > text.length ? text.repeat(bytes / text.length + 1).slice(0, bytes) : text);
}
