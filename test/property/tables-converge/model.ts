import type { EntryAddress } from '../../../src/networkdb/index.ts';

/*
 * Which entries there must be, from the writes alone. The model hears of every write with its Lamport
 * time, of who leaves a network, and of who ends. It knows nothing of messages.
 *
 * A write stands while its writer runs, has not left the network since and has not written the key again.
 *
 *   key with one writer's name      exactly the standing write of the process that has the name now
 *   several names, nobody gone      exactly the greatest of all writes in the total order
 *   several names, somebody gone    nothing, or one of the standing writes, the same everywhere
 *
 * The last is looser for a reason: what a writer covered before it went is lost, and whoever leaves a
 * network deletes its entries at times that only it knows.
 */

/** One process from its start to its end; a name may have several after one another. */
export interface Life {
  readonly id: number;
  readonly name: string;
}

/** What a write did. */
export interface Write {
  readonly life: Life;
  readonly time: number;
  readonly isDeleted: boolean;
  readonly value: string;
  /** Virtual milliseconds. */
  readonly at: number;
}

/** An entry as a reader sees it. */
export interface Seen {
  readonly owner: string;
  readonly value: string;
}

/** What may be read: one of these, where null is nothing. */
export type Allowed = readonly (Seen | null)[];

/** What is known of a key. */
export interface Expected {
  readonly allowed: Allowed;
  /** One of several writers has gone: the looser rule holds. */
  readonly isTorn: boolean;
}

interface Place {
  readonly address: EntryAddress;
  readonly writes: Write[];
  /** The last write of each process that stands. */
  readonly standing: Map<Life, Write>;
  /** A process that wrote here has ended or left the network. */
  isTorn: boolean;
}

/** All writes of a run. */
export class Model {
  readonly #places = new Map<string, Place>();

  /** A process wrote or deleted a key. */
  wrote(address: EntryAddress, write: Write): void {
    const id = placeId(address);
    const known = this.#places.get(id);
    const place: Place = known ?? { address, writes: [], standing: new Map(), isTorn: false };
    if (known === undefined) this.#places.set(id, place);
    place.writes.push(write);
    place.standing.set(write.life, write);
  }

  /** A process has left a network on purpose. */
  left(life: Life, network: string): void {
    for (const place of this.#places.values()) {
      if (place.address.network !== network || !hasWriter(place, life)) continue;
      place.standing.delete(life);
      place.isTorn = true;
    }
  }

  /** A process is no more. */
  ended(life: Life): void {
    for (const place of this.#places.values()) {
      if (!hasWriter(place, life)) continue;
      place.standing.delete(life);
      place.isTorn = true;
    }
  }

  /** Every key of a table that was ever written, with what may stand there. */
  *expected(network: string, table: string): Generator<readonly [key: string, Expected]> {
    for (const { address, ...place } of this.#places.values()) {
      if (address.network !== network || address.table !== table) continue;
      const isTorn = place.isTorn && !isOneName(place.writes);
      yield [address.key, { allowed: allowedAt(place), isTorn }];
    }
  }

  /** Whether a value that is written once only stands in a key that one name writes. */
  stands(address: EntryAddress, value: string): boolean {
    const place = this.#places.get(placeId(address));
    if (place === undefined || !isOneName(place.writes)) return false;
    if (place.writes.filter((write) => write.value === value && !write.isDeleted).length !== 1) {
      return false;
    }
    return [...place.standing.values()].some((one) => !one.isDeleted && one.value === value);
  }

  /** What a process wrote that stands: its own view of keys that only it writes. */
  *standingOf(life: Life): Generator<readonly [EntryAddress, Write]> {
    for (const { address, standing, writes } of this.#places.values()) {
      const write = standing.get(life);
      if (write !== undefined && isOneName(writes)) yield [address, write];
    }
  }

  /** Keys where two processes wrote at one Lamport time. */
  get collisions(): number {
    let count = 0;
    for (const { writes } of this.#places.values()) {
      const times = new Map<number, Life>();
      for (const { time, life } of writes) {
        if (times.has(time) && times.get(time) !== life) count += 1;
        times.set(time, life);
      }
    }
    return count;
  }
}

function allowedAt({ writes, standing, isTorn }: Omit<Place, 'address'>): Allowed {
  const puts = [...standing.values()].filter(({ isDeleted }) => !isDeleted).map(seenOf);
  if (isOneName(writes)) return puts.length > 0 ? puts : [null];
  if (isTorn) return [null, ...puts];
  const greatest = writes.reduce((best, write) => (compare(write, best) > 0 ? write : best));
  return [greatest.isDeleted ? null : seenOf(greatest)];
}

/** The order of writes, told anew: time, owner's bytes, live over deleted, value's bytes. */
function compare(a: Write, b: Write): number {
  return (
    a.time - b.time ||
    Buffer.compare(Buffer.from(a.life.name), Buffer.from(b.life.name)) ||
    Number(b.isDeleted) - Number(a.isDeleted) ||
    Buffer.compare(Buffer.from(a.value), Buffer.from(b.value))
  );
}

function seenOf({ life, value }: Write): Seen {
  return { owner: life.name, value };
}

function isOneName(writes: readonly Write[]): boolean {
  return new Set(writes.map(({ life }) => life.name)).size <= 1;
}

function hasWriter({ writes }: Place, life: Life): boolean {
  return writes.some((write) => write.life === life);
}

function placeId({ network, table, key }: EntryAddress): string {
  return JSON.stringify([network, table, key]);
}
