import type { Keyring } from '../codec/index.ts';
import type { KeyLog } from './key-log.ts';
import type { KeyUse } from './key-use.ts';

/** One key of the ring as operators see it; the key itself never leaves the ring. */
export interface RingKeyInfo {
  /** Eight hex digits that tell keys apart, the same on every member. */
  readonly fingerprint: string;
  /** Whether this key seals what we send. */
  readonly isPrimary: boolean;
  /** Members that were last heard under this key. */
  readonly heardMembers: number;
  /**
   * Packets and streams that this member has sealed with the key since it was added. On the memberlist wire
   * the members of a ring together should seal no more than 2^32 with one key; `WARN_KEY_WORN` comes at half.
   */
  readonly sealedMessages: number;
}

/**
 * The keys of a running member. Every method throws `ERR_CLOSED` once the member is closed.
 *
 * Rotation in three steps, each done on every member before the next: `add` the new key, `use` it,
 * `remove` the old one when `list()` shows that nobody is heard under it any more.
 */
export class RingKeys {
  readonly #keyring: Keyring;
  readonly #keyUse: KeyUse;
  readonly #assertOpen: () => void;
  readonly #keyLog: KeyLog | null;

  /** @param assertOpen - throws once the member is closed */
  constructor(keyring: Keyring, keyUse: KeyUse, assertOpen: () => void, keyLog: KeyLog | null) {
    this.#keyring = keyring;
    this.#keyUse = keyUse;
    this.#assertOpen = assertOpen;
    this.#keyLog = keyLog;
  }

  /**
   * Adds a key that opens, but does not seal yet. Adding a key twice changes nothing; on a member that
   * had none, the first key becomes the primary and encryption begins.
   *
   * @param key - 32 bytes, on the memberlist wire 16, 24 or 32; copied
   * @throws CryptoError with `ERR_KEY_INVALID`
   */
  add(key: Uint8Array): void {
    this.#assertOpen();
    this.#logAdded(() => {
      this.#keyring.add(key);
    });
  }

  /**
   * Seals with this key from the next packet on.
   *
   * @throws CryptoError with `ERR_KEY_UNKNOWN` when it was not added
   */
  use(key: Uint8Array): void {
    this.#assertOpen();
    this.#keyring.use(key);
  }

  /**
   * Opens nothing with this key any more. Removing an unknown key changes nothing.
   *
   * @throws CryptoError with `ERR_KEY_PRIMARY` for the key in use
   */
  remove(key: Uint8Array): void {
    this.#assertOpen();
    this.#keyring.remove(key);
  }

  /**
   * Sets all keys at once, in the safe order: adds those that are new, uses the primary, removes the rest.
   * For a member that has missed a rotation, or for a set that somebody else manages. Nothing has changed
   * when it throws.
   *
   * @param keys - one or more keys, in any order; copied
   * @param primary - the one that seals, among them
   * @throws CryptoError with `ERR_KEY_INVALID` for a key of another size, `ERR_KEY_UNKNOWN` when the
   * primary key is not among the keys
   */
  replaceKeys(keys: readonly Uint8Array[], primary: Uint8Array): void {
    this.#assertOpen();
    this.#logAdded(() => {
      this.#keyring.replace(keys, primary);
    });
  }

  /** The keys, the primary first. */
  list(): readonly RingKeyInfo[] {
    this.#assertOpen();
    const heard = this.#keyUse.counts();
    return this.#keyring.list().map((key) => {
      return Object.freeze({ ...key, heardMembers: heard.get(key.fingerprint) ?? 0 });
    });
  }

  #logAdded(change: () => void): void {
    const before = new Set(this.#keyring.entries());
    change();
    const added = this.#keyring.entries().filter((entry) => !before.has(entry));
    this.#keyLog?.note(added.map(({ bytes }) => bytes));
  }
}
