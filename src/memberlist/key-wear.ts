import type { RingKey } from '../codec/index.ts';
import type { Core } from './core.ts';

/** What {@link KeyWear} looks at, and whom it tells. */
export interface KeyWearInit {
  /** Members that seal with the same key, this one included. */
  readonly memberCount: () => number;
  /** Called once for each key that nears its end, with what the ring has sealed with it, as estimated. */
  readonly onWorn: (key: RingKey, wear: KeyWearEstimate) => void;
  /** Messages sealed by all members together at which a key is told of. Default {@link WORN_AT_MESSAGES}. */
  readonly wornAtMessages?: number;
}

/** How far a key is used up. */
export interface KeyWearEstimate {
  /** Messages that this member has sealed with the key since it was added. */
  readonly sealedMessages: number;
  readonly members: number;
}

/**
 * Notices when a key of AES-GCM has sealed so much that it should be replaced.
 *
 * Nonces are 12 random bytes, and a key under which two of them are equal protects nothing any more. NIST
 * SP 800-38D section 8.3 therefore allows 2^32 messages for each key. All members seal with one key, and each
 * knows its own count only; as members send about as much as each other, the ring's count is taken to be ours
 * times their number. Half of what is allowed is the time to tell: at a thousand packets a second
 * of the whole ring after some 25 days. The count begins anew with the process, so that a
 * schedule of rotations is better than waiting for the warning.
 *
 * Secretbox has nonces of 24 bytes and knows no such end.
 */
export class KeyWear {
  readonly #o: KeyWearInit;
  readonly #wornAtMessages: number;
  /** Keys that were told of; forgotten with the key. */
  readonly #told = new WeakSet<RingKey>();

  constructor(o: KeyWearInit) {
    this.#o = o;
    this.#wornAtMessages = o.wornAtMessages ?? WORN_AT_MESSAGES;
  }

  /** A message was sealed; with the key, so many so far. */
  sealed(key: RingKey, sealedMessages: number): void {
    // Members are counted by looking at each, which is too much for every packet.
    if (sealedMessages % CHECK_EVERY_MESSAGES !== 0 || this.#told.has(key)) return;
    const members = this.#o.memberCount();
    if (sealedMessages * Math.max(1, members) < this.#wornAtMessages) return;
    this.#told.add(key);
    this.#o.onWorn(key, { sealedMessages, members });
  }
}

/** Messages sealed with one key by all members together at which it should be replaced: half of 2^32. */
export const WORN_AT_MESSAGES: number = 2 ** 31;
/** Messages that one key of AES-GCM may seal with random nonces (NIST SP 800-38D section 8.3). */
export const MAX_SEALED_MESSAGES: number = 2 ** 32;
const CHECK_EVERY_MESSAGES = 1024;

/** Tells the operator to rotate the key. */
export function tellWornKey(core: Core, { fingerprint }: RingKey, estimate: KeyWearEstimate): void {
  const { members, sealedMessages } = estimate;
  const text =
    `the ring has sealed some 2^${Math.floor(Math.log2(sealedMessages * Math.max(1, members)))} messages with ` +
    `key ${fingerprint}, and AES-GCM allows 2^32: rotate the key (keyring.add, use, remove)`;
  const limitMessages = MAX_SEALED_MESSAGES;
  core.events.warn('WARN_KEY_WORN', text, { fingerprint, ...estimate, limitMessages });
}
