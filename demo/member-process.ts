import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { CallName, Calls, MemberEvent, Report, Snapshot } from './messages.ts';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Hears what a member process does unasked. */
export interface MemberListener {
  event(event: MemberEvent, subject: string): void;
  /** The process ended, as it should or not. */
  exit(exit: Exit): void;
}

interface Pending {
  readonly resolve: (reply: never) => void;
  readonly reject: (reason: Error) => void;
}

/** A member from outside: its process, and calls to it over the IPC channel. */
export class MemberProcess {
  readonly name: string;
  /** When the process has ended. */
  readonly exited: Promise<Exit>;
  /** What the member said last; null until it has said something. */
  latest: Snapshot | null = null;
  /** Port it listens on; 0 until it does. */
  port = 0;
  /** What becomes of it, for the view. */
  state: 'starting' | 'running' | 'killed' | 'leaving' | 'left' | 'closing' | 'ended' = 'starting';
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #errors = '';
  #nextId = 1;

  /** Starts the process; the member in it waits for its first call. */
  constructor(name: string, listener: MemberListener) {
    this.name = name;
    const script = fileURLToPath(new URL('./member.js', import.meta.url));
    this.#child = fork(script, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-ERRORS_KEPT);
    });
    this.#child.on('message', (message: Report) => {
      if (message.kind === 'event') listener.event(message.event, message.subject);
      else this.#settle(message);
    });
    this.exited = new Promise((resolve) => {
      const end = (exit: Exit): void => {
        this.#failAll();
        listener.exit(exit);
        resolve(exit);
      };
      this.#child.once('error', (error) => {
        this.#errors += String(error);
        if (this.#child.pid === undefined) end({ code: 1, signal: null });
      });
      // Not 'exit': what the process said last may still stand in the channel then.
      this.#child.once('close', (code, signal) => {
        end({ code, signal });
      });
    });
  }

  /** Process id; 0 when the process could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Whether the process runs. */
  get isAlive(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /** Calls that were not answered yet. */
  get pendingCalls(): number {
    return this.#pending.size;
  }

  /** The last that the process wrote to its error output. */
  get errors(): string {
    return this.#errors.trim();
  }

  /**
   * Calls the member.
   *
   * @throws Error with what the member said when it refused, or when its process ended first
   */
  ask<Name extends CallName>(
    call: Name,
    input: Calls[Name]['input'],
  ): Promise<Calls[Name]['reply']> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId;
      this.#nextId += 1;
      this.#pending.set(id, { resolve, reject });
      this.#child.send({ id, call, input }, (error) => {
        if (error === null) return;
        // The channel breaks before the end of the process is told, which is what happened.
        void this.exited.then(() => {
          if (!this.#pending.delete(id)) return;
          reject(new Error(`${this.name} cannot be asked: ${error.message}`));
        });
      });
    });
  }

  /** Ends the process at once, with a signal that it cannot handle. */
  kill(): void {
    if (this.isAlive) this.#child.kill('SIGKILL');
  }

  #settle(message: Exclude<Report, { kind: 'event' }>): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === 'reply') pending?.resolve(message.reply as never);
    else pending?.reject(new Error(`${this.name}: ${message.reason}`));
  }

  #failAll(): void {
    const text = this.#errors.trim() === '' ? '' : `: ${this.#errors.trim()}`;
    for (const { reject } of this.#pending.values()) {
      reject(new Error(`the process of ${this.name} ended${text}`));
    }
    this.#pending.clear();
  }
}

const ERRORS_KEPT = 2_000;
