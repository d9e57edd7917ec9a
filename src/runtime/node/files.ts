import { appendFile, readFile, rename, stat, unlink, writeFile } from 'node:fs';

import { TransportError } from '../errors.ts';
import type { FileStore } from '../files.ts';
import { systemCode } from './sockets.ts';

/** The file system; a write goes to a file beside the target, which then takes its name. */
export function nodeFiles(): FileStore {
  return {
    read: (path, done) => {
      stat(path, (error, stats) => {
        if (error !== null) {
          if (systemCode(error) === 'ENOENT') done(null, null);
          else done(fileError('read', path, error), null);
          return;
        }
        if (stats.size > MAX_FILE_BYTES) {
          done(fileError('read', path, new Error(`${stats.size} bytes are too many`)), null);
          return;
        }
        readFile(path, 'utf8', (readError, text) => {
          if (readError === null) done(null, text);
          else done(fileError('read', path, readError), null);
        });
      });
    },
    append: (path, text, done) => {
      appendFile(path, text, { mode: 0o600 }, (error) => {
        done(error === null ? null : fileError('write', path, error));
      });
    },
    write: (path, text, done) => {
      const beside = `${path}.new`;
      writeFile(beside, text, { mode: 0o600 }, (error) => {
        if (error !== null) {
          done(fileError('write', path, error));
          return;
        }
        rename(beside, path, (renameError) => {
          if (renameError === null) {
            done(null);
            return;
          }
          unlink(beside, () => {
            done(fileError('write', path, renameError));
          });
        });
      });
    },
  };
}

function fileError(what: 'read' | 'write', path: string, cause: Error): TransportError {
  return new TransportError('ERR_FILE', `cannot ${what} ${path}: ${cause.message}`, {
    path,
    cause,
  });
}

const MAX_FILE_BYTES = 1024 * 1024;
