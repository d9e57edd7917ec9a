import type { Wire, WireName } from '../src/codec/index.ts';
import {
  addChecksum,
  encodeCompound,
  encodePacketMessage,
  decodePacketMessage,
  labelHeader,
  MAX_COMPOUND_NESTING,
  MAX_PARTS_PER_PACKET,
  MESSAGE_TYPE,
  removeChecksum,
  requireLabel,
  splitCompound,
  splitLabel,
} from '../src/codec/index.ts';
import { GossipError } from '../src/runtime/index.ts';
import { PACKET_MESSAGES, joined, utf8 } from './samples.ts';
import type { FuzzTarget } from './target.ts';
import { wireOf } from './wires.ts';

/*
 * Datagrams, from their outermost layer inwards. What is sealed cannot be read after a change, so the
 * last target seals what was changed: that is what a member with a key can send.
 */

const messages = PACKET_MESSAGES.map(encodePacketMessage);
const user = joined([Uint8Array.of(MESSAGE_TYPE.user), utf8('of the layer above')]);
const compound = encodeCompound([...messages, user]);
const nested = encodeCompound([encodeCompound([compound, user]), messages[0] as Uint8Array]);
const plaintexts = [...messages, user, compound, nested];

/** A view is held, whatever it is a view of. */
const VIEWS = { perByte: 12, base: 1024 };

/** Reads a message as a dispatcher does: compounds to their depth, each part on its own. */
export function dispatch(wire: Wire, message: Uint8Array): unknown[] {
  const read: unknown[] = [];
  const refusals: GossipError[] = [];
  let partsLeft = MAX_PARTS_PER_PACKET;
  const follow = (bytes: Uint8Array, depth: number): void => {
    if (bytes[0] === MESSAGE_TYPE.compound && depth < MAX_COMPOUND_NESTING) {
      for (const part of splitCompound(bytes).parts) {
        if (partsLeft === 0) return;
        partsLeft -= 1;
        attempt(part, depth + 1);
      }
    } else if (bytes[0] === MESSAGE_TYPE.user) read.push(bytes.slice(1));
    else read.push(wire.decodePacketMessage(bytes));
  };
  const attempt = (bytes: Uint8Array, depth: number): void => {
    try {
      follow(bytes, depth);
    } catch (error) {
      if (!(error instanceof GossipError)) throw error;
      refusals.push(error);
    }
  };
  follow(message, 0);
  const [refusal] = refusals;
  if (read.length === 0 && refusal !== undefined) throw refusal;
  return read;
}

/** Opens whole datagrams of a wire, and reads what is in them. */
function openTargets(wireName: WireName): FuzzTarget[] {
  const sides = {
    'not sealed': {},
    'not sealed, labelled': { label: 'ring' },
    sealed: { keys: [1, 2] },
    'sealed, labelled': { keys: [1], label: 'ring' },
  };
  return Object.entries(sides).map(([what, side]) => {
    const wire = wireOf({ ...side, wire: wireName });
    return {
      name: `packet ${what}`,
      seeds: plaintexts.map((message) => wire.packets.seal(message)),
      run: (bytes) => dispatch(wire, wire.packets.open(bytes).message),
    };
  });
}

/** The body of every kind of message, behind a type byte that is right. */
function bodyTargets(): FuzzTarget[] {
  const kinds = new Set(PACKET_MESSAGES.map(({ type }) => type));
  return [...kinds].map((kind) => {
    const whole = PACKET_MESSAGES.filter(({ type }) => type === kind).map(encodePacketMessage);
    const type = Uint8Array.of(MESSAGE_TYPE[kind]);
    return {
      name: `body of ${kind}`,
      seeds: whole.map((message) => message.subarray(1)),
      run: (bytes) => decodePacketMessage(joined([type, bytes])),
    };
  });
}

/** The targets about packets. */
export function packetTargets(): FuzzTarget[] {
  const sealed = wireOf({ keys: [1], label: 'ring' });
  const label = labelHeader(utf8('ring'));
  const longLabel = labelHeader(new Uint8Array(255).fill(0x61));
  return [
    ...openTargets('protobuf'),
    {
      name: 'packet of a key holder',
      seeds: plaintexts,
      run: (bytes) => dispatch(sealed, sealed.packets.open(sealed.packets.seal(bytes)).message),
    },
    ...bodyTargets(),
    {
      name: 'compound',
      seeds: [compound, nested, encodeCompound([user]), encodeCompound(messages)],
      bound: VIEWS,
      run: splitCompound,
    },
    {
      name: 'checksum',
      seeds: [...messages, user, compound].map(addChecksum),
      bound: { perByte: 1, base: 64 },
      run: removeChecksum,
    },
    {
      name: 'label',
      seeds: [joined([label, user]), joined([longLabel, user]), label, user],
      bound: { perByte: 1, base: 128 },
      run: (bytes) => {
        const split = splitLabel(bytes);
        requireLabel(split.label, utf8('ring'));
        return split;
      },
    },
  ];
}
