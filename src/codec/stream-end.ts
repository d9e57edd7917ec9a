import type { StreamOpener } from './envelope.ts';
import type { StreamReader } from './swim-stream.ts';

/**
 * Whether everything that one direction of a stream carries has been read, so that its message counts.
 *
 * Where the layers say where they end, nothing is whole before that, as a cut stream must not pass for a
 * whole one. Where they do not, the end of the message is all there is.
 */
export function hasStreamEnded(opener: StreamOpener, reader: StreamReader): boolean {
  return opener.isComplete || (!opener.hasEnd && reader.message !== null);
}
