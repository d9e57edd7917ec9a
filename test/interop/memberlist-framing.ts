import {
  addChecksum,
  encodeCompound,
  Keyring,
  labelHeader,
  removeChecksum,
  splitCompound,
  splitLabel,
} from '../../src/codec/index.ts';
import type { EnvelopeVersion } from '../../src/codec/aes-gcm.ts';
import {
  AES_KEY_LENGTHS,
  envelopeBytes,
  envelopeOverheadBytes,
  openEnvelope,
  requireEnvelope,
  sealEnvelope,
} from '../../src/codec/aes-gcm.ts';
import {
  compressIfSmaller,
  compressMessage,
  inflateMessage,
} from '../../src/codec/compress-message.ts';
import { GoPacketCodec } from '../../src/codec/go-packet.ts';
import type { Comparison, Outcome, Vector } from './check.ts';
import { bytesOf, compare, hexOf, vectorsOf } from './check.ts';

/*
 * The layers around messages: compound, checksum, compression, label, encryption, and whole packets.
 */

const MAX_INFLATED = 1_048_576;

/** Compound, checksum, compression and label, each alone. */
export function checkFraming(): Outcome[] {
  return vectorsOf('memberlist-framing.json').map((vector) =>
    compare(vector.name, (comparison) => {
      const [layer = ''] = vector.name.split('/');
      if (layer === 'compound') compareCompound(vector, comparison);
      else if (layer === 'crc') compareChecksum(vector, comparison);
      else if (layer === 'compress') compareCompression(vector, comparison);
      else compareLabel(vector, comparison);
    }),
  );
}

function compareCompound({ fields, hex, decodeOnly }: Vector, comparison: Comparison): void {
  const split = (): unknown => splitCompound(bytesOf(hex));
  if (typeof fields['error'] === 'string') return comparison.refused('split', split);
  const parts = (fields['parts'] as string[]).map(bytesOf);
  comparison.equal('split', split, { parts, lostParts: fields['truncated'] ?? 0 });
  if (decodeOnly !== true) comparison.equal('written', () => hexOf(encodeCompound(parts)), hex);
}

function compareChecksum({ name, fields, hex }: Vector, comparison: Comparison): void {
  const inner = bytesOf(fields['inner']);
  const remove = (): string => hexOf(removeChecksum(bytesOf(hex)));
  if (fields['valid'] === false) return comparison.refused('removed', remove);
  comparison.equal('removed', remove, fields['inner']);
  const peerMaxVersion = name === 'crc/none-pmax4' ? 4 : 5;
  comparison.equal('sent', () => hexOf(plainPackets('').seal(inner, { peerMaxVersion })), hex);
  if (peerMaxVersion === 5) comparison.equal('written', () => hexOf(addChecksum(inner)), hex);
}

function compareCompression({ fields, hex }: Vector, comparison: Comparison): void {
  const inner = bytesOf(fields['inner']);
  comparison.equal('written', () => hexOf(compressMessage(inner)), hex);
  const inflate = (): string => hexOf(inflateMessage(bytesOf(hex), MAX_INFLATED));
  comparison.equal('inflated', inflate, fields['inner']);
  comparison.equal('sent', () => hexOf(compressIfSmaller(inner)), fields['sentOnPacket']);
}

function compareLabel({ name, fields, hex }: Vector, comparison: Comparison): void {
  const label = new TextEncoder().encode(fields['label'] as string);
  const split = (): unknown => splitLabel(bytesOf(hex));
  if (typeof fields['error'] === 'string') return comparison.refused('split', split);
  const rest = bytesOf(fields['rest'] ?? fields['inner']);
  comparison.equal('split', split, { label, rest });
  if (name.startsWith('label/edge')) return;
  const write = (): string => hexOf(Buffer.concat([labelHeader(label), rest]));
  comparison.equal('written', write, hex);
  const open = (): string =>
    hexOf(plainPackets(fields['label'] as string).open(bytesOf(hex)).message);
  comparison.equal('opened', open, hexOf(rest));
}

/** Sealing, with every size of key and both versions. */
export function checkSealing(): Outcome[] {
  return vectorsOf('memberlist-encrypt.json').map(({ name, fields, hex }) =>
    compare(name, (comparison) => {
      const plaintext = bytesOf(fields['plaintext']);
      const [key, nonce, bound] = [fields['key'], fields['nonce'], fields['aad']].map(bytesOf) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      const version = fields['version'] as EnvelopeVersion;
      const seal = (): string => hexOf(sealEnvelope(version, plaintext, { key, nonce, bound }));
      comparison.equal('sealed', seal, hex);
      comparison.equal('opened', () => openWith([key], bytesOf(hex), bound), fields['plaintext']);
    }),
  );
}

/** Opening, damage included. */
export function checkOpening(): Outcome[] {
  return vectorsOf('memberlist-decrypt.json').map(({ name, fields, hex }) =>
    compare(name, (comparison) => {
      const keys = (fields['keys'] as string[]).map(bytesOf);
      const open = (): string | null => openWith(keys, bytesOf(hex), bytesOf(fields['aad']));
      let opened: string | null = null;
      try {
        opened = open();
      } catch (error) {
        if ((error as Error).name !== 'CodecError') throw error;
      }
      comparison.equal('opened', () => opened, fields['plaintext']);
    }),
  );
}

/** The sizes that sealing gives, beside the recorded formula. */
export function envelopeSizeHolds(row: {
  readonly version: number;
  readonly inputLength: number;
  readonly overhead: number;
  readonly result: number;
}): boolean {
  const version = row.version as EnvelopeVersion;
  const isExact = envelopeBytes(version, row.inputLength) === row.result;
  return isExact && envelopeOverheadBytes(version) === row.overhead;
}

/** Whole packets in both directions. */
export function checkPackets(): Outcome[] {
  return vectorsOf('memberlist-packets.json').map(({ name, fields, hex }) =>
    compare(name, (comparison) => {
      const packets = new GoPacketCodec(envelopeOptions(fields));
      const message = bytesOf(fields['message']);
      const peerMaxVersion = fields['destinationPMax'] as number;
      comparison.equal('sealed', () => hexOf(packets.seal(message, { peerMaxVersion })), hex);
      const open = (): string => {
        const opened = packets.open(bytesOf(hex)).message;
        return hexOf(opened[0] === 9 ? inflateMessage(opened, MAX_INFLATED) : opened);
      };
      comparison.equal('opened', open, fields['message']);
    }),
  );
}

/** Envelope options for recorded settings; the nonce is the recorded one. */
export function envelopeOptions(
  fields: Vector['fields'],
): ConstructorParameters<typeof GoPacketCodec>[0] {
  const key = bytesOf(fields['key']);
  return {
    keyring: new Keyring(key.length === 0 ? [] : [key], AES_KEY_LENGTHS),
    label: new TextEncoder().encode(fields['label'] as string),
    entropy: { fill: (target) => target.set(bytesOf(fields['nonce'])) },
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: fields['compression'] === true,
    protocolVersion: (fields['protocolVersion'] as number | undefined) ?? 2,
  };
}

function plainPackets(label: string): GoPacketCodec {
  return new GoPacketCodec(envelopeOptions({ key: '', label, nonce: '' }));
}

function openWith(
  keys: readonly Uint8Array[],
  bytes: Uint8Array,
  bound: Uint8Array,
): string | null {
  requireEnvelope(bytes);
  for (const key of keys) {
    const plaintext = openEnvelope(bytes, key, bound);
    if (plaintext !== null) return hexOf(plaintext);
  }
  return null;
}
