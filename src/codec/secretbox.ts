import nacl from 'tweetnacl';

import { concatBytes } from './bytes.ts';
import type { RingKey } from './keyring.ts';
import { cutBytes } from './slab.ts';

/*
 * XSalsa20-Poly1305 with keys that are always derived from the ring's keys:
 *
 *   first 32 bytes of SHA-512(domain | 00 | label | 00 | ring key)
 *
 * The domain keeps packets, requests and replies apart, the label binds the cluster's name, and no
 * derived key can meet the ring's key in another cipher. A reply's domain is followed by the salt of
 * the request, so that a reply opens only beside the request it answers.
 *
 * Most packets are a probe of some fifty bytes, and of what sealing one cost half was arrays: the cipher wants both
 * of its buffers with 32 bytes in front. So packets go through two buffers of the module, which is safe since
 * nothing here waits; what is in them afterwards is known to this process anyway.
 */

/** Where nonces and salts come from; the runtime's entropy port fits. */
export interface EntropySource {
  /** Overwrites all of `target` with unpredictable bytes. */
  fill(target: Uint8Array): void;
}

/** Sizes of ring keys that this cipher takes. */
export const SECRETBOX_KEY_LENGTHS: readonly number[] = Object.freeze([32]);
/** First byte of a sealed packet, and second byte of a sealed stream. */
export const SEALED_MARK = 0xe2;
/** Bytes of a nonce. */
export const NONCE_BYTES = 24;
/** What a box has more than what is in it. */
export const BOX_OVERHEAD_BYTES = 16;
/** Bytes of a stream's salt. */
export const SALT_BYTES = 16;

const DERIVED_KEY_BYTES = 32;
const ZERO = new Uint8Array(1);
const text = new TextEncoder();
const PACKET_DOMAIN = text.encode('networkdb packet v1');
const REQUEST_DOMAIN = text.encode('networkdb stream request v1');
const REPLY_DOMAIN = text.encode('networkdb stream reply v1');

/** Derived keys of one cluster; those that depend on nothing else are kept as long as their ring key. */
export class SealingKeys {
  readonly #label: Uint8Array;
  readonly #packet = new WeakMap<RingKey, Uint8Array>();
  readonly #request = new WeakMap<RingKey, Uint8Array>();
  /** The last result for packets, which is mostly wanted again: looking into a weak map costs more. */
  #recent: { readonly of: RingKey; readonly packet: Uint8Array } | null = null;

  constructor(label: Uint8Array) {
    this.#label = label;
  }

  /** The key that seals packets. */
  packet(key: RingKey): Uint8Array {
    if (this.#recent?.of !== key) {
      this.#recent = { of: key, packet: this.#cached(this.#packet, PACKET_DOMAIN, key) };
    }
    return this.#recent.packet;
  }

  /** The key that seals what the dialling side of a stream sends. */
  request(key: RingKey): Uint8Array {
    return this.#cached(this.#request, REQUEST_DOMAIN, key);
  }

  /** The key that seals the answer to the request with this salt. */
  reply(key: RingKey, requestSalt: Uint8Array): Uint8Array {
    return this.#derive(concatBytes([REPLY_DOMAIN, requestSalt]), key);
  }

  #cached(cache: WeakMap<RingKey, Uint8Array>, domain: Uint8Array, key: RingKey): Uint8Array {
    let derived = cache.get(key);
    if (derived === undefined) {
      derived = this.#derive(domain, key);
      cache.set(key, derived);
    }
    return derived;
  }

  #derive(domain: Uint8Array, key: RingKey): Uint8Array {
    const digest = nacl.hash(concatBytes([domain, ZERO, this.#label, ZERO, key.bytes]));
    return digest.slice(0, DERIVED_KEY_BYTES);
  }
}

/** What the cipher has in front of a message: the key of the authenticator, then in part the tag. */
const FRONT_BYTES = 32;
/** Larger boxes are a small share of the packets, and get buffers of their own. */
const MAX_BUFFERED_BYTES = 2048;
/** Up to here a box is read and authenticated with one pass of the key stream, in place of two. */
const MAX_ONE_PASS_BYTES = 256;

const plain = new Uint8Array(FRONT_BYTES + MAX_BUFFERED_BYTES);
const sealed = new Uint8Array(FRONT_BYTES + MAX_BUFFERED_BYTES);
const tag = new Uint8Array(BOX_OVERHEAD_BYTES);

/** What the cipher is made of; its types leave it out. Lengths count the {@link FRONT_BYTES}. */
interface Cipher {
  crypto_secretbox(c: Uint8Array, m: Uint8Array, d: number, n: Uint8Array, k: Uint8Array): number;
  crypto_secretbox_open(
    ...args: [m: Uint8Array, c: Uint8Array, d: number, n: Uint8Array, k: Uint8Array]
  ): number;
  crypto_stream_xor(
    ...args: [c: Uint8Array, at: 0, m: Uint8Array, from: 0, d: number, n: Uint8Array, k: Uint8Array]
  ): number;
  crypto_onetimeauth(
    ...args: [out: Uint8Array, at: 0, m: Uint8Array, from: number, d: number, k: Uint8Array]
  ): number;
  crypto_verify_16(x: Uint8Array, xAt: 0, y: Uint8Array, yAt: number): number;
}

const cipher = (nacl as unknown as { readonly lowlevel: Cipher }).lowlevel;

/** Seals a message into `out`, from `at` on: 16 bytes more than it has. */
export function sealPacketBox(
  out: Uint8Array,
  at: number,
  o: { readonly message: Uint8Array; readonly nonce: Uint8Array; readonly key: Uint8Array },
): void {
  const { message, nonce, key } = o;
  if (message.length > MAX_BUFFERED_BYTES) {
    out.set(sealBox(message, nonce, key), at);
    return;
  }
  const length = FRONT_BYTES + message.length;
  plain.fill(0, 0, FRONT_BYTES);
  plain.set(message, FRONT_BYTES);
  cipher.crypto_secretbox(sealed, plain, length, nonce, key);
  const shift = FRONT_BYTES - BOX_OVERHEAD_BYTES;
  for (let i = shift; i < length; i += 1) out[at + i - shift] = sealed[i] as number;
}

/** Seals a message; the result is 16 bytes longer. */
export function sealBox(message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  return nacl.secretbox(message, nonce, key);
}

/** Room for boxes that are made and opened one after the other, of up to so many bytes of message. */
export class BoxRoom {
  /** Where a message is put to be sealed; what stands there is lost with each call. */
  readonly message: Uint8Array;
  readonly #plain: Uint8Array;
  readonly #sealed: Uint8Array;

  constructor(maxMessageBytes: number) {
    this.#plain = new Uint8Array(FRONT_BYTES + maxMessageBytes);
    this.#sealed = new Uint8Array(FRONT_BYTES + maxMessageBytes);
    this.message = this.#plain.subarray(FRONT_BYTES);
  }

  /** Seals the first `length` bytes of {@link message}. @returns a view that holds until the next call */
  seal(length: number, nonce: Uint8Array, key: Uint8Array): Uint8Array {
    const [plain, sealed] = [this.#plain, this.#sealed];
    plain.fill(0, 0, FRONT_BYTES);
    cipher.crypto_secretbox(sealed, plain, FRONT_BYTES + length, nonce, key);
    return sealed.subarray(FRONT_BYTES - BOX_OVERHEAD_BYTES, FRONT_BYTES + length);
  }

  /** Opens a box. @returns a view that holds until the next call, or null as {@link openBox} */
  open(box: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array | null {
    const [plain, sealed] = [this.#plain, this.#sealed];
    const length = FRONT_BYTES - BOX_OVERHEAD_BYTES + box.length;
    if (length < FRONT_BYTES || length > plain.length) return openBox(box, nonce, key);
    sealed.fill(0, 0, FRONT_BYTES);
    sealed.set(box, FRONT_BYTES - BOX_OVERHEAD_BYTES);
    const isOpen = cipher.crypto_secretbox_open(plain, sealed, length, nonce, key) === 0;
    return isOpen ? plain.subarray(FRONT_BYTES, length) : null;
  }
}

/** Opens a box, or returns null when key, nonce or bytes are not those that were sealed. */
export function openBox(box: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array | null {
  return nacl.secretbox.open(box, nonce, key);
}

/**
 * The same for the box of a packet.
 *
 * @param packet - what ends in the box
 * @param boxAt - where the box begins
 * @returns what may be a piece of a slab: see `slab.ts`
 */
export function openPacketBox(
  packet: Uint8Array,
  boxAt: number,
  { nonce, key }: { readonly nonce: Uint8Array; readonly key: Uint8Array },
): Uint8Array | null {
  const boxBytes = packet.length - boxAt;
  if (boxBytes > MAX_ONE_PASS_BYTES || boxBytes < BOX_OVERHEAD_BYTES) {
    return openBox(packet.subarray(boxAt), nonce, key);
  }
  const length = FRONT_BYTES - BOX_OVERHEAD_BYTES + boxBytes;
  sealed.fill(0, 0, FRONT_BYTES);
  const shift = boxAt + BOX_OVERHEAD_BYTES - FRONT_BYTES;
  for (let i = FRONT_BYTES; i < length; i += 1) sealed[i] = packet[i + shift] as number;
  // Over zeros the key stream shows itself: its first bytes are the authenticator's key.
  cipher.crypto_stream_xor(plain, 0, sealed, 0, length, nonce, key);
  cipher.crypto_onetimeauth(tag, 0, sealed, FRONT_BYTES, length - FRONT_BYTES, plain);
  if (cipher.crypto_verify_16(tag, 0, packet, boxAt) !== 0) return null;
  const message = cutBytes(length - FRONT_BYTES);
  for (let i = FRONT_BYTES; i < length; i += 1) message[i - FRONT_BYTES] = plain[i] as number;
  return message;
}
