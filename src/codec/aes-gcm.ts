import { createCipheriv, createDecipheriv } from 'node:crypto';

import { CodecError } from '../runtime/errors.ts';
import { malformedError, plainBytes, truncatedError } from './bytes.ts';

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
  const padding = paddingBytes(version, plaintext.length);
  for (const part of [plaintext, new Uint8Array(padding).fill(padding)]) {
    const sealed = cipher.update(part);
    out.set(sealed, at);
    at += sealed.length;
  }
  cipher.final();
  out.set(cipher.getAuthTag(), at);
  return out;
}

/**
 * Checks what can be checked of an envelope without a key.
 *
 * @throws CodecError `ERR_CODEC_TRUNCATED` when it is too short, `ERR_CODEC_UNSUPPORTED` for another version
 */
export function requireEnvelope(envelope: Uint8Array): void {
  const version = envelope[0];
  if (version === undefined) throw truncatedError('sealed message');
  if (version !== 0 && version !== 1) {
    throw new CodecError('ERR_CODEC_UNSUPPORTED', `no envelope has version ${version}`, {
      version,
    });
  }
  if (envelope.length < envelopeOverheadBytes(version)) throw truncatedError('sealed message');
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
  const padding = padded.at(-1) ?? 0;
  if (padding < 1 || padding > BLOCK_BYTES || padding > padded.length) {
    throw malformedError('the padding of a sealed message is wrong');
  }
  return padded.subarray(0, padded.length - padding);
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
