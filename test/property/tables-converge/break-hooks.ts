import type { InitializeHook, LoadHook } from 'node:module';

import type { Breakage } from './breakages.ts';

/*
 * Hooks of Node's module loader: one file of `src/networkdb` is changed as it is read. They run in a
 * thread of their own and share nothing with the program.
 */

let breakage: Breakage | null = null;

export const initialize: InitializeHook<Breakage> = (given) => {
  breakage = given;
};

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  if (breakage === null || !url.endsWith(`/src/networkdb/${breakage.file}`)) return loaded;
  const source = Buffer.from(loaded.source as Uint8Array).toString();
  const pattern = new RegExp(breakage.find.split(/\s+/).map(escaped).join('\\s+'), 'g');
  const count = source.match(pattern)?.length ?? 0;
  if (count !== 1) throw new Error(`"${breakage.find}" stands ${count} times in ${breakage.file}`);
  const { replace } = breakage;
  return { ...loaded, source: source.replace(pattern, () => replace) };
};

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
