/*
 * The folder's door for the rest of src/: all that users are offered, and what only the layers above need.
 */

export * from './public.ts';

export { MAX_BLOCK_RECORDS } from './record-blocks.ts';
export { sharedBytes } from './shared-records.ts';
export { BulkSyncWriter } from './bulk-sync-writer.ts';
export { CompoundReader } from './gossip-envelope.ts';
export type { KeptBytes } from './kept-bytes.ts';
export { bytesOf, compareKept, keepBytes } from './kept-bytes.ts';
export type { BytePlace } from './kept-pages.ts';
export { fitsPage, lastPage, pageText, putInPage } from './kept-pages.ts';
export type { KeptTableEvent } from './table-event.ts';
export type { ReadTableEvent } from './table-event-reader.ts';
export { TableEventReader } from './table-event-reader.ts';
export { encodeTableEventMessage } from './table-event.ts';
