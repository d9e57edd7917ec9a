import type { Address, GossipError } from '../runtime/index.ts';
import {
  formatAddress,
  GossipError as GossipErrorClass,
  randomFraction,
  StateError,
} from '../runtime/index.ts';
import type { Core } from './core.ts';
import type { JoinTarget } from './join-targets.ts';
import { joinTargetName, parseJoinTarget, resolveJoinTarget } from './join-targets.ts';
import type { PushPull } from './push-pull.ts';

/** Why one target could not be joined. */
export interface JoinAttempt {
  readonly target: string;
  readonly code: string;
  readonly message: string;
}

/**
 * Contacts join targets, a few at a time, and counts who answered.
 *
 * A target that says it is busy is asked again, each time after a longer and random pause: when a
 * whole ring starts at once, its seeds turn away all but the first hundred or so.
 */
export class Joiner {
  readonly #core: Core;
  readonly #pushPull: PushPull;
  readonly #done: (error: GossipError | null, contacted: number) => void;
  readonly #waiting: { readonly shown: string; readonly endpoint: Address }[];
  readonly #failures: GossipError[] = [];
  readonly #attempts: JoinAttempt[] = [];
  readonly #giveUps = new Set<() => void>();
  #running = 0;
  #contacted = 0;
  #isOver = false;

  /**
   * @param done - called once: an error when nothing could be contacted, else the number of contacted
   * addresses
   * @throws StateError with `ERR_ARGUMENT_INVALID` when a target cannot be parsed, `ERR_NODE_NAME_REQUIRED` when it
   * must have a name and has none; nothing has begun
   */
  constructor(
    core: Core,
    pushPull: PushPull,
    targets: readonly JoinTarget[],
    done: (error: GossipError | null, contacted: number) => void,
  ) {
    this.#core = core;
    this.#pushPull = pushPull;
    this.#done = done;
    const port = core.config.bindPort === 0 ? core.local.address.port : core.config.bindPort;
    const given: unknown = targets;
    if (!Array.isArray(given)) {
      const text = 'join takes a list of targets, even for one';
      throw new StateError('ERR_ARGUMENT_INVALID', text, { targets: given });
    }
    this.#waiting = targets.map((target) => {
      const endpoint = parseJoinTarget(target, port);
      if (core.config.requireNodeNames && joinTargetName(target) === null) {
        const text = 'a join target needs the name of the node there: name/host:port';
        throw new StateError('ERR_NODE_NAME_REQUIRED', text, { target });
      }
      return { shown: typeof target === 'string' ? target : formatAddress(endpoint), endpoint };
    });
  }

  run(): void {
    while (this.#running < CONCURRENT_JOINS && this.#waiting.length > 0) this.#next();
    if (this.#running === 0) this.#finish();
  }

  /** Stops; `done` is not called. */
  abandon(): void {
    this.#isOver = true;
    for (const giveUp of this.#giveUps) giveUp();
    this.#giveUps.clear();
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#running += 1;
    resolveJoinTarget(this.#core.ports.resolver, next.endpoint, (error, endpoints) => {
      if (this.#isOver) return;
      if (error !== null) this.#failed(next.shown, error);
      this.#contactEach(next.shown, [...endpoints]);
    });
  }

  #contactEach(shown: string, endpoints: Address[]): void {
    const endpoint = endpoints.shift();
    if (endpoint === undefined) {
      this.#running -= 1;
      return this.run();
    }
    this.#contact(endpoint, 0, (error) => {
      if (error === null) this.#contacted += 1;
      else this.#failed(shown, error);
      this.#contactEach(shown, endpoints);
    });
  }

  #contact(to: Address, pauses: number, done: (error: GossipError | null) => void): void {
    const giveUp = this.#pushPull.exchange(to, true, (error) => {
      this.#giveUps.delete(giveUp);
      if (this.#isOver) return;
      const pauseMs = BUSY_PAUSES_MS[pauses];
      const isWorthIt = error !== null && pauses < retriesAfter(error);
      if (!isWorthIt || pauseMs === undefined) return done(error);
      this.#core.counters.add('joins.retried');
      this.#pause(pauseMs, () => {
        this.#contact(to, pauses + 1, done);
      });
    });
    this.#giveUps.add(giveUp);
  }

  #pause(meanMs: number, then: () => void): void {
    const { clock, random } = this.#core.ports;
    const timer = clock.schedule(meanMs * (0.5 + randomFraction(random)), () => {
      this.#giveUps.delete(giveUp);
      if (!this.#isOver) then();
    });
    const giveUp = (): void => {
      timer.cancel();
    };
    this.#giveUps.add(giveUp);
  }

  #failed(target: string, error: GossipError): void {
    const { code, message } = error;
    this.#core.ports.logger.debug({ target, code }, 'a join target was not contacted');
    this.#failures.push(error);
    this.#attempts.push({ target, code, message });
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#contacted > 0 || this.#failures.length === 0) {
      if (this.#failures.length > 0) {
        const text = `${this.#failures.length} join targets could not be contacted`;
        this.#core.events.warn('WARN_JOIN_PARTIAL', text, { attempts: this.#attempts });
      }
      return this.#done(null, this.#contacted);
    }
    const lines = this.#attempts.map(({ target, message }) => `  ${target}: ${message}`);
    const text = `no join target could be contacted:\n${lines.join('\n')}`;
    const cause = new AggregateError(this.#failures, 'every join target failed');
    const error = new GossipErrorClass('ERR_JOIN_FAILED', text, {
      cause,
      attempts: this.#attempts,
    });
    this.#done(error, 0);
  }
}

/**
 * How often a target is asked again. One with no room for another stream drops it without a word, as Go's
 * nodes do at a label that is not theirs, so that is believed less long than the word busy.
 */
function retriesAfter({ code, fields }: GossipError): number {
  if (fields['reason'] === 'busy') return BUSY_PAUSES_MS.length;
  const isDropped = code === 'ERR_STREAM_CLOSED' && fields['reason'] === 'reset';
  return isDropped ? MAX_RETRIES_AFTER_RESET : 0;
}

const CONCURRENT_JOINS = 4;
const MAX_RETRIES_AFTER_RESET = 4;
/** Mean pauses before a busy target is asked again; each is drawn from half to one and a half of it. */
const BUSY_PAUSES_MS = [200, 400, 800, 1_600, 3_200, 3_200, 3_200];
