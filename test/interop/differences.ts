/*
 * Where we differ from the recordings on purpose. Every difference that a run finds must be explained
 * here, and every line here must still explain one.
 */

/** A difference that is meant. */
export interface Difference {
  readonly file: string;
  /** The vector's name. */
  readonly vector: string;
  /** Which of its checks does not hold; the others must. */
  readonly check: string;
  readonly reason: string;
}

const NIL_AND_EMPTY =
  'nil and empty bytes are not kept apart, since nothing reads them differently: empty is written as nil';
const NAMELESS = 'a claim about a node without a name is refused';
const UNUSABLE_ALIVE =
  'an alive without name, address or six version bytes is refused: relayed, it could end a Go node';
const NOT_UTF8 =
  'text that is not UTF-8 is refused: a lenient reading would gossip another name than was sent';

/** All of them. */
export const DIFFERENCES: readonly Difference[] = [
  {
    file: 'memberlist-messages.json',
    vector: 'indirectPing/empty',
    check: 'read and written again',
    reason: NAMELESS,
  },
  {
    file: 'memberlist-messages.json',
    vector: 'suspect/empty',
    check: 'read and written again',
    reason: NAMELESS,
  },
  {
    file: 'memberlist-messages.json',
    vector: 'dead/empty',
    check: 'read and written again',
    reason: NAMELESS,
  },
  {
    file: 'memberlist-messages.json',
    vector: 'ack/empty-payload',
    check: 'read and written again',
    reason: NIL_AND_EMPTY,
  },
  {
    file: 'memberlist-messages.json',
    vector: 'alive/meta-empty',
    check: 'read and written again',
    reason: NIL_AND_EMPTY,
  },
  {
    file: 'memberlist-messages.json',
    vector: 'alive/vsn-nil',
    check: 'read and written again',
    reason: UNUSABLE_ALIVE,
  },
  {
    file: 'memberlist-messages.json',
    vector: 'alive/empty',
    check: 'read and written again',
    reason: UNUSABLE_ALIVE,
  },
  {
    file: 'memberlist-framing.json',
    vector: 'compound/0',
    check: 'written',
    reason: 'a compound of nothing is never sent',
  },
  {
    file: 'memberlist-decrypt.json',
    vector: 'decrypt/v0-zero-padding',
    check: 'opened',
    reason:
      'padding of zero bytes is refused: no sender writes it, and Go takes the bytes only for want of a check',
  },
  {
    file: 'memberlist-streams.json',
    vector: 'stream/pushpull-plain',
    check: 'written',
    reason: NIL_AND_EMPTY,
  },
  {
    file: 'memberlist-streams.json',
    vector: 'stream/pushpull-join',
    check: 'written',
    reason: NIL_AND_EMPTY,
  },
  {
    file: 'memberlist-streams.json',
    vector: 'stream/pushpull-nostate',
    check: 'written',
    reason: NIL_AND_EMPTY,
  },
  {
    file: 'memberlist-streams.json',
    vector: 'stream/pushpull-compressed',
    check: 'written',
    reason: NIL_AND_EMPTY,
  },
  {
    file: 'memberlist-streams.json',
    vector: 'stream/pushpull-encrypted',
    check: 'written',
    reason: NIL_AND_EMPTY,
  },
  {
    file: 'memberlist-streams.json',
    vector: 'stream/pushpull-encrypted-proto1',
    check: 'written',
    reason: NIL_AND_EMPTY,
  },
  {
    file: 'memberlist-streams.json',
    vector: 'stream/pushpull-compressed-encrypted',
    check: 'written',
    reason: NIL_AND_EMPTY,
  },
  {
    file: 'memberlist-streams.json',
    vector: 'stream/pushpull-label',
    check: 'written',
    reason: NIL_AND_EMPTY,
  },
  {
    file: 'memberlist-streams.json',
    vector: 'stream/pushpull-label-encrypted',
    check: 'written',
    reason: NIL_AND_EMPTY,
  },
  {
    file: 'memberlist-streams.json',
    vector: 'stream/pushpull-label-compressed-encrypted',
    check: 'written',
    reason: NIL_AND_EMPTY,
  },
  {
    file: 'memberlist-decode.json',
    vector: 'decode/suspect-array',
    check: 'read',
    reason: 'a body that is an array is refused: Go reads it, but nobody has ever sent one',
  },
  {
    file: 'memberlist-decode.json',
    vector: 'decode/suspect-not-utf8',
    check: 'read',
    reason: NOT_UTF8,
  },
  {
    file: 'networkdb-decode.json',
    vector: 'decode/wrong-wiretype',
    check: 'read',
    reason:
      'a known field of another wire type is passed over like an unknown one, as protobufjs does',
  },
  {
    file: 'networkdb-decode.json',
    vector: 'decode/enum-unknown',
    check: 'read',
    reason: 'an unknown kind is read as invalid instead of its number; both sides ignore the event',
  },
  { file: 'networkdb-decode.json', vector: 'decode/not-utf8', check: 'read', reason: NOT_UTF8 },
];
