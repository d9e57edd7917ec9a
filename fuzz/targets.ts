import { goTargets } from './targets-go.ts';
import { lookupTargets } from './targets-lookups.ts';
import { nodeTargets } from './targets-nodes.ts';
import { packetTargets } from './targets-packets.ts';
import { streamTargets } from './targets-streams.ts';
import { tableTargets } from './targets-tables.ts';
import type { FuzzTarget } from './target.ts';

/**
 * Every decoder that reads what a peer sent, or a name server. A new one belongs here: `test/property/fuzz.test.ts` runs a
 * slice of each, `npm run fuzz` as many inputs as it is told.
 */
export function allTargets(): FuzzTarget[] {
  return [
    ...packetTargets(),
    ...streamTargets(),
    ...tableTargets(),
    ...goTargets(),
    ...lookupTargets(),
    ...nodeTargets(),
  ];
}
