import type { PushPullMessage } from '../codec/index.ts';
import { MAX_USER_STATE_BYTES } from '../codec/index.ts';
import type { Core } from './core.ts';
import { NEAR_LIMIT_SHARE, warnOfLimit } from './limit-warnings.ts';

/**
 * Tells the operator before a push/pull becomes too large to be exchanged: from then on nobody could join.
 *
 * Bytes of records are estimated: what the encoding adds depends on the wire, and a warning at three fifths of
 * the limit needs no more.
 *
 * @param way - who made the message: `sent` by us, or `received`
 * @remarks memberlist warns at the same share, of received state alone
 */
export function watchStateSize(
  core: Core,
  way: 'sent' | 'received',
  { nodes, userState }: PushPullMessage,
): void {
  const { config } = core;
  const warnAbove = (what: string, size: number, limit: number): void => {
    if (size <= NEAR_LIMIT_SHARE * limit) return;
    const percent = Math.floor((100 * size) / limit);
    const text = `a push/pull that was ${way} is at ${percent} % of it`;
    warnOfLimit(core, what, text, { way, size, limit });
  };
  warnAbove('limits.maxMembers', nodes.length, config.limits.maxMembers);
  warnAbove('bytes of user state in a push/pull', userState.length, MAX_USER_STATE_BYTES);
  if (config.wire !== 'memberlist') return;
  let bytes = userState.length;
  for (const { name, metadata } of nodes) bytes += RECORD_BYTES + name.length + metadata.length;
  warnAbove('bytes of a push/pull', bytes, GO_STATE_BYTES);
}

/** What a record has besides its name and metadata on the memberlist wire: field names and numbers. */
const RECORD_BYTES = 60;
/** What a Go node reads of one push/pull. */
const GO_STATE_BYTES = 20_971_520;
