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
export type { KeptTableEvent, ReadTableEvent } from './table-event.ts';
export { decodeKeptTableEvent, encodeTableEventMessage } from './table-event.ts';
