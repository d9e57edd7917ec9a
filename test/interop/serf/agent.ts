import { freePort } from '../system/ports.ts';
import { Program, run } from '../system/programs.ts';
import type { ScenarioContext } from '../system/scenario.ts';

/*
 * A Serf agent on loopback. Its log must stay free of complaints, since whatever it could not decode or
 * check would stand there.
 */

const START_LIMIT_MS = 15_000;

/** A member as `serf members` lists it. */
export interface SerfMember {
  readonly name: string;
  readonly addr: string;
  readonly status: 'alive' | 'leaving' | 'left' | 'failed';
  readonly tags: Readonly<Record<string, string>>;
  readonly protocol: Readonly<Record<'min' | 'max' | 'version', number>>;
}

/** How an agent is started. */
export interface AgentOptions {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly key?: Uint8Array | null;
}

/** A running agent. */
export class SerfAgent {
  readonly name: string;
  readonly address: string;
  readonly program: Program;
  readonly #rpc: string;

  private constructor(o: { name: string; address: string; rpc: string; program: Program }) {
    this.name = o.name;
    this.address = o.address;
    this.program = o.program;
    this.#rpc = o.rpc;
  }

  /** Starts an agent on free ports of loopback; it ends with the scenario. */
  static async start(context: ScenarioContext, options: AgentOptions): Promise<SerfAgent> {
    const address = `127.0.0.1:${await freePort()}`;
    const rpc = `127.0.0.1:${await freePort()}`;
    const flags = ['-log-level=debug', `-node=${options.name}`];
    if (options.key) flags.push(`-encrypt=${Buffer.from(options.key).toString('base64')}`);
    for (const [tag, value] of Object.entries(options.tags ?? {})) {
      flags.push('-tag', `${tag}=${value}`);
    }
    const command = ['serf', 'agent', `-bind=${address}`, `-rpc-addr=${rpc}`, ...flags];
    const program = new Program(command, { endsWithUs: true });
    context.defer(async () => program.stop('SIGKILL'));
    await program.hears(/Serf agent running/, START_LIMIT_MS);
    return new SerfAgent({ name: options.name, address, rpc, program });
  }

  /** Runs a command of Serf against this agent. */
  async command(name: string, ...args: string[]): Promise<string> {
    return run(['serf', name, `-rpc-addr=${this.#rpc}`, ...args]);
  }

  /** The ring as the agent sees it. */
  async members(): Promise<SerfMember[]> {
    const text = await this.command('members', '-format=json');
    return (JSON.parse(text) as { members: SerfMember[] }).members;
  }

  /** The status of a member; null when the agent does not list it. */
  async statusOf(name: string): Promise<SerfMember['status'] | null> {
    return (await this.members()).find((member) => member.name === name)?.status ?? null;
  }

  /** Lines of the log that tell of an error or a warning. */
  complaints(): string[] {
    return this.program.said.split('\n').filter((line) => /\[(ERR|WARN)\]/.test(line));
  }
}
