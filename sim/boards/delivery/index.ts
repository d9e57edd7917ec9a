import type { Board, Plain, Task } from '../../board.ts';
import type { CommandValues } from '../../command.ts';
import { numberOf, numbersOf, UsageError } from '../../command.ts';
import type { Tell } from '../../telling.ts';
import type { DeliveryInput, DeliveryOutcome } from './play.ts';
import { playDelivery } from './play.ts';
import { deliveryReport } from './report.ts';

/* Residue, sends and speed of one event: by Go's rules in our simulator, and as tables carry it. */

const CARRIERS = {
  go: { way: 'go', wire: 'memberlist' },
  default: { way: 'tables', wire: 'protobuf' },
  memberlist: { way: 'tables', wire: 'memberlist' },
} as const;

/** Section 3 of the scoreboard. */
export const delivery: Board = {
  name: 'delivery',
  summary: 'one event: who never learns of it, how often it is sent, how fast it is',
  help: `  --nodes LIST    ring sizes (default 5,9,25,99,128)
  --loss LIST     percent of packets lost, 0 to 90: 5 is one of twenty (default 0,10,25)
  --events N      events for each size and loss (default 1000; above 25 nodes fewer, on the memberlist wire a quarter)
  --seeds N       rings that these are shared out to (default 4)
  --rows A,B      of go (Go's rules), default and memberlist (tables on that wire); a ring of 1000 with tables takes
                  some twenty minutes to form
`,
  options: {
    nodes: { type: 'string' },
    loss: { type: 'string' },
    events: { type: 'string' },
    seeds: { type: 'string' },
    rows: { type: 'string' },
  },
  plan(values: CommandValues, seed: number): readonly Task[] {
    const sizes = numbersOf(values, 'nodes', [5, 9, 25, 99, 128], { min: 2, max: 2000 });
    const losses = numbersOf(values, 'loss', [0, 10, 25], { min: 0, max: 90, isWhole: false });
    const rings = numberOf(values, 'seeds', 4, { min: 1, max: 1000 });
    return sizes.flatMap((nodes) =>
      carriersOf(values).flatMap(({ way, wire }) =>
        losses.flatMap((lossPercent) => {
          const fallback = usualEvents(nodes) / (way === 'tables' && wire === 'memberlist' ? 4 : 1);
          const range = { min: 1, max: 1_000_000 };
          const events = numberOf(values, 'events', Math.ceil(fallback), range);
          return Array.from({ length: Math.min(rings, events) }, (_, at): Task => {
            const share = Math.floor(events / rings) + (at < events % rings ? 1 : 0);
            const input = { way, wire, nodes, lossPercent, events: share, seed: seed + at };
            const title = `${way} on ${wire}, ${nodes} nodes, ${lossPercent} % lost`;
            return { title, cost: nodes * (share * (way === 'go' ? 1 : 3) + 100), input };
          });
        }),
      ),
    );
  },
  async play(input: Plain, tell?: Tell): Promise<Plain> {
    return (await playDelivery(input as unknown as DeliveryInput, tell)) as unknown as Plain;
  },
  report(tasks, outcomes) {
    return deliveryReport(
      tasks.map((task, at) => ({
        input: task.input as unknown as DeliveryInput,
        outcome: outcomes[at] as unknown as DeliveryOutcome,
      })),
    );
  },
};

/** What a coffee break has room for. */
function usualEvents(nodes: number): number {
  return nodes <= 25 ? 1000 : Math.max(20, 8000 / nodes);
}

type Carrier = (typeof CARRIERS)[keyof typeof CARRIERS];

function carriersOf(values: CommandValues): readonly Carrier[] {
  const asked = values['rows'];
  if (typeof asked !== 'string') return Object.values(CARRIERS);
  return asked.split(',').map((word) => {
    const carrier = Object.entries(CARRIERS).find(([name]) => name === word.trim())?.[1];
    if (carrier !== undefined) return carrier;
    throw new UsageError(
      `--rows takes some of ${Object.keys(CARRIERS).join(', ')}; there is no ${word}`,
    );
  });
}
