import type { PacketEnvelope, WireName } from '../../src/codec/index.ts';
import { createWire, Keyring, wireKeyLengths } from '../../src/codec/index.ts';
import { nodeEntropy } from '../../src/runtime/node/index.ts';
import type { AnyBench, Extent, Figures } from '../bench.ts';
import { benchOf, checkSame } from '../bench.ts';
import { nanosPer } from '../timing.ts';

/*
 * A packet sealed and opened with a fresh nonce each, on either wire: AES-256-GCM on memberlist's, secretbox on the
 * default one. Size is that of the message.
 */

interface Sealing {
  readonly seal: (message: Uint8Array) => Uint8Array;
  readonly open: (packet: Uint8Array) => Uint8Array;
}

function play({ seal, open }: Sealing, { size, budgetMs }: Extent): Figures {
  const message = new Uint8Array(size).fill(0x6d);
  const packet = seal(message);
  checkSame(open(packet), message, 'opened packet');
  return {
    seal: nanosPer(budgetMs, () => seal(message)),
    open: nanosPer(budgetMs, () => open(packet)),
  };
}

function packetsOf(wire: WireName): PacketEnvelope {
  return createWire(wire, {
    keyring: new Keyring([new Uint8Array(32).fill(7)], wireKeyLengths(wire)),
    label: new Uint8Array(0),
    entropy: nodeEntropy(),
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: false,
  }).packets;
}

function benchFor(name: string, wire: WireName): AnyBench {
  const packets = packetsOf(wire);
  return benchOf({
    name,
    subject: {
      seal: (message: Uint8Array) => packets.seal(message),
      open: (packet: Uint8Array) => packets.open(packet).message,
    },
    play: (subject, extent) => play(subject, extent),
  });
}

export const aesGcm: AnyBench = benchFor('aes-gcm', 'memberlist');
export const secretbox: AnyBench = benchFor('secretbox', 'protobuf');
