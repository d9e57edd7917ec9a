import type { CallName, Calls, Dump, MemberEvent, Snapshot } from './messages.ts';
import { ExpectationFailed } from './expectations.ts';
import type { Exit } from './member-process.ts';
import { MemberProcess } from './member-process.ts';

/*
 * The member processes together. The orchestra ends only processes that it has started itself, by
 * their handles, and leaves none behind however the demo ends.
 */

/** One member has seen something happen to another. */
export interface Sighting {
  /** On the main process's `performance.now` clock, when the news came in. */
  readonly at: number;
  readonly observer: string;
  readonly event: MemberEvent;
  readonly subject: string;
}

/** All member processes. */
export class Orchestra {
  /** What members have seen, in the order of its coming in. */
  readonly sightings: Sighting[] = [];
  /** Rejects when a process ends that should not, or when the demo cannot go on otherwise. */
  readonly broken: Promise<never>;
  readonly #members = new Map<string, MemberProcess>();
  readonly #retired = new Set<MemberProcess>();
  #reject: (reason: ExpectationFailed) => void = () => {};

  constructor() {
    this.broken = new Promise<never>((_resolve, reject) => {
      this.#reject = reject;
    });
    this.broken.catch(() => {});
  }

  /** The demo cannot go on. */
  break(reason: ExpectationFailed): void {
    this.#reject(reason);
  }

  /** Starts the process of a member, in the place of an earlier one of the name. */
  launch(name: string): MemberProcess {
    const earlier = this.#members.get(name);
    if (earlier !== undefined) this.#retired.add(earlier);
    const member = new MemberProcess(name, {
      event: (event, subject) => {
        this.sightings.push({ at: performance.now(), observer: name, event, subject });
      },
      exit: (exit) => {
        this.#onExit(member, exit);
      },
    });
    this.#members.set(name, member);
    return member;
  }

  /** The present process of a member. */
  member(name: string): MemberProcess {
    const member = this.#members.get(name);
    if (member === undefined) throw new Error(`there is no member ${name}`);
    return member;
  }

  /** Every member that was started, by name. */
  all(): readonly MemberProcess[] {
    return [...this.#members.values()];
  }

  /** Those that take part in the cluster now. */
  live(): readonly MemberProcess[] {
    return this.all().filter((member) => member.state === 'running');
  }

  /** Makes the same call to every live member at once. */
  async askAll<Name extends CallName>(call: Name, input: Calls[Name]['input']): Promise<void> {
    await Promise.all(this.live().map((member) => member.ask(call, input)));
  }

  /** Brings `latest` of every live member up to date. */
  async refresh(): Promise<void> {
    await Promise.all(
      this.live().map(async (member) => {
        const snapshot = await member.ask('snapshot', null).catch(() => null);
        if (snapshot !== null) member.latest = snapshot;
      }),
    );
  }

  /** Live members that owe an answer. */
  silent(): readonly string[] {
    return this.live()
      .filter((member) => member.pendingCalls > 0)
      .map((member) => member.name);
  }

  /** What each live member said last. */
  snapshots(): ReadonlyMap<string, Snapshot> {
    const said = new Map<string, Snapshot>();
    for (const { name, latest } of this.live()) if (latest !== null) said.set(name, latest);
    return said;
  }

  /** Every entry of every live member, read anew. */
  async dumps(): Promise<ReadonlyMap<string, Dump>> {
    const live = this.live();
    const dumps = await Promise.all(live.map((member) => member.ask('dump', null)));
    return new Map(live.map((member, at) => [member.name, dumps[at] as Dump]));
  }

  /** Sightings of an event, one for each observer: its first. */
  firstSightings(event: MemberEvent, subject: string, since: number): ReadonlyMap<string, number> {
    const first = new Map<string, number>();
    for (const sighting of this.sightings) {
      if (sighting.event !== event || sighting.subject !== subject || sighting.at < since) continue;
      if (!first.has(sighting.observer)) first.set(sighting.observer, sighting.at);
    }
    return first;
  }

  /** Ends every process that still runs, at once. */
  killAll(): void {
    for (const member of [...this.#retired, ...this.all()]) {
      if (member.isAlive) member.state = 'ended';
      member.kill();
    }
  }

  #onExit(member: MemberProcess, exit: Exit): void {
    const { state, name } = member;
    if (state === 'closing') member.state = 'ended';
    if (state !== 'starting' && state !== 'running' && state !== 'leaving') return;
    const how = exit.signal ?? `code ${exit.code}`;
    const said = member.errors === '' ? '' : `: ${member.errors}`;
    this.break(
      new ExpectationFailed(`${name} stays up`, `its process ended with ${how}${said}`, 0),
    );
  }
}
