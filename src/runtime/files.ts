import type { GossipError } from './errors.ts';

/** Small text files that outlive the process. */
export interface FileStore {
  /** The text of a file; null when there is none. */
  read(path: string, done: (error: GossipError | null, text: string | null) => void): void;
  /** Adds to the end of a file; a new one can be read by its owner alone. */
  append(path: string, text: string, done: (error: GossipError | null) => void): void;
  /** Replaces a file as a whole: a reader sees the old text or the new one, never a part. */
  write(path: string, text: string, done: (error: GossipError | null) => void): void;
}
