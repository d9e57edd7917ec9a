import { CryptoError, StateError } from '../runtime/errors.ts';
import { concatBytes, copyBytes } from './bytes.ts';
import type {
  AcceptedStream,
  InitiatedStream,
  StreamEnvelope,
  StreamEnvelopeOptions,
} from './envelope.ts';
import type { RingKey } from './keyring.ts';
import { labelHeader } from './label.ts';
import { MAX_REFUSAL_BYTES } from './limits.ts';
import type { ErrorMessage } from './messages.ts';
import { MESSAGE_TYPE } from './messages.ts';
import { SALT_BYTES, SEALED_MARK, SealingKeys } from './secretbox.ts';
import { encodeFrame } from './stream-frame.ts';
import type { CandidateKey } from './stream-opener.ts';
import { FrameOpener } from './stream-opener.ts';
import type { StreamBeginning } from './stream-sealer.ts';
import { FrameSealer } from './stream-sealer.ts';
import { encodeStreamMessage } from './swim-stream.ts';

/*
 * A stream carries one request and at most one reply, each in frames (stream-frame.ts):
 *
 *   dialler -> acceptor   [f4 length label]  0a e2 salt(16) frame*      sealed
 *                         [f4 length label]  0e frame*                  not sealed
 *   acceptor -> dialler   the same without a label
 *
 * The reply is sealed as the request was, under a key that comes from the same ring key and from the
 * request's salt: both sides agree in the middle of a rotation, and an answer to another request, or
 * the request sent back, does not open. An acceptor that cannot open a request may say why in a
 * refusal that is not sealed; the dialler treats that as a hint and never as an answer.
 */

interface SealedRequest {
  readonly ringKey: RingKey;
  readonly salt: Uint8Array;
}

/** Frames streams, and seals them with secretbox. */
export class StreamCodec implements StreamEnvelope {
  readonly #options: StreamEnvelopeOptions;
  readonly #label: Uint8Array;
  readonly #keys: SealingKeys;

  constructor(options: StreamEnvelopeOptions) {
    this.#options = options;
    this.#label = copyBytes(options.label);
    this.#keys = new SealingKeys(this.#label);
  }

  /** Both directions for the side that dials. The key is chosen now. */
  initiate(): InitiatedStream {
    const { keyring, verifyOutgoing, compression } = this.#options;
    const header = labelHeader(this.#label);
    if (!verifyOutgoing || !keyring.isEnabled) {
      const beginning = plainBeginning(header);
      return {
        request: new FrameSealer(() => beginning, compression),
        reply: this.#plainReply(),
      };
    }
    const sealed = { ringKey: keyring.primary, salt: this.#newSalt() };
    const secret = { key: this.#keys.request(sealed.ringKey), salt: sealed.salt };
    const beginning = sealedBeginning(header, secret);
    keyring.countSealed(sealed.ringKey);
    return {
      request: new FrameSealer(() => beginning, compression),
      reply: this.#sealedReply(sealed),
    };
  }

  /** Both directions for the side that was dialled. */
  accept(): AcceptedStream {
    let sealed: SealedRequest | null = null;
    let isOpened = false;
    let tried: readonly RingKey[] = [];
    const request = new FrameOpener({
      label: this.#options.skipInboundLabelCheck === true ? null : this.#label,
      plain: () => (this.#refusesPlain() ? 'refuse' : 'accept'),
      candidates: () => {
        tried = this.#options.keyring.entries();
        if (tried.length === 0) throw sealedError('a stream is sealed, and we have no key');
        return tried.map((key) => candidate(key, this.#keys.request(key)));
      },
      opened: (how) => {
        isOpened = true;
        const ringKey = how === null ? undefined : tried[how.candidate];
        if (how !== null && ringKey !== undefined) sealed = { ringKey, salt: how.salt };
      },
    });
    const begin = (): StreamBeginning => {
      if (!isOpened) throw new StateError('ERR_INTERNAL', 'a reply before the request was opened');
      return sealed === null ? plainBeginning(new Uint8Array(0)) : this.#replyBeginning(sealed);
    };
    const reply = new FrameSealer(begin, this.#options.compression);
    return { request, reply, refuse: encodeRefusal };
  }

  #replyBeginning(request: SealedRequest): StreamBeginning {
    const key = this.#keys.reply(request.ringKey, request.salt);
    this.#options.keyring.countSealed(request.ringKey);
    return sealedBeginning(new Uint8Array(0), { key, salt: this.#newSalt() });
  }

  #plainReply(): FrameOpener {
    return new FrameOpener({
      label: null,
      plain: () => (this.#refusesPlain() ? 'refuse' : 'accept'),
      candidates: () => {
        throw sealedError('the answer to a request that was not sealed is sealed');
      },
      opened: () => undefined,
    });
  }

  #sealedReply(request: SealedRequest): FrameOpener {
    return new FrameOpener({
      label: null,
      plain: () => 'hint',
      candidates: () => [
        candidate(request.ringKey, this.#keys.reply(request.ringKey, request.salt)),
      ],
      opened: () => undefined,
    });
  }

  #refusesPlain(): boolean {
    return this.#options.verifyIncoming && this.#options.keyring.isEnabled;
  }

  #newSalt(): Uint8Array {
    const salt = new Uint8Array(SALT_BYTES);
    this.#options.entropy.fill(salt);
    return salt;
  }
}

function candidate(ringKey: RingKey, key: Uint8Array): CandidateKey {
  return { key, fingerprint: ringKey.fingerprint };
}

function sealedError(message: string): CryptoError {
  return new CryptoError('ERR_SEALED', message);
}

function plainBeginning(header: Uint8Array): StreamBeginning {
  const preamble = concatBytes([header, Uint8Array.of(MESSAGE_TYPE.framed)]);
  return { preamble, secret: null };
}

function sealedBeginning(
  header: Uint8Array,
  secret: { readonly key: Uint8Array; readonly salt: Uint8Array },
): StreamBeginning {
  const marks = Uint8Array.of(MESSAGE_TYPE.sealed, SEALED_MARK);
  return { preamble: concatBytes([header, marks, secret.salt]), secret };
}

/** A whole stream, not sealed, that holds one refusal; its text is made well-formed and cut to fit. */
function encodeRefusal(error: ErrorMessage): Uint8Array[] {
  const wellFormed = error.text.replace(/\p{Surrogate}/gu, '\ufffd');
  let characters = Array.from(
    wellFormed.slice(0, MAX_REFUSAL_BYTES).replace(/\p{Surrogate}$/u, ''),
  );
  let message: Uint8Array;
  do {
    message = concatBytes([...encodeStreamMessage({ ...error, text: characters.join('') })]);
    characters = characters.slice(0, characters.length >>> 1);
  } while (message.length > MAX_REFUSAL_BYTES);
  const options = { secret: null, compression: false };
  const frame = encodeFrame(message, { index: 0, isLast: true }, options);
  return [Uint8Array.of(MESSAGE_TYPE.framed), frame];
}
