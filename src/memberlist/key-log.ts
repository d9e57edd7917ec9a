import type { Core } from './core.ts';

/**
 * Writes the ring's keys to a file, one lower-case hex line each, so that a recording of the traffic can
 * be read while a fault is looked for: the dissectors of Docker's NetworkDB take this file.
 *
 * Every key is written at the start, and each later one when it is added; lines are appended in that
 * order. What could not be written is warned of and written with the next key; nothing waits for it.
 */
export class KeyLog {
  readonly #core: Core;
  readonly #path: string;
  #waiting = '';
  #isWriting = false;

  /** @param path - the file; made readable for its owner alone when there is none */
  constructor(core: Core, path: string) {
    this.#core = core;
    this.#path = path;
  }

  /** These keys are in the ring from now on. */
  note(keys: Iterable<Uint8Array>): void {
    for (const key of keys) this.#waiting += `${hex(key)}\n`;
    this.#write();
  }

  #write(): void {
    if (this.#isWriting || this.#waiting === '') return;
    const text = this.#waiting;
    this.#waiting = '';
    this.#isWriting = true;
    this.#core.ports.files.append(this.#path, text, (error) => {
      this.#isWriting = false;
      if (error === null) {
        this.#write();
        return;
      }
      this.#waiting = text + this.#waiting;
      const { events, reminders } = this.#core;
      if (!reminders.isDue('key log')) return;
      const message = `the key log ${this.#path} cannot be written: ${error.message}`;
      events.warn('WARN_KEY_LOG', message, { path: this.#path });
    });
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
