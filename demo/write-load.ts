import { digestOf } from './digest.ts';
import type { Written } from './messages.ts';

/** What the load needs of a table. */
export interface WritableTable {
  create(key: string, value: LoadValue): void;
  update(key: string, value: LoadValue): void;
  delete(key: string): void;
}

/** The value of an entry of the load. */
export interface LoadValue {
  readonly turn: number;
  readonly change: 'created' | 'updated';
}

const TURN_MS = 20;
const UPDATE_AFTER_TURNS = 3;
const DELETE_AFTER_TURNS = 6;
const DELETE_EVERY_TURNS = 4;

/**
 * A steady load of writes: each turn creates a key and updates an earlier one, and every fourth turn
 * deletes one. Remembers all it did, in order.
 */
export class WriteLoad {
  readonly #table: WritableTable;
  readonly #prefix: string;
  readonly #done: Written[] = [];
  #turn = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(table: WritableTable, prefix: string) {
    this.#table = table;
    this.#prefix = prefix;
  }

  /** Writes so far. */
  get count(): number {
    return this.#done.length;
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.#run();
    }, TURN_MS);
  }

  /** Ends the load. */
  stop(): readonly Written[] {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    return this.#done;
  }

  #run(): void {
    const turn = this.#turn;
    this.#turn += 1;
    this.#write('created', turn);
    if (turn >= UPDATE_AFTER_TURNS) this.#write('updated', turn - UPDATE_AFTER_TURNS);
    const old = turn - DELETE_AFTER_TURNS;
    if (old >= 0 && old % DELETE_EVERY_TURNS === 0) {
      this.#table.delete(this.#keyOf(old));
      this.#done.push({ table: 'writes', key: this.#keyOf(old), digest: null });
    }
  }

  #write(change: LoadValue['change'], turn: number): void {
    const key = this.#keyOf(turn);
    const value: LoadValue = { turn, change };
    if (change === 'created') this.#table.create(key, value);
    else this.#table.update(key, value);
    this.#done.push({ table: 'writes', key, digest: digestOf(value) });
  }

  #keyOf(turn: number): string {
    return `${this.#prefix}-${turn}`;
  }
}
