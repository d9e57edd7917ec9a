import type { GoShape } from '../../src/codec/go-shapes.ts';
import { decodeBody, encodeBody, GO_SHAPES } from '../../src/codec/go-shapes.ts';
import { decodeGoPacketMessage, encodeGoPacketMessage } from '../../src/codec/swim-msgpack.ts';
import type { Outcome, Vector } from './check.ts';
import { bytesOf, bytesOrNull, compare, hexOf, vectorsOf } from './check.ts';

/*
 * Message bodies of Go memberlist: what we write, what we read, and what we make of unusual and damaged
 * ones. Bodies are compared field by field as Go names them, nil and empty bytes kept apart; where a whole
 * message can be read, it is also written again.
 */

const SHAPES: Readonly<Record<string, GoShape>> = {
  ping: GO_SHAPES.ping,
  indirectPing: GO_SHAPES.indirectPing,
  indirectPingReq: GO_SHAPES.indirectPing,
  ack: GO_SHAPES.ack,
  ackResp: GO_SHAPES.ack,
  nack: GO_SHAPES.nack,
  err: GO_SHAPES.error,
  suspect: GO_SHAPES.accusation,
  dead: GO_SHAPES.accusation,
  alive: GO_SHAPES.alive,
  pushNodeState: GO_SHAPES.pushPullNode,
  pushPullHeader: GO_SHAPES.pushPullHeader,
  userMsgHeader: GO_SHAPES.userHeader,
  compress: GO_SHAPES.compress,
};

/** Types that travel in packets, alone. */
const PACKET_TYPES = [0, 1, 2, 3, 4, 5, 11];

/** Bodies that a sender writes. */
export function checkMessages(): Outcome[] {
  return vectorsOf('memberlist-messages.json').map((vector) =>
    compare(vector.name, (comparison) => {
      const shape = shapeOf(vector.name.split('/')[0] as string);
      const type = vector.fields['type'] as number | null;
      const body = bodyOf(shape, vector.fields['body']);
      const written = hexOf(encodeBody(type, shape, body));
      // The newest codec writes signed numbers otherwise; the older ones, which ours follows, are read by all.
      const recorded = [vector, ...(vector.alternatives ?? [])].map(({ hex }) => hex);
      comparison.equal('written', () => recorded.includes(written) || written, true);
      for (const hex of recorded) {
        const bytes = bytesOf(hex).subarray(type === null ? 0 : 1);
        comparison.equal('read', () => decodeBody(shape, bytes), {
          ...body,
          ...withoutOptionalEmpties(shape, body),
        });
      }
      if (type === null || !PACKET_TYPES.includes(type)) return;
      const again = (): string =>
        hexOf(encodeGoPacketMessage(decodeGoPacketMessage(bytesOf(vector.hex))));
      comparison.equal('read and written again', again, vector.hex);
    }),
  );
}

/** Bodies that nobody writes, and what Go makes of them. */
export function checkDecoding(): Outcome[] {
  return vectorsOf('memberlist-decode.json').map((vector) =>
    compare(vector.name, (comparison) => {
      const shape = shapeOf(vector.fields['struct'] as string);
      const read = (): unknown => decodeBody(shape, bytesOf(vector.hex));
      if (typeof vector.fields['error'] === 'string') comparison.refused('read', read);
      else comparison.equal('read', read, bodyOf(shape, vector.fields['body']));
    }),
  );
}

function shapeOf(name: string): GoShape {
  const shape = SHAPES[name];
  if (shape === undefined) throw new Error(`no shape is called ${name}`);
  return shape;
}

type Body = Record<string, never>;

/** A recorded body with bytes as bytes; fields that it does not name are zero. */
function bodyOf(shape: GoShape, recorded: unknown): Body {
  const given = recorded as Vector['fields'];
  const fields = Object.entries(shape).map(([key, kind]) => {
    const value = given[key];
    if (kind === 'bytes' || kind === 'optionalBytes') return [key, bytesOrNull(value)];
    return [key, value ?? (kind === 'text' || kind === 'optionalText' ? '' : 0)];
  });
  return Object.fromEntries(fields) as Body;
}

/** An empty field that is left out when empty comes back as absent. */
function withoutOptionalEmpties(shape: GoShape, body: Body): Record<string, null> {
  const isGone = ([key, kind]: [string, string]): boolean =>
    kind === 'optionalBytes' && (body[key] as unknown as Uint8Array | null)?.length === 0;
  return Object.fromEntries(
    Object.entries(shape)
      .filter(isGone)
      .map(([key]) => [key, null]),
  );
}
