import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { WireName } from '../../src/memberlist/public.ts';
import type { LoopDelay } from './loop-delay.ts';

/* A second process with one member in it. */

/** What it is told. */
export type ChildOrder =
  | {
      readonly do: 'start';
      readonly at: number;
      readonly wire: WireName;
      readonly entries: number;
      /** On the network before. */
      readonly warmUp: number;
      readonly valueBytes: number;
      /** Of the member to join; 0 joins nobody. */
      readonly port: number;
    }
  /** Counts and watches from now on. */
  | { readonly do: 'watch' }
  | { readonly do: 'report' };

/** What it answers; each order has its own part of it. */
export interface ChildAnswer {
  readonly port?: number;
  readonly sentBytes?: number;
  readonly delay?: LoopDelay | null;
}

/** The handle on it. */
export class OtherProcess {
  readonly #child: ChildProcess;
  #port = 0;

  private constructor() {
    this.#child = fork(fileURLToPath(new URL('./child.js', import.meta.url)));
  }

  static async start(
    order: Omit<Extract<ChildOrder, { do: 'start' }>, 'do'>,
  ): Promise<OtherProcess> {
    const other = new OtherProcess();
    other.#port = (await other.ask({ do: 'start', ...order })).port ?? 0;
    return other;
  }

  /** Of its member. */
  get port(): number {
    return this.#port;
  }

  async ask(order: ChildOrder): Promise<ChildAnswer> {
    return new Promise((resolve, reject) => {
      const onExit = (): void => reject(new Error('the other process has ended'));
      this.#child.once('exit', onExit);
      this.#child.once('message', (answer: ChildAnswer) => {
        this.#child.off('exit', onExit);
        resolve(answer);
      });
      this.#child.send(order);
    });
  }

  /** Ends it without a word. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
