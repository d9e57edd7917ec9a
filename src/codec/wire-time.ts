import { malformedError } from './bytes.ts';

/* Lamport times, 64 bits on the wire and exact in both directions. */

/** A Lamport time as read: a bigint only above 2^53 - 1. */
export type WireTime = number | bigint;

/** A 64-bit integer as protobufjs knows it. */
export type Long = { low: number; high: number; unsigned: boolean };

const MAX_UINT64 = 2n ** 64n - 1n;
/** The high half of 2^53. */
const SAFE_HIGH = 0x20_0000;

/**
 * A time as the generated encoders take it.
 *
 * @throws CodecError `ERR_CODEC_MALFORMED` for what is no integer of 64 bits without sign
 */
export function toWireTime(time: WireTime): number | Long {
  if (typeof time === 'number') {
    if (Number.isSafeInteger(time) && time >= 0) return time;
  } else if (time >= 0n && time <= MAX_UINT64) {
    const low = Number(BigInt.asIntN(32, time));
    return { low, high: Number(BigInt.asIntN(32, time >> 32n)), unsigned: true };
  }
  throw malformedError('a Lamport time must be an integer of 64 bits without sign');
}

/** A time as the generated decoders give it. */
export function fromWireTime(time: number | Long): WireTime {
  if (typeof time === 'number') return time;
  const high = time.high >>> 0;
  const low = time.low >>> 0;
  if (high < SAFE_HIGH) return high * 0x1_0000_0000 + low;
  return (BigInt(high) << 32n) | BigInt(low);
}
