import { plainBytes, readUint32 } from './bytes.ts';
import type {
  AckMessage,
  AliveMessage,
  DeadMessage,
  PacketMessage,
  PingMessage,
  SuspectMessage,
} from './messages.ts';
import { MESSAGE_TYPE } from './messages.ts';
import { TextCache } from './text-cache.ts';
import { decodeText } from './text.ts';
import {
  ACCUSATION_FROM,
  ACK_PAYLOAD,
  ALIVE_ADDRESS,
  BARE_PING_NODE,
  INCARNATION,
  MAX_USUAL_BYTES,
  MAX_USUAL_NAME,
  METADATA,
  NIL,
  NODE,
  PING_NODE,
  PORT,
  SEQ,
  SOURCE_ADDRESS,
  SOURCE_NODE,
  SOURCE_PORT,
  VERSION_BYTES,
  VERSIONS,
} from './usual-keys.ts';

/*
 * Reads usual messages of the memberlist wire, see `usual-keys.ts`. Every step takes what must come next or notes that
 * the message is not usual; then what was read of it is thrown away.
 */

const MAX_PORT = 0xffff;
const NO_BYTES = new Uint8Array(0);
const NO_TYPE = -1;
/** The header of a map of two. */
const BARE_PING_MAP = BARE_PING_NODE[0];

/**
 * Reads a message that travelled in a packet, type byte first, if it is a usual one; bytes behind it are ignored.
 *
 * @returns the message, its byte fields copies; null for one that must go the long way, be it well or not
 */
export function decodeUsual(bytes: Uint8Array): PacketMessage | null {
  const reader = new UsualReader(plainBytes(bytes));
  const message = readMessage(reader, bytes[0] ?? NO_TYPE);
  return reader.isUsual ? message : null;
}

function readMessage(reader: UsualReader, type: number): PacketMessage | null {
  switch (type) {
    case MESSAGE_TYPE.alive:
      return readAlive(reader);
    case MESSAGE_TYPE.suspect:
      return readAccusation(reader, 'suspect');
    case MESSAGE_TYPE.dead:
      return readAccusation(reader, 'dead');
    case MESSAGE_TYPE.ping:
      return readPing(reader);
    case MESSAGE_TYPE.ack:
      return readAck(reader);
  }
  return null;
}

function readAlive(reader: UsualReader): AliveMessage {
  reader.pass(ALIVE_ADDRESS);
  const address = reader.address();
  reader.pass(INCARNATION);
  const incarnation = reader.integer();
  reader.pass(METADATA);
  const metadata = reader.bytesOrNil();
  reader.pass(NODE);
  const node = reader.name();
  reader.pass(PORT);
  const port = reader.port();
  reader.pass(VERSIONS);
  const versions = reader.take(VERSION_BYTES);
  const startId = NO_BYTES;
  return { type: 'alive', node, address, incarnation, port, metadata, versions, startId };
}

function readAccusation(
  reader: UsualReader,
  type: 'suspect' | 'dead',
): SuspectMessage | DeadMessage {
  reader.pass(ACCUSATION_FROM);
  const from = reader.name();
  reader.pass(INCARNATION);
  const incarnation = reader.integer();
  reader.pass(NODE);
  const node = reader.name();
  return { type, incarnation, node, from };
}

function readPing(reader: UsualReader): PingMessage {
  const isBare = reader.next === BARE_PING_MAP;
  reader.pass(isBare ? BARE_PING_NODE : PING_NODE);
  const node = reader.name();
  reader.pass(SEQ);
  const seq = reader.integer();
  if (isBare) {
    return { type: 'ping', seq, node, sourceAddress: NO_BYTES, sourcePort: 0, sourceNode: '' };
  }
  reader.pass(SOURCE_ADDRESS);
  const sourceAddress = reader.address();
  reader.pass(SOURCE_NODE);
  const sourceNode = reader.name();
  reader.pass(SOURCE_PORT);
  const sourcePort = reader.port();
  return { type: 'ping', seq, node, sourceAddress, sourcePort, sourceNode };
}

function readAck(reader: UsualReader): AckMessage {
  reader.pass(ACK_PAYLOAD);
  const payload = reader.bytesOrNil();
  reader.pass(SEQ);
  return { type: 'ack', seq: reader.integer(), payload };
}

const names = new TextCache();

/** Text of bytes, or null when they are not UTF-8: the long way says how that is refused. */
function readText(bytes: Uint8Array): string | null {
  try {
    return decodeText(bytes);
  } catch {
    return null;
  }
}

/** Takes one thing after the other behind the type byte; once one is not usual, what it gives means nothing. */
class UsualReader {
  readonly #bytes: Uint8Array;
  #at = 1;
  #isUsual = true;

  /** @param bytes - whose `slice` copies, so no Node Buffer */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether everything was there so far, as it usually is. */
  get isUsual(): boolean {
    return this.#isUsual;
  }

  /** The byte that comes next. */
  get next(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** Passes over bytes that must come next. */
  pass(wanted: Uint8Array): void {
    const bytes = this.#bytes;
    const start = this.#at;
    for (let i = 0; i < wanted.length; i += 1) {
      if (bytes[start + i] !== wanted[i]) {
        this.#isUsual = false;
        return;
      }
    }
    this.#at = start + wanted.length;
  }

  /** An integer of 0 to 2^32 - 1. */
  integer(): number {
    const first = this.#bytes[this.#at];
    if (first === undefined) return this.#fail();
    this.#at += 1;
    if (first < 0x80) return first;
    if (first === 0xcc) return this.#unsigned(1);
    if (first === 0xcd) return this.#unsigned(2);
    return first === 0xce ? this.#unsigned(4) : this.#fail();
  }

  port(): number {
    const port = this.integer();
    return port <= MAX_PORT ? port : this.#fail();
  }

  name(): string {
    const length = this.#length();
    const start = this.#at;
    const isUsual = length > 0 && length <= MAX_USUAL_NAME && start + length <= this.#bytes.length;
    const name = isUsual ? names.get(this.#bytes, start, length, readText) : null;
    if (name === null) {
      this.#isUsual = false;
      return '';
    }
    this.#at = start + length;
    return name;
  }

  /** Bytes of 4 or 16. */
  address(): Uint8Array {
    const length = this.#length();
    if (length === 4 || length === 16) return this.take(length);
    this.#isUsual = false;
    return NO_BYTES;
  }

  bytesOrNil(): Uint8Array {
    if (this.#bytes[this.#at] === NIL) {
      this.#at += 1;
      return NO_BYTES;
    }
    const length = this.#length();
    if (length <= MAX_USUAL_BYTES) return this.take(length);
    this.#isUsual = false;
    return NO_BYTES;
  }

  /** A copy of the next so many bytes. */
  take(length: number): Uint8Array {
    const start = this.#at;
    this.#at = start + length;
    if (this.#at <= this.#bytes.length) return this.#bytes.slice(start, this.#at);
    this.#isUsual = false;
    return NO_BYTES;
  }

  /** The length of text or bytes, in the old form or the newer ones. */
  #length(): number {
    const first = this.#bytes[this.#at];
    this.#at += 1;
    if (first === undefined) return this.#fail();
    if (first >= 0xa0 && first <= 0xbf) return first & 31;
    if (first === 0xda || first === 0xc5) return this.#unsigned(2);
    return first === 0xd9 || first === 0xc4 ? this.#unsigned(1) : this.#fail();
  }

  #unsigned(size: 1 | 2 | 4): number {
    const bytes = this.#bytes;
    const at = this.#at;
    if (at + size > bytes.length) return this.#fail();
    this.#at = at + size;
    if (size === 4) return readUint32(bytes, at);
    const first = bytes[at] as number;
    return size === 1 ? first : (first << 8) | (bytes[at + 1] as number);
  }

  #fail(): number {
    this.#isUsual = false;
    return 0;
  }
}
