import type { InitializeHook, LoadHook } from 'node:module';

/*
 * Hooks of Node's module loader: one compiled file of `src/` is changed as it is read, so that a rule is missing.
 * They run in a thread of their own and share nothing with the program.
 */

/** One rule taken out. */
export interface Breakage {
  readonly name: string;
  /** Compiled file below `src`. */
  readonly file: string;
  /** Found exactly once in the file, whatever its white space. */
  readonly find: string;
  readonly replace: string;
  /** A seed whose run notices it, to be tried first; another may be needed when plans change. */
  readonly noticedBy: number;
}

let breakage: Breakage | null = null;

export const initialize: InitializeHook<Breakage> = (given) => {
  breakage = given;
};

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  if (breakage === null || !url.endsWith(`/src/${breakage.file}`)) return loaded;
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
