import { Memberlist } from '../../../src/memberlist/index.ts';
import type { ScenarioContext } from '../system/scenario.ts';
import type { Tags } from './messages.ts';
import { encodeTags } from './messages.ts';

/*
 * A member of ours in a ring of Serf: its bytes, its delegate versions, and tags as metadata.
 *
 * Serf gossips intents and events as user messages, and every agent passes on each one that it had not heard
 * before. A member that does not is a dead end: an intent that only it was told of is lost, and the
 * ring then takes who left for failed. So this one passes them on too, unread.
 */

/** The versions that Serf 0.8 and 0.9 compare: they speak 4 or 5. */
const SERF_VERSIONS = { min: 2, max: 5, current: 4 };

/** A member of ours, and what it has heard. */
export interface SerfPeer {
  readonly memberlist: Memberlist;
  /** `join s1`, `fail s2` and the like, in order. */
  readonly events: string[];
  /** Messages of the layer above, as they came. */
  readonly messages: Uint8Array[];
  setTags(tags: Tags): Promise<void>;
  /** Gossips a message of Serf's layer. */
  broadcast(message: Uint8Array): void;
}

/** Starts a member of ours on loopback; it is closed with the scenario. */
export async function startPeer(
  context: ScenarioContext,
  options: { readonly name: string; readonly tags: Tags; readonly key: Uint8Array | null },
): Promise<SerfPeer> {
  let metadata = encodeTags(options.tags);
  const events: string[] = [];
  const messages: Uint8Array[] = [];
  const queue: { readonly message: Uint8Array; left: number }[] = [];
  const memberlist = await Memberlist.create(
    {
      nodeName: options.name,
      bindAddress: '127.0.0.1',
      bindPort: 0,
      profile: 'local',
      wire: 'memberlist',
      delegateVersion: SERF_VERSIONS,
      ...(options.key === null ? {} : { encryption: { keys: [options.key] } }),
    },
    {
      user: {
        localMetadata: () => metadata,
        onUserMessage: (message) => {
          const isNews = !messages.some((known) => Buffer.compare(known, message) === 0);
          messages.push(message);
          if (isNews) queue.push({ message, left: TRANSMITS });
        },
        getBroadcasts: (overheadBytes, limitBytes) => take(queue, overheadBytes, limitBytes),
      },
    },
  );
  context.defer(async () => memberlist.close());
  for (const name of ['join', 'suspect', 'fail', 'leave', 'update'] as const) {
    memberlist.on(name, (member) => events.push(`${name} ${member.name}`));
  }
  return {
    memberlist,
    events,
    messages,
    setTags: async (tags) => {
      metadata = encodeTags(tags);
      await memberlist.updateNode({ timeoutMs: UPDATE_LIMIT_MS });
    },
    broadcast: (message) => {
      messages.push(message);
      queue.push({ message, left: TRANSMITS });
    },
  };
}

/** What of the queue fits; each message goes out some times, as Serf's own do. */
function take(
  queue: { readonly message: Uint8Array; left: number }[],
  overheadBytes: number,
  limitBytes: number,
): Uint8Array[] {
  const taken: Uint8Array[] = [];
  let room = limitBytes;
  for (const item of queue) {
    const size = item.message.length + overheadBytes;
    if (item.left === 0 || size > room) continue;
    item.left -= 1;
    room -= size;
    taken.push(item.message);
  }
  return taken;
}

const TRANSMITS = 6;
const UPDATE_LIMIT_MS = 10_000;
