/*
 * The folder's door for the rest of src/: all that users are offered, and what only the layer above needs.
 */

export * from './public.ts';

export type { Ports } from './core.ts';
export { resolvePorts } from './assemble.ts';
export {
  isNodeName,
  MEMBERLIST_OPTION_KEYS,
  readMemberlistOptions,
  resolveMemberlistConfig,
} from './config.ts';
export { Listeners } from './events.ts';
export { pushPullScaleMs } from './formulas.ts';
export type { MemberRecord } from './member.ts';
export type { RecordWatcher } from './members.ts';
export { randomNodeName } from './node-name.ts';
export type * from './options.ts';
export { RingKeys } from './ring-keys.ts';
