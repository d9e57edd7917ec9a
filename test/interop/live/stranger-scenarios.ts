import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Allowed } from './judge.ts';
import type { Fields, NodeOptions } from './lines.ts';
import type { Mode } from './modes.ts';
import { keyOf } from './modes.ts';
import type { Kind } from './peer.ts';
import { RequestFailed } from './peer.ts';
import type { Ring, RingNode } from './ring.ts';
import type { Scenario } from './scenario.ts';
import { grow } from './scenario.ts';

/*
 * Peers that do not belong to the ring: another key, another label, none at all, another version of the
 * protocol above, bytes that break off or that nobody can read. They are refused, our side says why by a
 * code, and the ring stays as it was.
 */

/** How a stranger differs, and the codes that our side gives for it. */
interface Stranger {
  readonly name: string;
  readonly fits: (mode: Mode) => boolean;
  readonly options: (mode: Mode) => Partial<NodeOptions>;
  /** Why a join fails, when a member of the ring tries the stranger. */
  readonly toStranger: string;
  /** Why a join fails, when the stranger tries a member. */
  readonly toMember: string;
  /** Cause in the warning of a member that the stranger tried; null where only a counter tells. */
  readonly warning: string | null;
  /** Cause in the warning of the stranger, when it is ours and was tried; null where it has none. */
  readonly ownWarning: string | null;
  /** What a Go member says that the stranger tried. */
  readonly log: RegExp;
  /** What the stranger says, when it is Go's and was tried. */
  readonly ownLog: RegExp;
}

/** What Go says of a stream, without its case: that has changed between versions. */
const GO = {
  mismatch: /failed to receive: no installed keys could decrypt the message from=/i,
  notSealed: /failed to receive: encryption is configured but remote state is not encrypted from=/i,
  sealed: /failed to receive: remote state is encrypted and encryption is not configured from=/i,
  green: /discarding stream with unacceptable label "green": from=/,
  blueOrNone: /discarding stream with unacceptable label "(blue)?": from=/,
  version: /Failed push\/pull merge: Node '\w+' delegate protocol version \(3\) is incompatible/i,
  ownVersion:
    /Failed push\/pull merge: Node '\w+' delegate protocol version \(0\) is incompatible/i,
} as const;

const isSealed = ({ options }: Mode): boolean => options.keys !== undefined;

const STRANGERS: readonly Stranger[] = [
  {
    name: 'wrong key',
    fits: isSealed,
    options: ({ options }) => ({ keys: [keyOf((options.keys?.[0]?.length ?? 32) / 2, 77)] }),
    toStranger: 'ERR_KEY_MISMATCH',
    toMember: 'ERR_KEY_MISMATCH',
    warning: 'ERR_KEY_MISMATCH',
    ownWarning: 'ERR_KEY_MISMATCH',
    log: GO.mismatch,
    ownLog: GO.mismatch,
  },
  {
    name: 'no encryption',
    fits: isSealed,
    options: () => ({ keys: [] }),
    toStranger: 'ERR_NOT_SEALED',
    toMember: 'ERR_SEALED',
    warning: 'ERR_NOT_SEALED',
    ownWarning: 'ERR_SEALED',
    log: GO.notSealed,
    ownLog: GO.sealed,
  },
  {
    name: 'encryption in a plain ring',
    fits: ({ options }) => options.keys === undefined,
    options: () => ({ keys: [keyOf(16, 5)] }),
    toStranger: 'ERR_SEALED',
    toMember: 'ERR_NOT_SEALED',
    warning: 'ERR_SEALED',
    ownWarning: 'ERR_NOT_SEALED',
    log: GO.sealed,
    ownLog: GO.notSealed,
  },
  {
    name: 'another label',
    fits: ({ options }) => options.label !== undefined,
    options: () => ({ label: 'green' }),
    toStranger: 'ERR_STREAM_CLOSED',
    toMember: 'ERR_STREAM_CLOSED',
    warning: 'ERR_LABEL_MISMATCH',
    ownWarning: 'ERR_LABEL_MISMATCH',
    log: GO.green,
    ownLog: GO.blueOrNone,
  },
  {
    name: 'a label in a ring without',
    fits: ({ options }) => options.label === undefined,
    options: () => ({ label: 'green' }),
    toStranger: 'ERR_STREAM_CLOSED',
    toMember: 'ERR_STREAM_CLOSED',
    warning: 'ERR_LABEL_MISMATCH',
    ownWarning: 'ERR_LABEL_MISMATCH',
    log: GO.green,
    ownLog: GO.blueOrNone,
  },
  {
    name: 'another version of the protocol above',
    fits: () => true,
    options: () => ({ delegateVersion: 3 }),
    toStranger: 'ERR_REMOTE',
    toMember: 'ERR_REMOTE',
    warning: null,
    ownWarning: null,
    log: GO.version,
    ownLog: GO.ownVersion,
  },
];

/** A join that must fail; on our side for the reason given. */
async function refusedJoin(ring: Ring, from: RingNode, to: RingNode, code: string): Promise<void> {
  const tries = `${from.name} to ${to.name}`;
  try {
    await ring.ask(from, { do: 'join', targets: [to.target] });
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    if (from.kind === 'go') return;
    const { attempts = [] } = error.reply['fields'] as { readonly attempts?: readonly Fields[] };
    const codes = attempts.map((attempt) => attempt['code']);
    if (error.reply.code === 'ERR_JOIN_FAILED' && codes.join() === code) return;
    throw new Error(`${tries}: ${code} was meant, not ${JSON.stringify(error.reply)}`);
  }
  throw new Error(`${tries}: was taken in`);
}

async function isRefused(stranger: Stranger, ring: Ring, acting: Kind): Promise<undefined> {
  const members = await grow(ring, 'ours', 3);
  const odd = await ring.start(acting, stranger.options(ring.mode));
  for (const member of members) {
    await refusedJoin(ring, odd, member, stranger.toMember);
    if (member.kind === 'ours') await isReported(ring, member, stranger.warning);
    await refusedJoin(ring, member, odd, stranger.toStranger);
  }
  await ring.agree();
  const alone = (await ring.ask(odd, { do: 'members' }))['members'] as readonly unknown[];
  if (alone.length !== 1) throw new Error(`the stranger knows ${alone.length} members`);
}

async function isReported(ring: Ring, member: RingNode, cause: string | null): Promise<void> {
  if (cause !== null) {
    await ring.expectEvent(member, 'warning', { code: 'WARN_FOREIGN_TRAFFIC', cause });
  } else {
    await isCounted(ring, member, 'pushPulls.incompatible');
  }
}

/** Waits until a node of ours has counted something. */
async function isCounted(ring: Ring, node: RingNode, counter: string): Promise<void> {
  const until = performance.now() + 3 * ring.budgetMs;
  while (performance.now() < until) {
    const { counters } = await ring.ask(node, { do: 'stats' });
    if (((counters as Record<string, number>)[counter] ?? 0) > 0) return;
    await sleep(50);
  }
  throw new Error(`${node.name} never counted ${counter}`);
}

/** Head of a push/pull that says two records follow, as Go writes it; none follow. */
const BROKEN_OFF = Buffer.concat([
  Buffer.of(6, 0x83, 0xa5),
  Buffer.from('Nodes\x02\xacUserStateLen\x00\xa4Join\xc2', 'latin1'),
]);

/** `abc` in snappy's block format, marked as Grafana's fork of memberlist marks it: algorithm 1. */
const SNAPPY_COMPRESSION = Buffer.concat([
  Buffer.of(9, 0x82, 0xa4),
  Buffer.from('Algo\x01\xa3Buf\xa5\x03\x08abc', 'latin1'),
]);

/** A push/pull with one member, alive, that speaks versions 6 and 7 of memberlist's protocol and no other. */
const LATER_VERSION = Buffer.concat([
  Buffer.of(6, 0x83, 0xa5),
  Buffer.from('Nodes\x01\xacUserStateLen\x00\xa4Join\xc2', 'latin1'),
  Buffer.from('\x87\xa4Name\xa5later\xa4Addr\xa4\x7f\x00\x00\x01\xa4Port\xcd\x1e\xd2', 'latin1'),
  Buffer.from('\xa4Meta\xa0\xabIncarnation\x01\xa5State\x00', 'latin1'),
  Buffer.from('\xa3Vsn\xa6\x06\x07\x07\x00\x00\x00', 'latin1'),
]);

/** Opens a stream, writes, and does nothing more until it is told to end. */
function openStream(port: number, bytes: Buffer): () => void {
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
  socket.on('error', () => {}).resume();
  return () => socket.destroy();
}

async function breaksOff(ring: Ring): Promise<undefined> {
  const [first] = await grow(ring, 'ours', 3);
  const { port } = first as RingNode;
  const ends = Array.from({ length: 20 }, () => openStream(port, BROKEN_OFF));
  await isCounted(ring, first as RingNode, 'streams.rejected.slow');
  const cut = openStream(port, BROKEN_OFF.subarray(0, 9));
  await sleep(100);
  cut();
  for (const end of ends) end();
  await ring.add('go');
  await ring.agree();
}

async function compressesOddly(ring: Ring): Promise<undefined> {
  const [first] = await grow(ring, 'ours', 3);
  const { port } = first as RingNode;
  const packets = createSocket('udp4');
  packets.send(SNAPPY_COMPRESSION, port, '127.0.0.1', () => packets.close());
  const end = openStream(port, SNAPPY_COMPRESSION);
  await isCounted(ring, first as RingNode, 'packets.dropped.ERR_CODEC_UNSUPPORTED');
  await isCounted(ring, first as RingNode, 'streams.rejected.ERR_CODEC_UNSUPPORTED');
  end();
  await ring.add('go');
  await ring.agree();
}

async function speaksLaterVersion(ring: Ring): Promise<undefined> {
  const [first] = await grow(ring, 'ours', 3);
  const end = openStream((first as RingNode).port, LATER_VERSION);
  await isCounted(ring, first as RingNode, 'pushPulls.incompatible');
  end();
  await ring.add('go');
  await ring.agree();
}

const family = 'memberlist';
const isPlain = ({ name }: Mode): boolean => name === 'plain';

/** What members may say of a stranger, and it of them: what belongs to its kind, and nothing else. */
function foreign({ warning, ownWarning, log, ownLog }: Stranger): Allowed {
  return { logs: [log], ...ofCause(warning), stranger: { logs: [ownLog], ...ofCause(ownWarning) } };
}

function ofCause(cause: string | null): Pick<Allowed, 'counters' | 'warnings'> {
  if (cause === null) return { counters: [/^pushPulls\.incompatible$/] };
  return {
    counters: [new RegExp(`^streams\\.rejected\\.${cause}$`), /^warnings\.WARN_FOREIGN_TRAFFIC$/],
    warnings: [new RegExp(`^WARN_FOREIGN_TRAFFIC ${cause}$`)],
  };
}

/** Strangers that are bytes only; none of them tries a Go member, which has nothing to say of it. */
const BYTES: readonly Pick<Scenario, 'name' | 'run' | 'allowed'>[] = [
  {
    name: 'stops in mid-stream',
    run: breaksOff,
    allowed: { counters: [/^streams\.rejected\.(slow|ERR_CODEC_TRUNCATED)$/] },
  },
  {
    name: 'snappy compression of a fork',
    run: compressesOddly,
    allowed: { counters: [/^(packets\.dropped|streams\.rejected)\.ERR_CODEC_UNSUPPORTED$/] },
  },
  {
    name: 'a later protocol version',
    run: speaksLaterVersion,
    allowed: { counters: [/^pushPulls\.incompatible$/] },
  },
];

export const STRANGER_SCENARIOS: readonly Scenario[] = [
  ...STRANGERS.map((stranger): Scenario => {
    const run = (ring: Ring, acting: Kind): Promise<undefined> => isRefused(stranger, ring, acting);
    const name = `stranger: ${stranger.name}`;
    return { name, run, fits: stranger.fits, family, allowed: foreign(stranger) };
  }),
  ...BYTES.map(({ name, ...rest }): Scenario => {
    return { ...rest, name: `stranger: ${name}`, family, fits: isPlain, acting: ['go'] };
  }),
];
