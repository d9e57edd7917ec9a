/*
 * Counters that stay at zero between peers that understand each other.
 */

const JUNK = [
  'claims.refused.malformed',
  'packets.dropped.',
  'packets.lostParts',
  'pushPulls.droppedRecords',
  'pushPulls.incompatible',
  'streams.rejected.',
  'tables.dropped.malformed',
  'tables.dropped.time',
];

/** Counters that tell of something not understood, with what they stand at. */
export function junkCounters(counters: Readonly<Record<string, number>>): string[] {
  return Object.entries(counters)
    .filter(([name, count]) => count > 0 && JUNK.some((word) => name.startsWith(word)))
    .map(([name, count]) => `${name} ${count}`);
}
