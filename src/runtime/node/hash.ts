import { createHash } from 'node:crypto';

/** A hash that is fed piece by piece. */
export interface RunningHash {
  /** Adds text, as UTF-8, or bytes. */
  update(piece: string | Uint8Array): void;
  /** The hash of all that was added so far, in hex; more can be added. */
  digest(): string;
}

/** SHA-256 over a stream of pieces. */
export function nodeSha256(): RunningHash {
  const hash = createHash('sha256');
  return {
    update: (piece) => {
      hash.update(piece);
    },
    digest: () => hash.copy().digest('hex'),
  };
}
