import { fileURLToPath } from 'node:url';

import type {
  EntryPlace,
  MemberAnswer,
  MemberCommand,
  MemberSetup,
  MemberState,
} from './member-messages.ts';
import type { Machine } from './namespaces.ts';
import { Program } from './programs.ts';
import type { ScenarioContext } from './scenario.ts';
import { until } from './until.ts';

/*
 * The parent's side of a member in a process of its own.
 */

const PROCESS = fileURLToPath(new URL('./member-process.js', import.meta.url));
const START_LIMIT_MS = 60_000;
const ANSWER_LIMIT_MS = 45_000;

/** A member of ours in a machine. */
export class RemoteMember {
  readonly machine: Machine;
  readonly name: string;
  readonly address: string;
  readonly program: Program;
  readonly #answers = new Map<number, MemberAnswer>();
  #asked = 0;

  private constructor(o: { machine: Machine; name: string; address: string; program: Program }) {
    this.machine = o.machine;
    this.name = o.name;
    this.address = o.address;
    this.program = o.program;
    this.program.child.on('message', (answer: MemberAnswer) => {
      this.#answers.set(answer.id, answer);
    });
  }

  /** Starts a member in a machine; it is ended with the scenario. */
  static async start(
    context: ScenarioContext,
    machine: Machine,
    setup: Partial<MemberSetup> & Pick<MemberSetup, 'wire'>,
  ): Promise<RemoteMember> {
    const full: MemberSetup = {
      bindAddress: machine.host,
      bindPort: 7946,
      profile: 'lan',
      keys: [],
      ...setup,
    };
    const command = machine.inside([process.execPath, PROCESS, JSON.stringify(full)]);
    const program = new Program(command, { ipc: true });
    context.defer(async () => program.stop('SIGKILL'));
    const [, name = ''] = await program.hears(/^ready (\S+)$/m, START_LIMIT_MS);
    const address = `${machine.host}:${full.bindPort}`;
    return new RemoteMember({ machine, name, address, program });
  }

  async join(...targets: string[]): Promise<void> {
    await this.#ask({ do: 'join', targets });
  }

  async joinNetwork(network: string): Promise<void> {
    await this.#ask({ do: 'joinNetwork', network });
  }

  /** Writes a value of text. */
  async set(at: EntryPlace, value: string): Promise<void> {
    await this.setBytes(at, new TextEncoder().encode(value));
  }

  async setBytes(at: EntryPlace, value: Uint8Array): Promise<void> {
    await this.#ask({ do: 'set', at, value: Buffer.from(value).toString('hex') });
  }

  async delete(at: EntryPlace): Promise<void> {
    await this.#ask({ do: 'delete', at });
  }

  async state(): Promise<MemberState> {
    const { state } = await this.#ask({ do: 'state' });
    if (state === undefined) throw new Error('an answer without the state');
    return state;
  }

  /** Says good-bye; the process ends. */
  async leave(): Promise<void> {
    await this.#ask({ do: 'leave' });
    await this.program.ended(ANSWER_LIMIT_MS);
  }

  async #ask(command: MemberCommand): Promise<MemberAnswer> {
    this.#asked += 1;
    const id = this.#asked;
    if (!this.program.child.connected) throw new Error(`gone: ${this.program.tail()}`);
    this.program.child.send({ id, command });
    const what = `the answer of ${this.name} to ${command.do}`;
    const look = (): MemberAnswer | undefined => this.#answers.get(id);
    const answer = await until(what, look, ANSWER_LIMIT_MS, () => this.program.tail());
    this.#answers.delete(id);
    if (answer.error !== undefined) throw new Error(`${what}: ${answer.error}`);
    return answer;
  }
}
