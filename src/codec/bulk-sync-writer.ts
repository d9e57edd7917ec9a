import { varintBytes, writeVarint } from './bytes.ts';
import {
  compoundPartBytes,
  GOSSIP_TYPE,
  gossipHeaderBytes,
  writeGossipHeader,
  writePartHeader,
} from './gossip-envelope.ts';
import type { BulkSync } from './networkdb-messages.ts';
import { bulkSyncFields, bulkSyncTail, PAYLOAD_TAG } from './networkdb-messages.ts';
import type { KeptTableEvent } from './table-event.ts';
import { encodeTableEventMessage, shortBytes, writeShort } from './table-event.ts';

/*
 * One message of a bulk sync, whose entries are written where they go out:
 *
 *   room | GossipMessage header, fields, length of the payload | compound header | part, part, part | tail
 *
 * What stands in front depends on what stands behind it, so it is written last, backwards into the room that was left for it.
 * Invariant: nothing is copied but at a growth, which is fourfold, and no event has an array of its own: of a chunk of four
 * megabytes copies would cost milliseconds in one turn of the loop, and arrays most of the work.
 */

const FIRST_BYTES = 4_096;
const GROWTH = 4;
/** Beside the fields: two headers of messages and the length of the payload. */
const HEADERS_BYTES = 32;
/** Headers of the parts, beside the messages: a fortieth for usual entries. */
const HEADERS_SHARE = 1 / 16;
const LATEST = Number.MAX_SAFE_INTEGER;

/** What is known of a bulk sync before it is written. */
export type BulkSyncHead = Pick<BulkSync, 'node' | 'networks' | 'ownOnly'>;

/** Writes one message of a bulk sync; see the head of the file. */
export class BulkSyncWriter {
  readonly #head: BulkSyncHead;
  readonly #tail: Uint8Array;
  readonly #maxBytes: number;
  /** Where the parts begin. */
  readonly #start: number;
  #bytes: Uint8Array;
  #end: number;

  /**
   * @param contentBytes - what will be written, about; room for it is made at once when much is expected
   * @throws as `encodeBulkSync`
   */
  constructor(
    head: BulkSyncHead,
    contentBytes: { readonly atMost: number; readonly isLikely: boolean },
  ) {
    const { atMost, isLikely } = contentBytes;
    this.#head = head;
    this.#tail = bulkSyncTail(head);
    this.#start = bulkSyncFields({ ...head, time: LATEST, isRequest: true }).length + HEADERS_BYTES;
    this.#maxBytes = this.#start + Math.ceil(atMost * (1 + HEADERS_SHARE)) + FIRST_BYTES;
    this.#bytes = new Uint8Array(isLikely ? this.#maxBytes : this.#start + FIRST_BYTES);
    this.#end = this.#start;
  }

  /** Adds a message that is in its envelope. @returns its bytes */
  add(message: Uint8Array): number {
    this.#makeRoom(compoundPartBytes(message.length));
    const at = writePartHeader(this.#bytes, this.#end, message.length);
    this.#bytes.set(message, at);
    this.#end = at + message.length;
    return message.length;
  }

  /**
   * Adds a table event. @returns the bytes of its message
   *
   * @throws as `encodeTableEvent`
   */
  addTableEvent(event: KeptTableEvent): number {
    const innerBytes = shortBytes(event);
    if (innerBytes < 0) return this.add(encodeTableEventMessage(event));
    const messageBytes = gossipHeaderBytes(GOSSIP_TYPE.tableEvent, innerBytes) + innerBytes;
    this.#makeRoom(compoundPartBytes(messageBytes));
    const bytes = this.#bytes;
    const at = writePartHeader(bytes, this.#end, messageBytes);
    this.#end = writeShort(
      bytes,
      writeGossipHeader(bytes, GOSSIP_TYPE.tableEvent, innerBytes, at),
      event,
    );
    return messageBytes;
  }

  /**
   * The message in its envelope; the writer is of no use afterwards.
   *
   * @param time - of a last chunk; 0 for one before it
   */
  finish({ time, isRequest }: Pick<BulkSync, 'time' | 'isRequest'>): Uint8Array {
    const fields = bulkSyncFields({ ...this.#head, time, isRequest });
    const partsBytes = this.#end - this.#start;
    const payloadBytes = gossipHeaderBytes(GOSSIP_TYPE.compound, partsBytes) + partsBytes;
    const lengthBytes = 1 + varintBytes(payloadBytes);
    const innerBytes = fields.length + lengthBytes + payloadBytes + this.#tail.length;
    const headBytes =
      gossipHeaderBytes(GOSSIP_TYPE.bulkSync, innerBytes) +
      fields.length +
      lengthBytes +
      (payloadBytes - partsBytes);
    const from = this.#start - headBytes;
    this.#makeRoom(this.#tail.length);
    const bytes = this.#bytes;
    let at = writeGossipHeader(bytes, GOSSIP_TYPE.bulkSync, innerBytes, from);
    bytes.set(fields, at);
    at += fields.length;
    bytes[at] = PAYLOAD_TAG;
    at = writeVarint(bytes, at + 1, payloadBytes);
    writeGossipHeader(bytes, GOSSIP_TYPE.compound, partsBytes, at);
    bytes.set(this.#tail, this.#end);
    return bytes.subarray(from, this.#end + this.#tail.length);
  }

  #makeRoom(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#bytes.length) return;
    // Where the guess was too small there is no growing by one entry after the other either.
    const grown = Math.min(GROWTH * this.#bytes.length, Math.max(this.#maxBytes, 2 * needed));
    const larger = new Uint8Array(Math.max(grown, needed));
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
  }
}
