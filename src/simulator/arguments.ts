import { canonicalHost, checkFields, StateError } from '../runtime/index.ts';
import type { CutMode } from './links.ts';

/*
 * What calls of the simulator take. A fault that hits nobody, or a wait that is over at once, makes a test pass for
 * nothing; so whatever a call cannot take is refused before anything is done. All throw `ERR_ARGUMENT_INVALID`.
 */

/** Both ways between two hosts, or from the first to the second alone. */
export type CutDirection = 'both' | 'oneWay';

/** Refuses `value` with a sentence, unless it is what the call takes. @throws StateError with `ERR_ARGUMENT_INVALID` */
export function checkArgument(
  holds: boolean,
  argument: string,
  value: unknown,
  rule: string,
): void {
  if (holds) return;
  const text = `${argument} must be ${rule}, got ${shown(value)}`;
  throw new StateError('ERR_ARGUMENT_INVALID', text, { argument, value });
}

/** A time that passes: finite, 0 or more. */
export function checkDuration(argument: string, value: unknown): void {
  checkArgument(isFrom(value, 0), argument, value, 'milliseconds, 0 or more and finite');
}

/** A number above 0. */
export function checkAboveZero(argument: string, value: unknown): void {
  checkArgument(isFrom(value, Number.MIN_VALUE), argument, value, 'a finite number above 0');
}

/** A rate of a clock. */
export function checkClockRate(rate: unknown): void {
  const isRate = typeof rate === 'number' && rate >= SLOWEST && rate <= FASTEST;
  checkArgument(isRate, 'rate', rate, `a number from ${SLOWEST} to ${FASTEST}`);
}

/** A function. */
export function checkFunction(argument: string, value: unknown): void {
  checkArgument(typeof value === 'function', argument, value, 'a function');
}

/** Text with something in it. */
export function checkText(argument: string, value: unknown): void {
  checkArgument(
    typeof value === 'string' && value !== '',
    argument,
    value,
    'text that is not empty',
  );
}

/** Options with known fields only; those of `checks` that are there must pass. */
export function checkOptions(what: string, options: unknown, known: readonly string[]): void {
  checkObject(`${what}: options`, options);
  checkFields(what, options as object, known);
}

/** An object, and no list. */
export function checkObject(argument: string, value: unknown): void {
  const isPlain = typeof value === 'object' && value !== null && !Array.isArray(value);
  checkArgument(isPlain, argument, value, 'an object');
}

/** How a cut works. */
export function checkCut(direction: unknown, mode: unknown): void {
  checkDirection(direction);
  checkMode(mode);
}

/** Which ways. */
export function checkDirection(direction: unknown): void {
  const holds = DIRECTIONS.includes(direction as CutDirection);
  checkArgument(holds, 'direction', direction, shownChoices(DIRECTIONS));
}

/** Which traffic. */
export function checkMode(mode: unknown): void {
  checkArgument(MODES.includes(mode as CutMode), 'mode', mode, shownChoices(MODES));
}

/** The canonical text of a host's address. */
export function hostGiven(argument: string, value: unknown): string {
  const host = typeof value === 'string' ? canonicalHost(value) : null;
  checkArgument(host !== null, argument, value, 'the address of a host');
  return host ?? '';
}

/** Hosts to be parted from each other: two at least that differ. */
export function checkTwoHosts(a: string, b: string): void {
  checkArgument(a !== b, 'b', b, 'another host than a: a host always reaches itself');
}

/** What a condition has answered. A promise is no answer: it would hold at once, whatever becomes of it. */
export function checkAnswer(answer: unknown): void {
  // Nobody will wait for it, so nobody would hear that it fails.
  if (answer instanceof Promise) answer.catch(() => undefined);
  const rule = 'a function that returns true or false';
  if (typeof answer !== 'boolean') {
    const text = `condition must be ${rule}, and it returned ${shown(answer)}`;
    throw new StateError('ERR_ARGUMENT_INVALID', text, { argument: 'condition' });
  }
}

/** Groups of which one at least names a host. */
export function checkSomeGroup(groups: readonly (readonly string[])[]): void {
  const holds = groups.some((group) => group.length > 0);
  if (holds) return;
  const text = 'groups part nobody from anybody: none of them names a host';
  throw new StateError('ERR_ARGUMENT_INVALID', text, { argument: 'groups' });
}

/** Groups that part some of these hosts from others; those in no group are one more. */
export function checkParted(
  groups: readonly (readonly string[])[],
  hosts: readonly string[],
): void {
  checkSomeGroup(groups);
  const [first = [], ...others] = groups.filter((group) => group.length > 0);
  const holds = others.length > 0 || hosts.some((host) => !first.includes(host));
  if (holds) return;
  const text = 'groups part nobody from anybody: all hosts of the world are in one group';
  throw new StateError('ERR_ARGUMENT_INVALID', text, { argument: 'groups' });
}

/** Groups of hosts, none of which stands in two. */
export function checkGroups(groups: readonly (readonly string[])[]): void {
  const seen = new Set<string>();
  for (const [at, group] of groups.entries()) {
    for (const host of new Set(group)) {
      checkArgument(!seen.has(host), `groups[${at}]`, host, 'without hosts of other groups');
      seen.add(host);
    }
  }
}

/** A list. */
export function checkList(argument: string, value: unknown): void {
  checkArgument(Array.isArray(value), argument, value, 'an array');
}

function isFrom(value: unknown, least: number): boolean {
  return typeof value === 'number' && value >= least && value <= Number.MAX_SAFE_INTEGER;
}

function shownChoices(choices: readonly string[]): string {
  return `one of ${choices.map((each) => `'${each}'`).join(', ')}`;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Promise) return 'a promise';
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

const DIRECTIONS: readonly CutDirection[] = ['both', 'oneWay'];
const MODES: readonly CutMode[] = ['all', 'packets', 'streams'];

/** Beyond these, the sums of a virtual day lose more than a microsecond, or overflow. */
const SLOWEST = 1e-6;
const FASTEST = 1e6;
