import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect } from 'node:net';

import type { GossipError } from '../errors.ts';
import { CodecError, TimeoutError, TransportError } from '../errors.ts';
import type { Address } from '../transport.ts';
import type { AddressRecord } from './dns-message.ts';
import { decodeAnswer, encodeQuestion } from './dns-message.ts';

/*
 * A name's addresses, asked of one name server over one TCP connection:
 *
 *   len16 question A, len16 question AAAA  ->
 *                                          <-  len16 answer, len16 answer      in any order
 *
 * Over UDP an answer is cut to one packet, and a name that stands for all members of a cluster would
 * show some of them only. Invariant: `done` runs once, the socket is gone by then, and at most one
 * unread message of 64 KiB is held.
 */

/** What to look up, and of whom. */
export interface TcpLookup {
  readonly server: Address;
  /** A name that DNS can carry; taken as fully qualified. */
  readonly host: string;
  /** Milliseconds for all of it, the connection included. */
  readonly timeoutMs: number;
}

/**
 * Asks for both kinds of addresses.
 *
 * @param done - hears every address without duplicates, IPv4 first; none when the server knows none or
 * refuses; an error when the exchange broke off, whatever was heard until then
 * @returns a function that gives up; `done` is not called then
 */
export function lookupOverTcp(
  lookup: TcpLookup,
  done: (error: GossipError | null, hosts: readonly string[]) => void,
): () => void {
  const exchange = new Exchange(lookup, done);
  return () => exchange.abandon();
}

class Exchange {
  readonly #lookup: TcpLookup;
  readonly #done: (error: GossipError | null, hosts: readonly string[]) => void;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  readonly #open = new Map<number, AddressRecord>();
  readonly #found: Record<AddressRecord, readonly string[]> = { A: [], AAAA: [] };
  #unread: Uint8Array = new Uint8Array(0);
  #isOver = false;

  constructor(
    lookup: TcpLookup,
    done: (error: GossipError | null, hosts: readonly string[]) => void,
  ) {
    this.#lookup = lookup;
    this.#done = done;
    const { server, timeoutMs } = lookup;
    this.#timer = setTimeout(() => {
      const text = `${server.host} did not answer within ${timeoutMs} ms`;
      this.#fail(new TimeoutError('ERR_TIMEOUT', text, { timeoutMs }));
    }, timeoutMs);
    this.#socket = connect({ host: server.host, port: server.port, noDelay: true });
    this.#socket.on('data', (chunk: Uint8Array) => this.#read(chunk));
    this.#socket.on('end', () => this.#fail(this.#brokenOff()));
    this.#socket.on('error', (cause) => this.#fail(this.#brokenOff(cause)));
    this.#ask();
  }

  abandon(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#socket.destroy();
  }

  #ask(): void {
    const first = randomInt(0x1_0000);
    this.#open.set(first, 'A').set((first + 1) & 0xffff, 'AAAA');
    for (const [id, record] of this.#open) {
      const question = encodeQuestion({ id, host: this.#lookup.host, record });
      this.#socket.write(Uint8Array.of(question.length >> 8, question.length & 0xff));
      this.#socket.write(question);
    }
  }

  #read(chunk: Uint8Array): void {
    let rest: Uint8Array = Buffer.concat([this.#unread, chunk]);
    while (!this.#isOver && rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + (((rest[0] as number) << 8) | (rest[1] as number));
      if (rest.length < end) break;
      this.#take(rest.subarray(LENGTH_BYTES, end));
      rest = rest.subarray(end);
    }
    this.#unread = rest;
  }

  #take(message: Uint8Array): void {
    try {
      const { id, responseCode, hosts } = decodeAnswer(message);
      const record = this.#open.get(id);
      if (record === undefined) throw new CodecError('ERR_CODEC_MALFORMED', 'not our question');
      this.#open.delete(id);
      if (responseCode === 0) this.#found[record] = hosts;
    } catch (error) {
      this.#fail(error as GossipError);
      return;
    }
    if (this.#open.size === 0) this.#settle(null);
  }

  #brokenOff(cause?: unknown): TransportError {
    const { server } = this.#lookup;
    const text = `the name server ${server.host} broke off`;
    return new TransportError('ERR_NAME_LOOKUP', text, { server: server.host, cause });
  }

  #fail(error: GossipError): void {
    this.#settle(error);
  }

  #settle(error: GossipError | null): void {
    if (this.#isOver) return;
    this.abandon();
    const { A, AAAA } = this.#found;
    this.#done(error, error === null ? [...new Set([...A, ...AAAA])] : []);
  }
}

const LENGTH_BYTES = 2;
