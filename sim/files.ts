import { closeSync, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

import { InputError } from './command.ts';

/**
 * Sees to it that a file can be written when hours of runs are over: its folder is created, and the file is opened.
 *
 * @param option - which names it, for the message
 * @throws InputError when it cannot
 * @remarks A file that was not there is not there afterwards, either.
 */
export function mustBeWritable(option: string, path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const wasThere = existsSync(path);
    closeSync(openSync(path, 'a'));
    if (!wasThere) rmSync(path);
  } catch (error) {
    throw new InputError(`--${option}: ${path} cannot be written: ${(error as Error).message}`);
  }
}
