import { compressMessage, inflateMessage } from '../../src/codec/compress-message.ts';
import type { AnyBench } from '../bench.ts';
import { benchOf, checkSame } from '../bench.ts';
import { nanosPer } from '../timing.ts';
import { compoundOf } from './compound.bench.ts';

const MAX_BYTES = 65_536;

/* A compound of so many alive messages, compressed as the memberlist wire does, and expanded. */
export const lzw: AnyBench = benchOf({
  name: 'lzw',
  subject: {
    compress: compressMessage,
    expand: (bytes: Uint8Array) => inflateMessage(bytes, MAX_BYTES),
  },
  play({ compress, expand }, { size, budgetMs }) {
    const message = compoundOf(size);
    const packed = compress(message);
    checkSame(expand(packed), message, 'expanded message');
    return {
      bytes: packed.length,
      compress: nanosPer(budgetMs, () => compress(message)),
      expand: nanosPer(budgetMs, () => expand(packed)),
    };
  },
});
