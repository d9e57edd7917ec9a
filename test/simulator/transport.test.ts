import { SeededRandom } from '../../src/runtime/index.ts';
import { MemoryNetwork, VirtualClock } from '../../src/simulator/index.ts';
import { runVirtual } from '../support/drivers.ts';
import { transportSuite } from '../support/transport-suite.ts';

for (const host of ['10.0.0.1', 'fd00::1']) {
  transportSuite(`memory on ${host}`, () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom(1), jitterMs: 2 });
    return {
      host,
      create: () => network.transport({ host }),
      run: runVirtual(clock),
      settle: async () => clock.runFor(60_000),
      problems: () => [],
    };
  });
}
