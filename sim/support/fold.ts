import type { Change, Table, Watch } from '../../src/networkdb/index.ts';

/** A table put together from what its watch tells, with what was told wrongly. */
export class Fold {
  readonly entries = new Map<string, string>();
  readonly faults: string[] = [];
  readonly #watch: Watch<Change<string>>;
  readonly #deleted: (key: string, previous: string) => void;

  /**
   * @param deleted - hears of every entry that vanishes
   * @param ended - called once when the watch has ended
   */
  constructor(
    table: Table<string>,
    deleted: (key: string, previous: string) => void,
    ended: () => void = () => undefined,
  ) {
    this.#deleted = deleted;
    this.#watch = table.watch({ local: true });
    void this.#read().then(ended, ended);
  }

  /** Changes that wait to be folded. */
  get waiting(): number {
    return this.#watch.bufferedCount;
  }

  async #read(): Promise<void> {
    for await (const change of this.#watch) this.#apply(change);
  }

  #apply(change: Change<string>): void {
    if (change.kind === 'resync') {
      this.entries.clear();
      return;
    }
    const { kind, key } = change;
    const held = this.entries.get(key);
    const isRight = kind === 'create' ? held === undefined : held === change.previous;
    if (!isRight) this.faults.push(`${kind} of ${key} where ${held ?? 'nothing'} was`);
    if (kind !== 'delete') this.entries.set(key, change.value);
    else {
      this.entries.delete(key);
      this.#deleted(key, change.previous);
    }
  }
}
