import type { Core } from './core.ts';

/*
 * What an operator should know of limits before somebody asks why news is missing. Each subject is told once a
 * minute; the counters beside each cap say how often it was reached.
 */

/** A cap was reached, or is near. @param option - the name of the cap, as in the options or docs/limits.md */
export function warnOfLimit(
  core: Core,
  option: string,
  message: string,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  if (!core.reminders.isDue('limit', option)) return;
  core.events.warn('WARN_LIMIT', `${option}: ${message}`, { option, ...fields });
}

/** Something is too large for any packet and is not gossiped. @param subject - what it belongs to */
export function warnOfOversize(
  core: Core,
  subject: string,
  message: string,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  if (!core.reminders.isDue('oversize', subject)) return;
  core.events.warn('WARN_OVERSIZE', message, fields);
}

/** Share of a limit from which on it is told of. */
export const NEAR_LIMIT_SHARE = 0.6;
