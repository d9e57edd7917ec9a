import { connect } from 'node:net';
import { createSocket } from 'node:dgram';

import type { Allowed } from './judge.ts';
import type { NodeOptions } from './lines.ts';
import type { Mode } from './modes.ts';
import { keyOf } from './modes.ts';
import type { Kind } from './peer.ts';
import { RequestFailed } from './peer.ts';
import type { Ring, RingNode } from './ring.ts';
import type { Scenario } from './scenario.ts';
import { actorAndRest, grow } from './scenario.ts';

/*
 * Peers that do not belong to the ring: another key, another label, none at all, another version of the protocol
 * above, bytes that break off or that nobody can read. They are refused, our side says why by a code, and the ring
 * stays as it was.
 */

/** How a stranger differs, and the codes that our side gives for it. */
interface Stranger {
  readonly name: string;
  readonly fits: (mode: Mode) => boolean;
  readonly options: (mode: Mode) => Partial<NodeOptions>;
  /** Codes of ours in the errors of joins and in warnings. */
  readonly codes: readonly string[];
}

const FOREIGN: Allowed = {
  logs: [/./],
  counters: [
    /^packets\.dropped\.ERR_/,
    /^streams\.(rejected\.ERR_|failed|replyFailed)/,
    /^warnings\.WARN_FOREIGN/,
    /^pushPulls\.incompatible/,
  ],
};

const isSealed = ({ options }: Mode): boolean => options.keys !== undefined;

const STRANGERS: readonly Stranger[] = [
  {
    name: 'stranger: wrong key',
    fits: isSealed,
    options: ({ options }) => ({ keys: [keyOf((options.keys?.[0]?.length ?? 32) / 2, 77)] }),
    codes: ['ERR_KEY_MISMATCH'],
  },
  {
    name: 'stranger: no encryption',
    fits: isSealed,
    options: () => ({ keys: [] }),
    codes: ['ERR_NOT_SEALED'],
  },
  {
    name: 'stranger: encryption in a plain ring',
    fits: ({ name }) => name === 'plain' || name === 'label',
    options: () => ({ keys: [keyOf(16, 5)] }),
    codes: ['ERR_SEALED'],
  },
  {
    name: 'stranger: another label',
    fits: ({ options }) => options.label !== undefined,
    options: () => ({ label: 'green' }),
    codes: ['ERR_LABEL_MISMATCH'],
  },
  {
    name: 'stranger: a label in a ring without',
    fits: ({ name }) => name === 'plain' || name === 'aes128',
    options: () => ({ label: 'green' }),
    codes: ['ERR_LABEL_MISMATCH'],
  },
  {
    name: 'stranger: another protocol version',
    fits: ({ name }) => name === 'plain' || name === 'aes256',
    options: () => ({ delegateVersion: 3 }),
    codes: ['ERR_MERGE_REFUSED'],
  },
];

/** A join that must fail; gives what the side that tried said of it. */
async function refusedJoin(ring: Ring, from: RingNode, to: RingNode): Promise<string> {
  try {
    await ring.ask(from, { do: 'join', targets: [to.target] });
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    return JSON.stringify(error.reply);
  }
  throw new Error(`${from.name} joined ${to.name}`);
}

async function isRefused(stranger: Stranger, ring: Ring, acting: Kind): Promise<string> {
  const members = await grow(ring, 'ours', 3);
  const odd = await ring.start(acting, stranger.options(ring.mode));
  const said: string[] = [];
  for (const member of members) {
    const reports = [
      { by: odd, report: await refusedJoin(ring, odd, member) },
      { by: member, report: await refusedJoin(ring, member, odd) },
    ];
    for (const { by, report } of reports) {
      if (by.kind === 'ours')
        said.push(
          `${by === odd ? 'odd' : 'member'} to ${by === odd ? member.kind : odd.kind}: ${report}`,
        );
    }
  }
  for (const node of members)
    for (const e of node.peer.events)
      if (e.event === 'warning') said.push('W ' + JSON.stringify(e));
  await ring.agree();
  return said.join('\n   ');
}

export const STRANGER_SCENARIOS: readonly Scenario[] = [
  ...STRANGERS.map((stranger): Scenario => {
    const { name, fits } = stranger;
    const run = (ring: Ring, acting: Kind): Promise<string> => isRefused(stranger, ring, acting);
    return { name, fits, run, family: 'memberlist', allowed: FOREIGN };
  }),
];
void connect;
void createSocket;
void actorAndRest;
