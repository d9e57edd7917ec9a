import nacl from 'tweetnacl';

import { CryptoError } from '../runtime/errors.ts';
import { concatBytes, copyBytes, equalBytes, toHex } from './bytes.ts';

/** A key of the ring. The object stays the same as long as the key is in the ring. */
export interface RingKey {
  /** The key itself; never to be changed, logged or handed out. */
  readonly bytes: Uint8Array;
  /** Eight hexadecimal digits that name the key without telling it. */
  readonly fingerprint: string;
}

/** What may be shown of a key. */
export interface KeyInfo {
  readonly fingerprint: string;
  readonly isPrimary: boolean;
  /** Packets and streams sealed with it here since it was added. */
  readonly sealedMessages: number;
}

const FINGERPRINT_DOMAIN = new TextEncoder().encode('networkdb key fingerprint v1\0');
const FINGERPRINT_BYTES = 4;

/** The name under which a key is shown: the beginning of a hash over a domain string and the key. */
export function keyFingerprint(key: Uint8Array): string {
  const digest = nacl.hash(concatBytes([FINGERPRINT_DOMAIN, key]));
  return toHex(digest.subarray(0, FINGERPRINT_BYTES));
}

interface SealedCount {
  readonly of: RingKey;
  messages: number;
}

/** Hears that messages were sealed with a key, and how many since it was added. */
export type SealedObserver = (key: RingKey, sealedMessages: number) => void;

/**
 * Ordered keys: the first, called primary, seals; all of them open. An empty ring means that nothing is sealed.
 *
 * Keys are rotated by adding the next key everywhere, then using it everywhere, then removing the old
 * one. A change takes effect with the next packet or stream.
 */
export class Keyring {
  readonly #allowedLengths: readonly number[];
  readonly #onSealed: SealedObserver | null;
  /** Messages sealed with each key since it was added. */
  readonly #sealed = new WeakMap<RingKey, SealedCount>();
  /** The count that was added to last. */
  #counting: SealedCount | null = null;
  #entries: readonly RingKey[] = Object.freeze([]);

  /**
   * @param keys - the primary key first; repeated keys count once
   * @param allowedLengths - key sizes in bytes that the cipher takes: 32 for secretbox
   * @param onSealed - hears of every message that is sealed
   * @throws CryptoError `ERR_KEY_INVALID` for a key of another type or size
   */
  constructor(
    keys: readonly Uint8Array[],
    allowedLengths: readonly number[],
    onSealed: SealedObserver | null = null,
  ) {
    this.#allowedLengths = [...allowedLengths];
    this.#onSealed = onSealed;
    for (const key of keys) this.add(key);
  }

  /** Number of keys. */
  get size(): number {
    return this.#entries.length;
  }

  /** Whether there is a key at all, so that sending seals. */
  get isEnabled(): boolean {
    return this.#entries.length > 0;
  }

  /**
   * The key that seals.
   *
   * @throws CryptoError `ERR_KEY_UNKNOWN` when the ring is empty
   */
  get primary(): RingKey {
    const first = this.#entries[0];
    if (first === undefined) throw new CryptoError('ERR_KEY_UNKNOWN', 'the key ring is empty');
    return first;
  }

  /** All keys, the primary first. For the codec: the bytes are the ring's own. */
  entries(): readonly RingKey[] {
    return this.#entries;
  }

  /** For the codec: messages were sealed with a key of the ring. */
  countSealed(key: RingKey, messages = 1): void {
    let counting = this.#counting;
    if (counting?.of !== key) {
      counting = this.#sealed.get(key) ?? { of: key, messages: 0 };
      this.#sealed.set(key, counting);
      this.#counting = counting;
    }
    counting.messages += messages;
    this.#onSealed?.(key, counting.messages);
  }

  /** What may be shown of the keys, the primary first. */
  list(): KeyInfo[] {
    return this.#entries.map((entry, at) => ({
      fingerprint: entry.fingerprint,
      isPrimary: at === 0,
      sealedMessages: this.#sealed.get(entry)?.messages ?? 0,
    }));
  }

  /** Whether the key is in the ring. */
  has(key: Uint8Array): boolean {
    return this.#find(key) !== undefined;
  }

  /**
   * Adds a key behind the others; the first key of a ring becomes primary. A known key changes nothing.
   *
   * @throws CryptoError `ERR_KEY_INVALID` for a key of another type or size
   */
  add(key: Uint8Array): void {
    this.#requireValid(key);
    if (this.has(key)) return;
    const entry = Object.freeze({ bytes: copyBytes(key), fingerprint: keyFingerprint(key) });
    this.#entries = Object.freeze([...this.#entries, entry]);
  }

  /**
   * Makes a key of the ring primary; the others keep their order.
   *
   * @throws CryptoError `ERR_KEY_UNKNOWN` when it is not in the ring, `ERR_KEY_INVALID` when it is no key
   */
  use(key: Uint8Array): void {
    this.#requireValid(key);
    const entry = this.#find(key);
    if (entry === undefined) {
      throw new CryptoError('ERR_KEY_UNKNOWN', 'the key is not in the ring: add it first', {
        fingerprint: keyFingerprint(key),
      });
    }
    this.#entries = Object.freeze([entry, ...this.#entries.filter((other) => other !== entry)]);
  }

  /**
   * Forgets a key. An unknown key changes nothing.
   *
   * @throws CryptoError `ERR_KEY_PRIMARY` for the primary key, `ERR_KEY_INVALID` when it is no key
   */
  remove(key: Uint8Array): void {
    this.#requireValid(key);
    const entry = this.#find(key);
    if (entry === undefined) return;
    if (entry === this.#entries[0]) {
      throw new CryptoError('ERR_KEY_PRIMARY', 'the primary key cannot go: use another one first', {
        fingerprint: entry.fingerprint,
      });
    }
    this.#entries = Object.freeze(this.#entries.filter((other) => other !== entry));
  }

  /**
   * Makes the ring hold these keys and no others: adds, then uses, then removes. Nothing has changed
   * when it throws.
   *
   * @param keys - one or more, in any order; copied
   * @param primary - one of them
   * @throws CryptoError `ERR_KEY_INVALID` for a key of another type or size, `ERR_KEY_UNKNOWN` when the
   * primary key is not among them
   */
  replace(keys: readonly Uint8Array[], primary: Uint8Array): void {
    const wanted: unknown = keys;
    if (!Array.isArray(wanted)) throw new CryptoError('ERR_KEY_INVALID', 'keys come in a list');
    for (const key of [...keys, primary]) this.#requireValid(key);
    const isWanted = (key: Uint8Array): boolean => keys.some((each) => equalBytes(each, key));
    if (!isWanted(primary)) {
      throw new CryptoError('ERR_KEY_UNKNOWN', 'the primary key is not among the new keys', {
        fingerprint: keyFingerprint(primary),
      });
    }
    for (const key of keys) this.add(key);
    this.use(primary);
    for (const { bytes } of this.#entries) if (!isWanted(bytes)) this.remove(bytes);
  }

  #find(key: Uint8Array): RingKey | undefined {
    return this.#entries.find((entry) => equalBytes(entry.bytes, key));
  }

  #requireValid(key: Uint8Array): void {
    const isBytes = key instanceof Uint8Array;
    if (isBytes && this.#allowedLengths.includes(key.length)) return;
    const allowed = this.#allowedLengths.join(', ');
    throw new CryptoError('ERR_KEY_INVALID', `a key is a Uint8Array of ${allowed} bytes`, {
      sizeBytes: isBytes ? key.length : null,
      allowedLengths: this.#allowedLengths,
    });
  }
}
