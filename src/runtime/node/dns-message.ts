import { hostFromBytes } from '../address.ts';
import { CodecError } from '../errors.ts';

/*
 * The two DNS messages that a name lookup needs (RFC 1035 section 4): a question, and an answer of which
 * nothing but addresses is wanted.
 *
 *   header: id, flags, 4 counts    question: name type class    record: name type class ttl length data
 *
 * A name server is no peer of ours, but what it sends is input from the network all the same. So names
 * are stepped over and their compression pointers never followed, since no name matters here: work is
 * linear in the message, of 64 KiB at most, and whatever the bytes, the outcome is a list of addresses
 * or a typed error. (A decoder that follows pointers can be kept busy for seconds by chains of them.)
 */

/** Kinds of addresses, each asked for by itself: many servers refuse to answer ANY (RFC 8482). */
export type AddressRecord = 'A' | 'AAAA';

/** What one answer says. */
export interface DnsAnswer {
  /** Number of the question. */
  readonly id: number;
  /** The server's word on the question; 0 is success, 3 says that there is no such name. */
  readonly responseCode: number;
  /** Every address among the answers, canonical; other records, CNAMEs above all, are passed over. */
  readonly hosts: readonly string[];
}

/** Whether DNS can carry the name as it is; others are the system's to make sense of. */
export function isDnsName(host: string): boolean {
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  return name.length <= MAX_NAME_LENGTH && name.split('.').every((label) => LABEL.test(label));
}

/**
 * One question.
 *
 * @param question - `id` is uint16, `host` a name that {@link isDnsName}, taken as fully qualified
 */
export function encodeQuestion(question: {
  readonly id: number;
  readonly host: string;
  readonly record: AddressRecord;
}): Uint8Array {
  const { id, host, record } = question;
  const labels = host.split('.').filter((label) => label !== '');
  const name = labels.flatMap((label) => [label.length, ...new TextEncoder().encode(label)]);
  const header = [id >> 8, id & 0xff, RECURSION_DESIRED, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  return Uint8Array.of(...header, ...name, 0, 0, RECORD_TYPE[record], 0, CLASS_INTERNET);
}

/**
 * Reads one answer.
 *
 * @throws CodecError with `ERR_CODEC_TRUNCATED` or `ERR_CODEC_MALFORMED` for bytes that are no answer
 */
export function decodeAnswer(message: Uint8Array): DnsAnswer {
  const reader = new Reader(message);
  const id = reader.uint16();
  const flags = reader.uint16();
  const questionCount = reader.uint16();
  const answerCount = reader.uint16();
  reader.skip(4); // the counts of the two sections behind the answers, which are not read
  if ((flags & RESPONSE_FLAG) === 0) throw malformed('a question');
  for (let i = 0; i < questionCount; i += 1) {
    reader.skipName();
    reader.skip(4);
  }
  const hosts: string[] = [];
  for (let i = 0; i < answerCount; i += 1) {
    const host = readAddress(reader);
    if (host !== null) hosts.push(host);
  }
  return { id, responseCode: flags & RESPONSE_CODE_MASK, hosts };
}

/** The address in a record; null when it is a record of another kind. */
function readAddress(reader: Reader): string | null {
  reader.skipName();
  const type = reader.uint16();
  const recordClass = reader.uint16();
  reader.skip(4);
  const data = reader.bytes(reader.uint16());
  if (recordClass !== CLASS_INTERNET) return null;
  if (type !== RECORD_TYPE.A && type !== RECORD_TYPE.AAAA) return null;
  if (data.length !== (type === RECORD_TYPE.A ? 4 : 16))
    throw malformed('an address of odd length');
  return hostFromBytes(data);
}

class Reader {
  readonly #message: Uint8Array;
  #at = 0;

  constructor(message: Uint8Array) {
    this.#message = message;
  }

  bytes(length: number): Uint8Array {
    const start = this.#at;
    this.#at += length;
    if (this.#at <= this.#message.length) return this.#message.subarray(start, this.#at);
    throw new CodecError('ERR_CODEC_TRUNCATED', 'the answer of a name server is cut');
  }

  skip(length: number): void {
    this.bytes(length);
  }

  uint8(): number {
    return this.bytes(1)[0] as number;
  }

  uint16(): number {
    return this.uint8() * 256 + this.uint8();
  }

  /** Steps over labels to the end of a name, or to the pointer that stands for the rest of it. */
  skipName(): void {
    for (let length = this.uint8(); length !== 0; length = this.uint8()) {
      if (length >= POINTER_MARK) return this.skip(1);
      if (length > MAX_LABEL_LENGTH) throw malformed('a label of a kind that no name has');
      this.skip(length);
    }
  }
}

function malformed(what: string): CodecError {
  return new CodecError('ERR_CODEC_MALFORMED', `not an answer of a name server: ${what}`);
}

const RECORD_TYPE = { A: 1, AAAA: 28 } as const;
const CLASS_INTERNET = 1;
const RESPONSE_FLAG = 0x8000;
/** In the first of the two bytes of flags. */
const RECURSION_DESIRED = 0x01;
const RESPONSE_CODE_MASK = 0xf;
const POINTER_MARK = 0xc0;
const MAX_LABEL_LENGTH = 63;
const MAX_NAME_LENGTH = 253;
/** Visible ASCII without the dot; the system knows what to do with other text. */
const LABEL = /^[\x21-\x2d\x2f-\x7e]{1,63}$/;
