import { copyBytes, limitError, malformedError, writeUint32 } from './bytes.ts';
import { compressLzwInto, decompressLzw, decompressLzwInto, ROOM_FOR_END } from './compression.ts';
import { MAX_FRAME_BYTES } from './limits.ts';
import type { RecordBlock } from './record-blocks.ts';
import { recordBlocks } from './record-blocks.ts';
import { BOX_OVERHEAD_BYTES, BoxRoom, NONCE_BYTES, SALT_BYTES } from './secretbox.ts';

/*
 * One frame of a stream:
 *
 *   length (4 bytes, big-endian; the top bit marks the last frame) | box, or plaintext when not sealed
 *
 * and its plaintext: a flag byte (0 as it is, 1 LZW) and at most 64 KiB of data. The nonce is the
 * stream's salt and the frame's number, whose top bit marks the last frame too: a frame opens only
 * in its place, and the mark cannot be changed.
 *
 * Frames are made and opened in arrays of the module, which is safe since nothing here waits. With arrays of their own for
 * each step a sync of 24 MB left 150 MB of them behind, and the collector is called for that by itself.
 */

/** The largest plaintext of a frame: flag and data. */
export const MAX_FRAME_PLAINTEXT_BYTES: number = 1 + MAX_FRAME_BYTES;
/** Bytes of the length in front of a frame. */
export const FRAME_LENGTH_BYTES = 4;
/** The mark of the last frame, in the length and in the high half of the frame's number. */
export const LAST_FRAME_BIT = 0x8000_0000;

const FLAG_RAW = 0;
const FLAG_LZW = 1;

/** A frame's place in its stream. */
export interface FramePlace {
  /** From 0. */
  readonly index: number;
  readonly isLast: boolean;
}

/** What seals the frames of one direction: the derived key and the salt. */
export interface FrameSecret {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
}

/** The bytes of a frame. */
export function encodeFrame(
  data: Uint8Array,
  place: FramePlace,
  options: { readonly secret: FrameSecret | null; readonly compression: boolean },
): Uint8Array {
  return sealFrame(packData(frameRoom().message, data, options.compression), place, options.secret);
}

/** The bytes of a frame that holds one block of records; the compressed form is kept with the block. */
export function encodeBlockFrame(
  block: RecordBlock,
  place: FramePlace,
  options: { readonly secret: FrameSecret | null; readonly compression: boolean },
): Uint8Array {
  if (!options.compression) return encodeFrame(block.bytes, place, options);
  const { message } = frameRoom();
  if (block.packed === null) {
    const length = packData(message, block.bytes, true);
    recordBlocks.keepPacked(block, message.slice(0, length));
    return sealFrame(length, place, options.secret);
  }
  message.set(block.packed);
  return sealFrame(block.packed.length, place, options.secret);
}

/** Seals what stands in the room of the module. */
function sealFrame(length: number, place: FramePlace, secret: FrameSecret | null): Uint8Array {
  const body =
    secret === null
      ? frameRoom().message.subarray(0, length)
      : frameRoom().seal(length, nonceOf(secret.salt, place), secret.key);
  const out = new Uint8Array(FRAME_LENGTH_BYTES + body.length);
  writeUint32(out, 0, body.length + (place.isLast ? LAST_FRAME_BIT : 0));
  out.set(body, FRAME_LENGTH_BYTES);
  return out;
}

/**
 * Opens the box of a frame; null when the key or the place is not the one it was sealed for.
 *
 * @returns a view that holds until the next frame is made or opened
 */
export function openFrame(
  box: Uint8Array,
  place: FramePlace,
  secret: FrameSecret,
): Uint8Array | null {
  return frameRoom().open(box, nonceOf(secret.salt, place), secret.key);
}

/**
 * The data in a frame's plaintext: a copy, or the bytes of a block that has the same ones and is never changed.
 *
 * @param room - 64 KiB for the copy; null for one in an array of its own
 * @throws CodecError `ERR_CODEC_MALFORMED`, `ERR_CODEC_LIMIT` for what inflates to more than 64 KiB
 */
export function unpackData(plaintext: Uint8Array, room: Uint8Array | null = null): Uint8Array {
  const data = plaintext.subarray(1);
  if (plaintext[0] === FLAG_LZW) {
    const block = recordBlocks.findPacked(plaintext);
    if (block !== null) return block.bytes;
    return room === null ? decompressLzw(data, MAX_FRAME_BYTES) : decompressLzwInto(room, data);
  }
  if (plaintext[0] === FLAG_RAW) {
    const block = recordBlocks.findBytes(data);
    if (block !== null) return block.bytes;
    if (room === null) return copyBytes(data);
    room.set(data);
    return room.subarray(0, data.length);
  }
  throw malformedError('a frame has an unknown flag');
}

/**
 * Checks the length of a frame's body.
 *
 * @throws CodecError `ERR_CODEC_LIMIT`, `ERR_CODEC_MALFORMED` for one without even a flag
 */
export function requireFrameLength(length: number, isSealed: boolean): void {
  const overhead = isSealed ? BOX_OVERHEAD_BYTES : 0;
  if (length < overhead + 1) throw malformedError('a frame is too short');
  const limit = MAX_FRAME_PLAINTEXT_BYTES + overhead;
  if (length > limit) throw limitError('frame of a stream', length, limit);
}

let room: BoxRoom | null = null;

/** Made with the first frame: most processes that load this have one soon. */
function frameRoom(): BoxRoom {
  room ??= new BoxRoom(MAX_FRAME_PLAINTEXT_BYTES + ROOM_FOR_END);
  return room;
}

/** Writes the plaintext of a frame. @returns its length */
function packData(out: Uint8Array, data: Uint8Array, compression: boolean): number {
  const isWorthIt = compression && data.length > 0;
  const length = isWorthIt ? compressLzwInto(out.subarray(1), data, data.length) : -1;
  out[0] = length < 0 ? FLAG_RAW : FLAG_LZW;
  if (length >= 0) return 1 + length;
  out.set(data, 1);
  return 1 + data.length;
}

function nonceOf(salt: Uint8Array, place: FramePlace): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  nonce.set(salt);
  const high = Math.floor(place.index / 0x1_0000_0000) + (place.isLast ? LAST_FRAME_BIT : 0);
  writeUint32(nonce, SALT_BYTES, high);
  writeUint32(nonce, SALT_BYTES + 4, place.index % 0x1_0000_0000);
  return nonce;
}
