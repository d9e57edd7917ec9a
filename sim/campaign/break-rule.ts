import { register } from 'node:module';

import { BREAKAGES } from './breakages.ts';

/**
 * Takes a rule out of all that this process loads from now on; what is loaded already keeps it.
 *
 * @throws Error when there is none of that name
 */
export function breakRule(name: string): void {
  const data = BREAKAGES.find((each) => each.name === name);
  if (data === undefined) throw new Error(`no rule is called ${name}`);
  register('../support/break-hooks.js', import.meta.url, { data });
}
