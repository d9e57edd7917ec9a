import type { Address, ErrorCode, GossipError } from '../runtime/index.ts';
import { formatAddress } from '../runtime/index.ts';
import type { Core } from './core.ts';

/**
 * Tells the operator of traffic that was refused. What points to a configuration that differs (another label,
 * key or wire) is a warning, the rest a line in the log. Each once per source and minute, and of at most 64
 * sources a minute, whatever they send.
 */
export function tellRefused(
  core: Core,
  what: 'packets' | 'streams',
  from: Address,
  error: GossipError,
): void {
  const advice = ADVICE[error.code];
  if (advice === undefined) {
    const { code } = error;
    core.ports.logger.warn({ what, code, ...from }, 'junk was refused');
    return;
  }
  if (!core.reminders.isDue(what, from.host)) return;
  const text = `${what} from ${formatAddress(from)} are refused: ${error.message}; ${advice}`;
  core.events.warn('WARN_FOREIGN_TRAFFIC', text, { code: error.code, ...from });
}

/** What to change, by what was wrong. */
const ADVICE: { readonly [Code in ErrorCode]?: string } = {
  ERR_LABEL_MISMATCH: 'give both sides the same label, or keep the rings apart',
  ERR_KEY_MISMATCH: 'add the key of one side to the ring of the other',
  ERR_NOT_SEALED: 'give that node the keys of this one',
  ERR_SEALED: 'give this node the keys of that one',
  ERR_CODEC_OTHER_WIRE: 'use the same wire on both sides',
};
