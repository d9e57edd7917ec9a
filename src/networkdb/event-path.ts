/**
 * How an event reached us: by gossip in a packet or a stream, or in one of the two full exchanges. Only
 * what came by gossip, or by bulk sync for tables, is passed on.
 */
export type EventPath = 'gossip' | 'stream' | 'bulk-sync' | 'push-pull';
