import type { AliveMessage } from '../codec/index.ts';
import type { Address } from '../runtime/index.ts';
import { sameAddress } from '../runtime/index.ts';
import type { MemberRecord } from './member.ts';
import { sameBytes } from './member.ts';

/*
 * Which claim wins. Pure rules beside the records they judge; `state-rules.ts` applies them.
 *
 *   stored     alive, newer   alive, not newer   suspect, not older   dead, not older
 *   unknown    join           join               -                    -
 *   alive      refresh        -                  suspect              dead or left
 *   suspect    alive again    -                  confirm              dead or left
 *   dead/left  join           -                  -                    -
 *
 * About ourselves every accusation that is not older is refuted.
 */

/** What to do with an alive claim about a node that is already known. */
export type AliveVerdict =
  /** Older than what we hold, or the same. */
  | 'stale'
  /** Take it over. */
  | 'accept'
  /** Take it over whatever its incarnation: the name has moved to a new process. */
  | 'replace'
  /** Another endpoint for a name that is in use: ask the old endpoint before believing it. */
  | 'verify'
  /** Another endpoint for a name that is in use, and no way to tell which is right. */
  | 'conflict';

/**
 * Judges an alive claim about another node.
 *
 * @param endpoint - the claimed endpoint, canonical
 * @param isReclaimable - the record has been dead for so long that another process may take its name
 * @remarks SWIM section 4.2, alive overrides by incarnation. Start ids are ours (a random number drawn at
 * each start): a gone name may reappear elsewhere at once, and one in use after its old endpoint
 * failed a direct probe.
 */
export function judgeAlive(
  record: MemberRecord,
  claim: AliveMessage,
  endpoint: Address,
  isReclaimable = false,
): AliveVerdict {
  const isNewer = claim.incarnation > record.incarnation;
  if (sameAddress(record.address, endpoint)) return isNewer ? 'accept' : 'stale';
  const hasStartId = claim.startId.length > 0;
  if (hasStartId && sameBytes(claim.startId, record.retiredStartId)) return 'stale';
  const isNewStart = hasStartId && !sameBytes(claim.startId, record.startId);
  if (record.state === 'left') return hasStartId && !isNewStart ? 'stale' : 'replace';
  if (record.state === 'dead') return isNewStart || isReclaimable ? 'replace' : 'conflict';
  return isNewStart ? 'verify' : 'conflict';
}

/** Whether an alive claim says what we hold: of ourselves, that only our own words come back. */
export function saysTheSame(record: MemberRecord, claim: AliveMessage, endpoint: Address): boolean {
  return (
    claim.incarnation === record.incarnation &&
    sameAddress(record.address, endpoint) &&
    sameBytes(claim.metadata, record.metadata) &&
    sameBytes(claim.versions, record.versions) &&
    sameBytes(claim.startId, record.startId)
  );
}

/**
 * The incarnation that refutes an accusation.
 *
 * @param own - our present incarnation
 * @param accused - the incarnation that was accused, uint32
 * @returns a greater one, or null when the numbers are used up
 */
export function refutingIncarnation(own: number, accused: number): number | null {
  const next = Math.max(own, accused) + 1;
  return next > MAX_INCARNATION ? null : next;
}

/** Largest incarnation the wire can carry. */
export const MAX_INCARNATION = 0xffff_ffff;
/** Above this only forged or broken claims are found. */
export const HIGH_INCARNATION: number = MAX_INCARNATION - 65_536;
