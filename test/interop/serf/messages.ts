import { MsgpackReader, MsgpackWriter } from '../../../src/codec/msgpack.ts';

/*
 * The little of Serf's own layer that the scenarios need. To memberlist all of it is opaque: tags are
 * metadata, events and leave intents are user messages.
 */

const TAGS_MARK = 0xff;
const LEAVE_INTENT = 0;
const USER_EVENT = 3;

export type Tags = Readonly<Record<string, string>>;

/** Metadata of a member as Serf 0.4 and later writes it: a mark, then a map of texts. */
export function encodeTags(tags: Tags): Uint8Array {
  const writer = new MsgpackWriter();
  writer.begin();
  writer.byte(TAGS_MARK);
  const entries = Object.entries(tags);
  writer.map(entries.length);
  for (const [tag, value] of entries) {
    writer.text('tag', tag);
    writer.text('value', value);
  }
  return writer.finish();
}

/** @throws Error when the metadata is not of Serf; CodecError when its map cannot be read */
export function decodeTags(metadata: Uint8Array): Tags {
  if (metadata[0] !== TAGS_MARK) throw new Error('not the metadata of a Serf member');
  const reader = new MsgpackReader(metadata.subarray(1));
  const tags: Record<string, string> = {};
  for (let left = reader.mapEntries(); left > 0; left -= 1) tags[reader.text()] = reader.text();
  return tags;
}

/** A user event, to be gossiped. */
export function encodeUserEvent(event: {
  readonly time: number;
  readonly name: string;
  readonly payload: Uint8Array;
}): Uint8Array {
  const writer = begin(USER_EVENT, 4);
  writer.text('key', 'CC');
  writer.boolean(false);
  writer.text('key', 'LTime');
  writer.integer(event.time);
  writer.text('key', 'Name');
  writer.text('name', event.name);
  writer.text('key', 'Payload');
  writer.bytes(event.payload);
  return writer.finish();
}

/** Says that a member is about to leave, to be gossiped before it does. */
export function encodeLeaveIntent(intent: {
  readonly time: number;
  readonly node: string;
}): Uint8Array {
  const writer = begin(LEAVE_INTENT, 3);
  writer.text('key', 'LTime');
  writer.integer(intent.time);
  writer.text('key', 'Node');
  writer.text('node', intent.node);
  writer.text('key', 'Prune');
  writer.boolean(false);
  return writer.finish();
}

/** The name of a user event, or null for any other message of Serf. */
export function userEventName(message: Uint8Array): string | null {
  if (message[0] !== USER_EVENT) return null;
  const reader = new MsgpackReader(message.subarray(1));
  let name: string | null = null;
  for (let left = reader.mapEntries(); left > 0; left -= 1) {
    if (reader.key() === 'Name') name = reader.text();
    else reader.skip();
  }
  return name;
}

function begin(type: number, entries: number): MsgpackWriter {
  const writer = new MsgpackWriter();
  writer.begin();
  writer.byte(type);
  writer.map(entries);
  return writer;
}
