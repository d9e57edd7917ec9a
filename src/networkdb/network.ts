import type { Change } from './change.ts';
import type { TableCodec } from './codecs.ts';
import { bytes } from './codecs.ts';
import type { TableEngine } from './engine.ts';
import { entryChange } from './engine.ts';
import type { TableOptions } from './table.ts';
import { Table } from './table.ts';
import type {
  BatchNetworkWatchOptions,
  BatchOptions,
  NetworkWatchOptions,
} from './watch-options.ts';
import { hasBatch } from './watch-options.ts';
import type { Watch } from './watch.ts';

/*
 * A network that this node is on. The handle outlives a leave only as a name: writes are refused then,
 * and reads find nothing of others.
 */

/** How to join a network. */
export interface NetworkOptions {
  /** Gives up waiting for the first exchange; the network stays joined. */
  readonly signal?: AbortSignal | undefined;
}

/** Handle of a joined network. */
export class Network {
  readonly name: string;
  /**
   * Fulfilled when the first exchange with the members has ended, rejected with the signal's reason when
   * that was given up. Members that could not be reached do not fail it; later rounds bring their news.
   */
  readonly synced: Promise<void>;
  readonly #engine: TableEngine;

  /**
   * Joins the network.
   *
   * @throws StateError `ERR_NETWORK_JOINED`, `ERR_NAME_INVALID`, `ERR_CLOSED`
   */
  constructor(engine: TableEngine, name: string, options: NetworkOptions = {}) {
    this.name = name;
    this.#engine = engine;
    let settle: (reason: unknown) => void = () => undefined;
    this.synced = new Promise<void>((resolve, reject) => {
      settle = (reason) => {
        if (reason === null) resolve();
        // The reader gets the signal's reason as it was given, error or not.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        else reject(reason);
      };
    });
    // Whoever does not wait for it must not be ended by its rejection.
    this.synced.catch(() => undefined);
    engine.joinNetwork(name, { signal: options.signal, done: settle });
  }

  /**
   * A table of the network; without a codec its values are bytes.
   *
   * @throws StateError `ERR_NAME_INVALID`
   */
  table(name: string): Table<Uint8Array>;
  /** A table of the network whose values the codec reads and writes. */
  table<T>(name: string, codec: TableCodec<T>, options?: TableOptions): Table<T>;
  table<T>(
    name: string,
    codec?: TableCodec<T>,
    options: TableOptions = {},
  ): Table<T> | Table<Uint8Array> {
    const base = { engine: this.#engine, network: this.name, name, options };
    return codec === undefined
      ? new Table<Uint8Array>({ ...base, codec: bytes })
      : new Table<T>({ ...base, codec });
  }

  /**
   * Changes of all tables of the network, with values as bytes: what is there as creates, by table and key,
   * then every change, without gap or doubling. `table` and `prefix` narrow it down.
   *
   * It goes on after a leave, and tells of a later return.
   *
   * @throws StateError `ERR_ARGUMENT_INVALID`, `ERR_CLOSED`
   */
  watch(options: BatchNetworkWatchOptions): Watch<readonly Change[]>;
  watch(options?: NetworkWatchOptions): Watch;
  watch(
    options: NetworkWatchOptions & { readonly batch?: BatchOptions } = {},
  ): Watch | Watch<readonly Change[]> {
    const { table, prefix } = (options as NetworkWatchOptions | null) ?? {};
    const filter = { network: this.name, table, prefix };
    return hasBatch(options)
      ? this.#engine.watchBatchesAs(filter, options, entryChange)
      : this.#engine.watchAs(filter, options, entryChange);
  }

  /** Names of the active members, this node included, in byte order. */
  peers(): readonly string[] {
    return this.#engine.peers(this.name);
  }

  /**
   * Leaves the network.
   *
   * @throws StateError `ERR_NETWORK_NOT_JOINED`, `ERR_CLOSED`
   */
  leave(): void {
    this.#engine.leaveNetwork(this.name);
  }
}
