import type { ChildProcess, StdioOptions } from 'node:child_process';
import { spawn } from 'node:child_process';

import { hasProgram } from './needs.ts';
import { until } from './until.ts';

/*
 * Programs of others, started and ended by their own id. What they say is kept, for the checks and for
 * the message when one of them fails.
 */

const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
const TIE = ['setpriv', '--pdeathsig', 'KILL', '--'];
const STOP_LIMIT_MS = 15_000;
const LOG_TAIL_CHARS = 2_000;

/** How a program is started. */
export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Opens a channel for `process.send` beside its output. */
  readonly ipc?: boolean;
  /** Is killed when this process ends, however that happens. */
  readonly endsWithUs?: boolean;
}

/** A running program and all it has said. */
export class Program {
  readonly child: ChildProcess;
  #said = '';
  #isOver = false;

  constructor(command: readonly string[], options: ProgramOptions = {}) {
    const tie = options.endsWithUs === true && hasProgram('setpriv') ? TIE : [];
    const [name = '', ...args] = [...tie, ...command];
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
    if (options.ipc === true) stdio.push('ipc');
    this.child = spawn(name, args, { stdio, env: { ...process.env, PATH, ...options.env } });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text;
      });
    }
    this.child.once('error', (error) => {
      this.#said += `${error.message}\n`;
      this.#isOver = true;
    });
    this.child.once('close', () => {
      this.#isOver = true;
    });
  }

  /** Both outputs so far. */
  get said(): string {
    return this.#said;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Waits for a text. @throws Error with what was said, also when the program ends without it */
  async hears(pattern: RegExp, limitMs: number): Promise<RegExpExecArray> {
    const look = (): RegExpExecArray | null => {
      const match = pattern.exec(this.#said);
      if (match === null && this.#isOver) throw new Error(`ended early:\n${this.tail()}`);
      return match;
    };
    return until(String(pattern), look, limitMs, () => this.tail());
  }

  /** The end of what was said. */
  tail(): string {
    return this.#said.slice(-LOG_TAIL_CHARS);
  }

  /** Asks it to end, and ends it when it does not in time. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', limitMs: number = STOP_LIMIT_MS): Promise<void> {
    if (this.#isOver) return;
    this.child.kill(signal);
    try {
      await this.ended(limitMs);
    } catch {
      this.child.kill('SIGKILL');
      await this.ended(limitMs);
    }
  }

  /** Waits for the end. @returns the exit code, null after a signal */
  async ended(limitMs: number): Promise<number | null> {
    await until(
      'the end of a program',
      () => this.#isOver,
      limitMs,
      () => this.tail(),
    );
    return this.child.exitCode;
  }
}

/**
 * Runs a program to its end.
 *
 * @returns both of its outputs
 * @throws Error with what it said when it fails or does not end in time
 */
export async function run(command: readonly string[], limitMs = 60_000): Promise<string> {
  const program = new Program(command);
  try {
    const code = await program.ended(limitMs);
    if (code === 0) return program.said;
    throw new Error(`${command.join(' ')}\nended with ${String(code)}:\n${program.tail()}`);
  } finally {
    await program.stop('SIGKILL');
  }
}
