import type { Clock, FileStore, GossipError } from '../runtime/index.ts';

/** Files that live in memory; share one between the lives of a process, as a disk would be. */
export class MemoryFiles {
  readonly #texts = new Map<string, string>();

  /** The text of a file; null when there is none. */
  get(path: string): string | null {
    return this.#texts.get(path) ?? null;
  }

  /** Sets a file from outside. */
  set(path: string, text: string): void {
    this.#texts.set(path, text);
  }

  /** The port for a process whose calls back come through its clock. */
  store(clock: Clock): FileStore {
    return {
      read: (path, done) => {
        clock.schedule(0, () => done(null, this.get(path)));
      },
      append: (path, text, done: (error: GossipError | null) => void) => {
        clock.schedule(0, () => {
          this.set(path, `${this.get(path) ?? ''}${text}`);
          done(null);
        });
      },
      write: (path, text, done: (error: GossipError | null) => void) => {
        clock.schedule(0, () => {
          this.set(path, text);
          done(null);
        });
      },
    };
  }
}
