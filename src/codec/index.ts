/*
 * The folder's door for the rest of src/: all that users are offered, and what only the layers above need.
 */

export * from './public.ts';

export { sharedBytes } from './shared-records.ts';
export { encodeCompoundParts, joinCompoundParts } from './gossip-envelope.ts';
export { encodeTableEventMessage } from './table-event.ts';
