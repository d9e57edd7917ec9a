import { checkFormulas, checkLzw, checkQueue } from './behaviour.ts';
import type { Outcome } from './check.ts';
import type { Difference } from './differences.ts';
import { DIFFERENCES } from './differences.ts';
import { checkDecoding, checkMessages } from './memberlist-bodies.ts';
import { checkFraming, checkOpening, checkPackets, checkSealing } from './memberlist-framing.ts';
import { checkStreams } from './memberlist-streams.ts';
import { checkNetworkDecoding, checkNetworkMessages } from './networkdb-vectors.ts';

/** The comparison of one recording with our code. */
export interface FileReport {
  readonly file: string;
  readonly checked: number;
  readonly equal: number;
  readonly explained: readonly { readonly outcome: Outcome; readonly reason: string }[];
  readonly unexplained: readonly Outcome[];
  /** Entries of the table of differences that explain nothing any more. */
  readonly stale: readonly Difference[];
}

/** Which check belongs to which recording. */
export const CHECKS: Readonly<Record<string, () => readonly Outcome[]>> = {
  'memberlist-messages.json': checkMessages,
  'memberlist-framing.json': checkFraming,
  'memberlist-encrypt.json': checkSealing,
  'memberlist-decrypt.json': checkOpening,
  'memberlist-packets.json': checkPackets,
  'memberlist-streams.json': checkStreams,
  'memberlist-decode.json': checkDecoding,
  'memberlist-formulas.json': checkFormulas,
  'memberlist-queue.json': checkQueue,
  'lzw.json': checkLzw,
  'networkdb-messages.json': checkNetworkMessages,
  'networkdb-decode.json': checkNetworkDecoding,
};

/** Compares one recording with our code, and the differences with the table of those that are meant. */
export function reportOn(file: string, outcomes: readonly Outcome[]): FileReport {
  const meant = DIFFERENCES.filter((difference) => difference.file === file);
  const used = new Set<Difference>();
  const explained: { outcome: Outcome; reason: string }[] = [];
  const unexplained: Outcome[] = [];
  const differing = outcomes.filter(({ problems }) => problems.length > 0);
  for (const outcome of differing) {
    const reasons = outcome.problems.map((problem) =>
      meant.find(({ vector, check }) => {
        return vector === outcome.name && problem.startsWith(`${check}: `);
      }),
    );
    if (reasons.includes(undefined)) unexplained.push(outcome);
    for (const difference of reasons) {
      if (difference === undefined) continue;
      used.add(difference);
      if (!reasons.includes(undefined)) explained.push({ outcome, reason: difference.reason });
    }
  }
  return {
    file,
    checked: outcomes.length,
    equal: outcomes.length - differing.length,
    explained,
    unexplained,
    stale: meant.filter((difference) => !used.has(difference)),
  };
}

/** Compares every recording. */
export function reportAll(): FileReport[] {
  return Object.entries(CHECKS).map(([file, check]) => reportOn(file, check()));
}
