/*
 * Claims, pings and acks on the memberlist wire as nearly all of them look: keys in Go's order, short names in ASCII,
 * lengths and numbers as Go writes them. They are written (`usual-encode.ts`) and read (`usual-decode.ts`) by hand,
 * straight from and to bytes; whatever else there is, and all that is wrong, goes through the general code
 * (`swim-msgpack.ts`), which alone decides what is refused and how. Both make the same bytes and read the same
 * messages: `test/codec/usual-messages.test.ts`. Measured by `swim-memberlist` and `compound` in benchmarks/.
 *
 *   alive      86 Addr Incarnation Meta Node Port Vsn
 *   accusation 83 From Incarnation Node                        suspect and dead
 *   ping       82 Node SeqNo, or 85 Node SeqNo SourceAddr SourceNode SourcePort
 *   ack        82 Payload SeqNo
 *
 * Here are the keys, with what always stands before or behind them.
 */

/** The longest name that is usual. */
export const MAX_USUAL_NAME = 127;
/** The most metadata or payload that is usual. */
export const MAX_USUAL_BYTES = 512;
export const VERSION_BYTES = 6;
export const NIL = 0xc0;

/** Constant bytes of a message: numbers as they are, a text as a key. */
function constant(...parts: readonly (number | string)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === 'number'
        ? part
        : [0xa0 + part.length, ...Array.from(part, (letter) => letter.charCodeAt(0))],
    ),
  );
}

export const ALIVE_ADDRESS: Uint8Array = constant(0x86, 'Addr');
export const ACCUSATION_FROM: Uint8Array = constant(0x83, 'From');
export const BARE_PING_NODE: Uint8Array = constant(0x82, 'Node');
export const PING_NODE: Uint8Array = constant(0x85, 'Node');
export const ACK_PAYLOAD: Uint8Array = constant(0x82, 'Payload');
export const INCARNATION: Uint8Array = constant('Incarnation');
export const METADATA: Uint8Array = constant('Meta');
export const NODE: Uint8Array = constant('Node');
export const PORT: Uint8Array = constant('Port');
export const SEQ: Uint8Array = constant('SeqNo');
export const SOURCE_ADDRESS: Uint8Array = constant('SourceAddr');
export const SOURCE_NODE: Uint8Array = constant('SourceNode');
export const SOURCE_PORT: Uint8Array = constant('SourcePort');
/** The key and the length of the version vector. */
export const VERSIONS: Uint8Array = constant('Vsn', 0xa0 + VERSION_BYTES);
