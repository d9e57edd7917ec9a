import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { SeededRandom } from '../../src/runtime/index.ts';
import { createMemoryRuntime, MemoryNetwork, VirtualClock } from '../../src/simulator/index.ts';
import { LIMITS } from '../support/transport-harness.ts';

function world(): { clock: VirtualClock; network: MemoryNetwork } {
  const clock = new VirtualClock();
  return { clock, network: new MemoryNetwork({ clock, random: new SeededRandom(1) }) };
}

describe('the ports of a simulated process', () => {
  it('follow from the seed, choices and entropy apart', () => {
    const { network } = world();
    const draw = (seed: number): string => {
      const { random, entropy } = createMemoryRuntime({ network, host: '10.0.0.1', seed });
      const bytes = new Uint8Array(9);
      entropy.fill(bytes);
      return `${random.uint32()} ${bytes.join()}`;
    };
    assert.equal(draw(5), draw(5));
    assert.notEqual(draw(5), draw(6));
    const first = createMemoryRuntime({ network, host: '10.0.0.1', seed: 5 });
    const second = createMemoryRuntime({ network, host: '10.0.0.1', seed: 5 });
    first.entropy.fill(new Uint8Array(100));
    assert.equal(first.random.uint32(), second.random.uint32());
  });

  it('resolve the names they were told, literals, and nothing else', () => {
    const { clock, network } = world();
    const { resolver } = createMemoryRuntime({ network, host: '10.0.0.1', seed: 1 });
    resolver.set('seed.internal', ['10.0.0.5', '10.0.0.5', 'fd00::5']);
    const answers: string[] = [];
    for (const host of ['seed.internal', '[::1]', 'nowhere']) {
      resolver.lookup(host, (error, hosts) => answers.push(error?.code ?? hosts.join()));
    }
    assert.deepEqual(answers, []);
    clock.runFor(1);
    assert.deepEqual(answers, ['10.0.0.5,fd00::5', '::1', 'ERR_NAME_LOOKUP']);
  });

  it('all stop when the process crashes', () => {
    const { clock, network } = world();
    const runtime = createMemoryRuntime({ network, host: '10.0.0.1', seed: 1 });
    const address = { host: '10.0.0.1', port: 7946 };
    const ran: string[] = [];
    runtime.transport.listen(
      { bindAddress: address.host, bindPort: address.port, limits: LIMITS },
      { onPacket: () => ran.push('packet'), onStream: () => assert.fail() },
      () => ran.push('listening'),
    );
    clock.runFor(1);
    runtime.clock.schedule(5, () => ran.push('timer'));
    runtime.transport.sendPacket(address, new Uint8Array(1));
    runtime.crash();
    clock.runFor(10);
    assert.deepEqual(ran, ['listening']);
    assert.equal(network.isBound(address), false);
  });
});
