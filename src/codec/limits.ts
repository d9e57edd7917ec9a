/*
 * Every cap the codec enforces on what a peer sends. Whatever is larger is refused with
 * `ERR_CODEC_LIMIT` before it is held in memory; nothing is ever allocated by a declared length.
 * Caps that a caller enforces (nesting, parts per packet) stand here too, so that one page has all.
 */

/** Largest label in bytes; its length travels in one byte. */
export const MAX_LABEL_BYTES = 255;

/** Parts of one compound; their count travels in one byte. */
export const MAX_COMPOUND_PARTS = 255;
/** Bytes of one part of a compound; its length travels in two bytes. */
export const MAX_COMPOUND_PART_BYTES = 65_535;
/** Levels of compounds within compounds that a dispatcher follows. */
export const MAX_COMPOUND_NESTING = 8;
/**
 * Messages that a dispatcher takes from one packet, over all levels: twice a full compound, since each
 * costs some ten microseconds and a turn of the loop must stay short.
 */
export const MAX_PARTS_PER_PACKET = 512;
/** What one compressed packet may inflate to. */
export const MAX_INFLATED_PACKET_BYTES = 1_048_576;

/** Metadata of a member as received; what we send is capped far lower, by configuration. */
export const MAX_METADATA_BYTES = 65_536;
/** One length-prefixed record on a stream: a node with its metadata, or a header. */
export const MAX_STREAM_RECORD_BYTES = 73_728;
/** Nodes in one push/pull. */
export const MAX_PUSH_PULL_NODES = 1_048_576;
/** User state of one push/pull. */
export const MAX_USER_STATE_BYTES = 20_971_520;
/** Payload of one user message on a stream. */
export const MAX_USER_MESSAGE_BYTES = 67_108_864;
/** One whole stream message. */
export const MAX_STREAM_MESSAGE_BYTES = 100_663_296;
/** Plaintext in one frame of a stream, and what one compressed frame may inflate to. */
export const MAX_FRAME_BYTES = 65_536;
/** Pieces in which a stream message is handed out. */
export const MAX_STREAM_PIECE_BYTES = 65_536;
/** A refusal, read as a hint from a peer that may be anyone. */
export const MAX_REFUSAL_BYTES = 1024;

/** Levels of maps and arrays within each other in a msgpack value. */
export const MAX_MSGPACK_NESTING = 32;
/** One sealed message on a stream of the memberlist wire, as in Go, whose nodes refuse larger ones. */
export const MAX_GO_SEALED_BYTES = 20_971_520;
/** One user message on a stream of the memberlist wire. */
export const MAX_GO_USER_MESSAGE_BYTES = 20_971_520;
/** One stream message of the memberlist wire, everything counted, compressed or inflated. */
export const MAX_GO_STREAM_BYTES = 41_943_040;

/** Compounds within compounds among NetworkDB messages that a dispatcher follows. */
export const MAX_GOSSIP_NESTING = 4;
/** Attachments in one NetworkDB push/pull. */
export const MAX_ATTACHMENTS = 524_288;
/** Networks named by one bulk sync. */
export const MAX_BULK_SYNC_NETWORKS = 65_536;
