import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

import type { Family } from './builds.ts';
import type { Fields, PeerEvent, Reply, Request } from './lines.ts';

/** Who wrote the program that hosts a member. */
export type Kind = 'ours' | 'go';

/** An answer that says that the request failed. */
export class RequestFailed extends Error {
  readonly reply: Reply;

  constructor(verb: string, node: string, reply: Reply) {
    super(`${verb} at ${node}: ${reply.error ?? ''}`);
    this.reply = reply;
  }
}

type Waiter = () => void;

/** Makes of a command one that runs it elsewhere. */
export type Wrap = (command: string[]) => string[];

const REPLY_LIMIT_MS = 60_000;
const OUR_PROGRAM = join(import.meta.dirname, 'our-peer.js');

const running = new Set<ChildProcess>();

// A paused process would outlive this one, since it does not notice that its input has ended.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A process that hosts members: asks it, keeps what it reports, stops and ends it by its id. */
export class Peer {
  readonly kind: Kind;
  readonly events: PeerEvent[] = [];
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, (reply: Reply) => void>();
  readonly #waiters = new Set<Waiter>();
  readonly #ended: Promise<void>;
  #nextId = 1;
  #hasEnded = false;

  constructor(kind: Kind, [command = '', ...args]: readonly string[]) {
    this.kind = kind;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(this.#child);
    const { stdin, stdout, stderr } = this.#child;
    stdin?.on('error', () => {});
    if (stdout !== null) createInterface({ input: stdout }).on('line', (line) => this.#heard(line));
    // Whatever is written here was not meant to be: a crash, a race, a library that prints.
    stderr?.on('data', (chunk: Buffer) => {
      this.#keep({ event: 'stderr', node: '', text: chunk.toString() });
    });
    this.#child.on('error', (error) => {
      this.#keep({ event: 'stderr', node: '', text: error.message });
    });
    this.#ended = new Promise((done) => {
      this.#child.on('close', () => {
        this.#hasEnded = true;
        running.delete(this.#child);
        for (const answer of this.#pending.values()) answer({ id: 0, error: 'the process ended' });
        this.#pending.clear();
        done();
      });
    });
  }

  /**
   * Starts a program of ours.
   *
   * @param wrap - makes of a command one that runs it elsewhere, under the same process id
   */
  static ours(family: Family, wrap: Wrap): Peer {
    return new Peer('ours', wrap([process.execPath, OUR_PROGRAM, family]));
  }

  /** Starts a Go program. */
  static go(program: string, wrap: Wrap): Peer {
    return new Peer('go', wrap([program]));
  }

  /**
   * Asks and waits for the answer.
   *
   * @throws RequestFailed when the answer is an error
   */
  async ask(request: Omit<Request, 'id'>): Promise<Reply> {
    if (this.#hasEnded) throw new Error(`${request.do} at ${request.node}: its process has ended`);
    const id = this.#nextId;
    this.#nextId += 1;
    const reply = await new Promise<Reply>((answer) => {
      const limit = setTimeout(() => answer({ id, error: 'no answer' }), REPLY_LIMIT_MS);
      this.#pending.set(id, (given) => {
        clearTimeout(limit);
        answer(given);
      });
      this.#child.stdin?.write(`${JSON.stringify({ ...request, id })}\n`);
    });
    this.#pending.delete(id);
    if (reply.error !== undefined) throw new RequestFailed(request.do, request.node, reply);
    return reply;
  }

  /**
   * Waits until an event has come that fits, earlier ones included.
   *
   * @returns the event, or null when it did not come in time
   */
  async event(fits: (event: PeerEvent) => boolean, limitMs: number): Promise<PeerEvent | null> {
    const found = (): PeerEvent | undefined => this.events.find(fits);
    if (found() !== undefined) return found() ?? null;
    return new Promise((done) => {
      const finish = (): void => {
        clearTimeout(limit);
        this.#waiters.delete(look);
        done(found() ?? null);
      };
      const look = (): void => {
        if (found() !== undefined) finish();
      };
      const limit = setTimeout(finish, limitMs);
      this.#waiters.add(look);
    });
  }

  /** Holds the process where it is, as a machine that hangs. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Ends the process without a word to anybody; also when it is paused. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #heard(line: string): void {
    let fields: Fields;
    try {
      fields = JSON.parse(line) as Fields;
    } catch {
      fields = { event: 'stderr', node: '', text: line };
    }
    if (typeof fields['event'] === 'string') this.#keep(fields as PeerEvent);
    else this.#pending.get(fields['id'] as number)?.(fields as Reply);
  }

  #keep(event: PeerEvent): void {
    this.events.push(event);
    for (const waiter of [...this.#waiters]) waiter();
  }
}
