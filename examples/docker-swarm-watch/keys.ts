import { readFileSync, statSync } from 'node:fs';

/*
 * Gossip keys as Docker gives them away: lines of hex in the file that NETWORKDBKEYLOGFILE names (Docker 25
 * and later), or lists of numbers in the debug log of an older daemon.
 */

/**
 * A swarm keeps three: the oldest, the one in use and the next. A daemon writes them when it starts, the one in use first,
 * the next last; each new one is written below, the oldest goes, and the next is used. So the last line is always the newest
 * key, which every node has and will have longest; and the three in use are among the last four.
 */
const LAST_KEYS = 4;
/** A log, which is far longer, is read once: new keys do not stand there. */
const FOLLOWED_BYTES = 65_536;
const HEX_LINE = /^[0-9a-f]{32}$/;
/** What a daemon of up to 28 logs when it starts its member: `Keys:[[247 97 …] [137 59 …]]`. */
const LOGGED_KEYS = /Keys:\[((?:\[[\d ]+\] ?)+)\]/g;

/**
 * The keys to open and seal with; the first one seals.
 *
 * @param hexKeys - keys given one by one
 * @param file - path of a key file or of a log
 * @throws Error for a key that is none
 */
export function readKeys(hexKeys: readonly string[], file?: string): Uint8Array[] {
  const given = hexKeys.map((text) => {
    if (!HEX_LINE.test(text.toLowerCase())) throw new Error(`not a key of 32 hex digits: ${text}`);
    return new Uint8Array(Buffer.from(text, 'hex'));
  });
  return file === undefined ? given : [...given, ...keysOfText(readFileSync(file, 'utf8'))];
}

/**
 * Keys that are read again when their file has changed, as a daemon's key file does every 12 hours.
 *
 * @param hexKeys - keys given one by one, ahead of those of the file
 * @returns a function that gives the keys if they are others than at its last call, else null; while the file
 * cannot be read or has no key, they stay as they are
 */
export function followKeys(hexKeys: readonly string[], file: string): () => Uint8Array[] | null {
  let known = textOf(readKeys(hexKeys, file));
  let changedMs = changeOf(file);
  return () => {
    const nowMs = changeOf(file);
    if (nowMs === changedMs || nowMs === null) return null;
    changedMs = nowMs;
    const keys = readKeys(hexKeys, file);
    if (keys.length === 0 || textOf(keys) === known) return null;
    known = textOf(keys);
    return keys;
  };
}

function textOf(keys: readonly Uint8Array[]): string {
  return keys.map((key) => Buffer.from(key).toString('hex')).join();
}

/** When a file was changed last, if it is there and as small as a key file. */
function changeOf(file: string): number | null {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && found.size <= FOLLOWED_BYTES ? found.mtimeMs : null;
}

/** The keys in the text of a key file, the newest first, or in that of a log, the one in use first. */
export function keysOfText(text: string): Uint8Array[] {
  const logged = [...text.matchAll(LOGGED_KEYS)].at(-1)?.[1];
  if (logged !== undefined) {
    const lists = [...logged.matchAll(/\[([\d ]+)\]/g)];
    return lists.map(([, list = '']) => Uint8Array.from(list.split(' ').map(Number)));
  }
  const lines = text.split('\n').map((line) => line.trim().toLowerCase());
  const newestFirst = new Set(lines.filter((line) => HEX_LINE.test(line)).reverse());
  return [...newestFirst]
    .slice(0, LAST_KEYS)
    .map((line) => new Uint8Array(Buffer.from(line, 'hex')));
}
