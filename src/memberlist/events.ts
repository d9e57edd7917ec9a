import type { Counters, Logger } from '../runtime/index.ts';
import type { MemberObserver } from './delegates.ts';
import type { EventItem, EventTap } from './event-stream.ts';
import type { Member, MemberRecord } from './member.ts';
import { toMember } from './member.ts';

/** Two processes claim one name. */
export interface NameConflict {
  /** The member that holds the name, as we know it. */
  readonly existing: Member;
  /** Where the other claim came from. */
  readonly claimed: { readonly host: string; readonly port: number };
}

/** Something an operator should know, which does not stop the protocol. */
export interface Warning {
  readonly code: WarningCode;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Kinds of warnings. Only append. */
export type WarningCode =
  | 'WARN_ADVERTISE_LOOPBACK'
  | 'WARN_PUBLIC_UNENCRYPTED'
  | 'WARN_JOIN_PARTIAL'
  | 'WARN_UDP_BLOCKED'
  | 'WARN_FOREIGN_TRAFFIC'
  | 'WARN_INCARNATION_EXHAUSTED'
  | 'WARN_PEERS_FILE'
  | 'WARN_HOSTILE_TIME'
  | 'WARN_OVERSIZE'
  | 'WARN_LIMIT'
  | 'WARN_KEY_LOG'
  | 'WARN_KEY_WORN'
  | 'WARN_UNREACHED'
  | 'WARN_ADVERTISE_MISMATCH';

/** Events of a member, and what each carries. */
export interface MemberEventMap {
  /** A node is alive that was unknown or gone. */
  join: [member: Member];
  /** A member does not answer; it has some time left to refute. */
  suspect: [member: Member];
  /** A member is gone without having left. */
  fail: [member: Member];
  /** A member left on purpose. */
  leave: [member: Member];
  /** A member changed its metadata. */
  update: [member: Member];
  nameConflict: [conflict: NameConflict];
  warning: [warning: Warning];
}

/** One event of a member, as an item of `events()`. */
export type MemberEvent = EventItem<MemberEventMap>;

/** One listener of one event. */
export type Listener<Args extends unknown[]> = (...args: Args) => void;

type AnyListener = (...args: unknown[]) => void;

/**
 * Typed listeners that cannot hurt the protocol: each is called on its own, in order of registration,
 * and what it throws is counted and logged.
 */
export class Listeners<Events extends { [Name in keyof Events]: unknown[] }> {
  readonly #byName = new Map<keyof Events, Set<AnyListener>>();
  readonly #taps = new Set<EventTap>();
  readonly #onThrow: (event: keyof Events, error: unknown) => void;

  constructor(onThrow: (event: keyof Events, error: unknown) => void) {
    this.#onThrow = onThrow;
  }

  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
    const listeners = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, listeners.add(listener as unknown as AnyListener));
  }

  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
    this.#byName.get(name)?.delete(listener as unknown as AnyListener);
  }

  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    const listeners = this.#byName.get(name);
    // One that is added meanwhile does not hear of it any more.
    if (listeners !== undefined)
      for (const listener of [...listeners]) this.#tell(listener, name, args);
    for (const tap of this.#taps) tap.push(name, args[0]);
  }

  #tell<Name extends keyof Events>(listener: AnyListener, name: Name, args: Events[Name]): void {
    try {
      listener(...args);
    } catch (error) {
      this.#onThrow(name, error);
    }
  }

  /** Listeners and taps. */
  get size(): number {
    let size = this.#taps.size;
    for (const listeners of this.#byName.values()) size += listeners.size;
    return size;
  }

  /** Every event goes to the tap too, until it is taken off or the listeners are cleared. */
  tap(tap: EventTap): void {
    this.#taps.add(tap);
  }

  untap(tap: EventTap): void {
    this.#taps.delete(tap);
  }

  clear(): void {
    this.#byName.clear();
    for (const tap of [...this.#taps]) tap.end();
  }
}

/**
 * Tells of changes: first the layer above, then the users, after the change took effect.
 */
export class MemberEvents {
  readonly listeners: Listeners<MemberEventMap>;
  readonly #observer: MemberObserver;
  readonly #counters: Counters;
  readonly #logger: Logger;
  readonly #warnings: Logger;
  readonly #onThrow: ((error: unknown) => void) | undefined;

  /**
   * @param o - `warnings` is for what is limited where it is raised, `logger` for the rest; `onThrow` hears what
   * listeners throw
   */
  constructor(o: {
    observer: MemberObserver;
    counters: Counters;
    logger: Logger;
    warnings: Logger;
    onThrow?: ((error: unknown) => void) | undefined;
  }) {
    this.#observer = o.observer;
    this.#counters = o.counters;
    this.#logger = o.logger;
    this.#warnings = o.warnings;
    this.#onThrow = o.onThrow;
    this.listeners = new Listeners((event, error) => {
      this.#failed(`on ${event}`, error);
    });
  }

  joined(record: MemberRecord): void {
    const member = toMember(record);
    this.#observe('onJoin', member);
    this.listeners.emit('join', member);
  }

  suspected(record: MemberRecord): void {
    this.listeners.emit('suspect', toMember(record));
  }

  gone(record: MemberRecord): void {
    const member = toMember(record);
    this.#observe('onLeave', member);
    this.listeners.emit(record.state === 'left' ? 'leave' : 'fail', member);
  }

  updated(record: MemberRecord): void {
    const member = toMember(record);
    this.#observe('onUpdate', member);
    this.listeners.emit('update', member);
  }

  nameConflict(conflict: NameConflict): void {
    this.#warnings.error({ node: conflict.existing.name, ...conflict.claimed }, 'name used twice');
    this.listeners.emit('nameConflict', Object.freeze(conflict));
  }

  warn(code: WarningCode, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#counters.add(`warnings.${code}`);
    this.#warnings.warn({ code, ...fields }, message);
    this.listeners.emit('warning', Object.freeze({ code, message, fields: Object.freeze(fields) }));
  }

  #observe(hook: keyof MemberObserver, member: Member): void {
    try {
      this.#observer[hook]?.(member);
    } catch (error) {
      this.#failed(hook, error);
    }
  }

  #failed(hook: string, error: unknown): void {
    this.#counters.add('hooks.failed');
    this.#logger.error({ hook, error }, 'a listener threw');
    this.#onThrow?.(error);
  }
}
