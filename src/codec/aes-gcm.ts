import { createCipheriv, createDecipheriv } from 'node:crypto';

import { CodecError } from '../runtime/errors.ts';
import { ByteChunks } from './byte-chunks.ts';
import { concatBytes, malformedError, plainBytes, truncatedError } from './bytes.ts';

/*
 * Go memberlist's envelope: AES-GCM with a key of 16, 24 or 32 bytes.
 *
 *   version (1) | nonce (12) | ciphertext | tag (16)
 *
 * Version 0 pads the plaintext to a multiple of 16 with 1 to 16 bytes that each hold their number, version 1
 * does not. The version byte is not authenticated: an envelope whose version was changed opens with its
 * padding still on, or is refused for the padding that it lacks.
 */

/** Sizes of ring keys that this cipher takes. */
export const AES_KEY_LENGTHS: readonly number[] = Object.freeze([16, 24, 32]);
/** Bytes of a nonce. */
export const AES_NONCE_BYTES = 12;

const TAG_BYTES = 16;
const BLOCK_BYTES = 16;
/** Sealed or opened between two turns of the loop: a fraction of a millisecond. */
const AES_STEP_BYTES = 262_144;

/** Version of an envelope: 0 with padding, 1 without. */
export type EnvelopeVersion = 0 | 1;

/** The most that an envelope adds to what is in it. */
export function envelopeOverheadBytes(version: EnvelopeVersion): number {
  return 1 + AES_NONCE_BYTES + (version === 0 ? BLOCK_BYTES : 0) + TAG_BYTES;
}

/** Exact size of the envelope of so many bytes. */
export function envelopeBytes(version: EnvelopeVersion, plaintextBytes: number): number {
  return 1 + AES_NONCE_BYTES + plaintextBytes + paddingBytes(version, plaintextBytes) + TAG_BYTES;
}

/** What an envelope is sealed with. */
export interface EnvelopeSecret {
  readonly key: Uint8Array;
  /** 12 bytes, never twice for one key. */
  readonly nonce: Uint8Array;
  /** Bytes that are bound to the envelope without being in it. */
  readonly bound: Uint8Array;
}

/** Seals a plaintext. */
export function sealEnvelope(
  version: EnvelopeVersion,
  plaintext: Uint8Array,
  { key, nonce, bound }: EnvelopeSecret,
): Uint8Array {
  const cipher = createCipheriv(algorithmOf(key), key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(bound);
  const out = new Uint8Array(envelopeBytes(version, plaintext.length));
  out[0] = version;
  out.set(nonce, 1);
  let at = 1 + AES_NONCE_BYTES;
  const sealed = cipher.update(plaintext);
  out.set(sealed, at);
  at += sealed.length;
  const padding = paddingBytes(version, plaintext.length);
  // A call costs as much for nothing as for a packet.
  if (padding > 0) {
    const last = cipher.update(new Uint8Array(padding).fill(padding));
    out.set(last, at);
    at += last.length;
  }
  cipher.final();
  out.set(cipher.getAuthTag(), at);
  return out;
}

/**
 * Seals a plaintext of many pieces, whose total is `plaintextBytes`; each piece of the envelope is made when it is
 * asked for, so that turns of the loop can be taken in between.
 */
export function* sealEnvelopeInPieces(
  version: EnvelopeVersion,
  pieces: Iterable<Uint8Array>,
  plaintextBytes: number,
  { key, nonce, bound }: EnvelopeSecret,
): Generator<Uint8Array, void, void> {
  const cipher = createCipheriv(algorithmOf(key), key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(bound);
  yield concatBytes([Uint8Array.of(version), nonce]);
  for (const piece of pieces) yield plainBytes(cipher.update(piece));
  const padding = paddingBytes(version, plaintextBytes);
  const last = plainBytes(cipher.update(new Uint8Array(padding).fill(padding)));
  cipher.final();
  yield concatBytes([last, cipher.getAuthTag()]);
}

/**
 * Opens an envelope that {@link requireEnvelopeSize} has let pass, in steps of some 256 KiB. The tag stands at
 * the end and is checked before anything is given out.
 *
 * @returns as {@link openEnvelope}, in pieces
 * @throws CodecError `ERR_CODEC_MALFORMED` when it opens but its padding cannot be
 */
export function* openEnvelopeInSteps(
  envelope: ByteChunks,
  key: Uint8Array,
  bound: Uint8Array,
): Generator<undefined, ByteChunks | null, void> {
  const bodyAt = 1 + AES_NONCE_BYTES;
  const tagAt = envelope.length - TAG_BYTES;
  const [version, ...nonce] = envelope.copy(0, bodyAt);
  const options = { authTagLength: TAG_BYTES };
  const decipher = createDecipheriv(algorithmOf(key), key, Uint8Array.from(nonce), options);
  decipher.setAAD(bound);
  decipher.setAuthTag(envelope.copy(tagAt, envelope.length));
  const plaintext = new ByteChunks();
  let stepBytes = 0;
  for (const slice of envelope.slices(bodyAt, tagAt, AES_STEP_BYTES)) {
    if (stepBytes >= AES_STEP_BYTES) {
      stepBytes = 0;
      yield;
    }
    plaintext.pushOwned(plainBytes(decipher.update(slice)));
    stepBytes += slice.length;
  }
  try {
    decipher.final();
  } catch {
    return null;
  }
  if (version === 0) dropPadding(plaintext);
  return plaintext;
}

/**
 * Checks what can be checked of an envelope without a key.
 *
 * @throws CodecError `ERR_CODEC_TRUNCATED` when it is too short, `ERR_CODEC_UNSUPPORTED` for another version
 */
export function requireEnvelope(envelope: Uint8Array): void {
  requireEnvelopeSize(envelope[0], envelope.length);
}

/** The same for an envelope of which only the first byte and the size are known. */
export function requireEnvelopeSize(version: number | undefined, sizeBytes: number): void {
  if (version === undefined) throw truncatedError('sealed message');
  if (version !== 0 && version !== 1) {
    throw new CodecError('ERR_CODEC_UNSUPPORTED', `no envelope has version ${version}`, {
      version,
    });
  }
  if (sizeBytes < envelopeOverheadBytes(version)) throw truncatedError('sealed message');
}

/**
 * Opens an envelope that {@link requireEnvelope} has let pass.
 *
 * @returns the plaintext; null when the key or the bound bytes are not those it was sealed with
 * @throws CodecError `ERR_CODEC_MALFORMED` when it opens but its padding cannot be
 */
export function openEnvelope(
  envelope: Uint8Array,
  key: Uint8Array,
  bound: Uint8Array,
): Uint8Array | null {
  const nonce = envelope.subarray(1, 1 + AES_NONCE_BYTES);
  const tagAt = envelope.length - TAG_BYTES;
  const decipher = createDecipheriv(algorithmOf(key), key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(bound);
  decipher.setAuthTag(envelope.subarray(tagAt));
  const plaintext = plainBytes(decipher.update(envelope.subarray(1 + AES_NONCE_BYTES, tagAt)));
  try {
    decipher.final();
  } catch {
    return null;
  }
  return envelope[0] === 0 ? withoutPadding(plaintext) : plaintext;
}

function withoutPadding(padded: Uint8Array): Uint8Array {
  requirePadding(padded.at(-1) ?? 0, padded.length);
  return padded.subarray(0, padded.length - (padded.at(-1) as number));
}

function dropPadding(padded: ByteChunks): void {
  const [padding = 0] = padded.copy(Math.max(0, padded.length - 1), padded.length);
  requirePadding(padding, padded.length);
  padded.dropLast(padding);
}

function requirePadding(padding: number, sizeBytes: number): void {
  if (padding >= 1 && padding <= BLOCK_BYTES && padding <= sizeBytes) return;
  throw malformedError('the padding of a sealed message is wrong');
}

function paddingBytes(version: EnvelopeVersion, plaintextBytes: number): number {
  return version === 0 ? BLOCK_BYTES - (plaintextBytes % BLOCK_BYTES) : 0;
}

function algorithmOf(key: Uint8Array): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  switch (key.length) {
    case 16:
      return 'aes-128-gcm';
    case 24:
      return 'aes-192-gcm';
  }
  return 'aes-256-gcm';
}
