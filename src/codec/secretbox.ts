import nacl from 'tweetnacl';

import { concatBytes } from './bytes.ts';
import type { RingKey } from './keyring.ts';

/*
 * XSalsa20-Poly1305 with keys that are always derived from the ring's keys:
 *
 *   first 32 bytes of SHA-512(domain | 00 | label | 00 | ring key)
 *
 * The domain keeps packets, requests and replies apart, the label binds the cluster's name, and no
 * derived key can meet the ring's key in another cipher. A reply's domain is followed by the salt of
 * the request, so that a reply opens only beside the request it answers.
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

  constructor(label: Uint8Array) {
    this.#label = label;
  }

  /** The key that seals packets. */
  packet(key: RingKey): Uint8Array {
    return this.#cached(this.#packet, PACKET_DOMAIN, key);
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

/** Seals a message; the result is 16 bytes longer. */
export function sealBox(message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  return nacl.secretbox(message, nonce, key);
}

/** Opens a box, or returns null when key, nonce or bytes are not those that were sealed. */
export function openBox(box: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array | null {
  return nacl.secretbox.open(box, nonce, key);
}
