import assert from 'node:assert/strict';
import { test } from 'node:test';

import { utf8 } from '../../src/networkdb/index.ts';
import type { SimulateOptions, World } from '../../src/simulator/index.ts';
import { compareTraces, simulate } from '../../src/simulator/index.ts';

/*
 * What the record of a run can tell on demand: entries and streams, and which way a fault went.
 */

async function write(world: World): Promise<void> {
  const [a, b] = world.nodes;
  const [mine, theirs] = [await a!.db.joinNetwork('prod'), await b!.db.joinNetwork('prod')];
  const table = mine.table('t', utf8());
  const other = theirs.table('t', utf8());
  table.create('k', '12345');
  await world.until(() => other.get('k') === '12345');
  table.delete('k');
  await world.until(() => other.get('k') === undefined);
}

const live = async (options: SimulateOptions) => simulate({ seed: 9, nodes: 2, ...options }, write);

test('entries that are written, deleted and taken over have lines on demand, with checks too', async () => {
  for (const checks of [false, true]) {
    const { trace } = await live({ checks, trace: { writes: true } });
    const lines = trace.lines({ kinds: ['entry'] }).map(({ process, text }) => [process, text]);
    assert.deepEqual(lines, [
      ['n1', 'writes prod/t/k 5 bytes at time 1'],
      ['n2', 'takes prod/t/k 5 bytes by n1 at time 1'],
      ['n1', 'deletes prod/t/k at time 2'],
      ['n2', 'takes prod/t/k deleted by n1 at time 2'],
    ]);
  }
});

test('streams have lines on demand, and neither they nor entries have any else', async () => {
  const { trace } = await live({ trace: { streams: true } });
  const streams = trace.lines({ kinds: ['stream'] });
  assert.ok(streams.length > 0);
  assert.match(streams[0]?.text ?? '', /^10\.0\.0\.2:\d+ > 10\.0\.0\.1:7946$/);
  assert.deepEqual(trace.lines({ kinds: ['entry'] }), []);
  const plain = await live({});
  assert.deepEqual(plain.trace.lines({ kinds: ['stream', 'entry'] }), []);
  assert.notEqual(compareTraces(plain.trace, trace), null);
  const wrong = live({ trace: { writes: 1 as never, streams: 'yes' as never } });
  await assert.rejects(wrong, {
    code: 'ERR_CONFIG_INVALID',
    message: /trace\.streams[^]*trace\.writes/,
  });
});

test('what mends or clogs one way says which', async () => {
  const { trace } = await simulate({ nodes: 2 }, (world) => {
    world.cut('n1', 'n2');
    world.mend('n1', 'n2', 'oneWay');
    world.mend('n1', 'n2');
    world.clog('n1', 'n2', 5, 'oneWay');
    world.clog('n1', 'n2', 5);
    world.network.mend('10.0.0.1', '10.0.0.2', 'oneWay');
    world.network.clog('10.0.0.1', '10.0.0.2', 5, 'oneWay');
  });
  assert.deepEqual(
    trace.lines({ kinds: ['network'] }).map(({ text }) => text),
    [
      'cut n1 <> n2, all',
      'mended n1 > n2, all',
      'mended n1 n2, all',
      'clogged n1 > n2 for 5 ms',
      'clogged n1 n2 for 5 ms',
      'mended 10.0.0.1 > 10.0.0.2, all',
      'clogged 10.0.0.1 > 10.0.0.2 for 5 ms',
    ],
  );
});

test('what is refused is said in a way that helps', async () => {
  await simulate({ nodes: 2, checks: true }, async (world) => {
    const all = { message: /part nobody from anybody: all hosts/ };
    assert.throws(() => {
      world.partition([['n1', 'n2']]);
    }, all);
    assert.throws(() => {
      world.partition([[]]);
    }, /none of them names a host/);
    await assert.rejects(world.converge({ within: 5 } as never), /it takes withinMs$/);
    assert.throws(() => world.trace.lines({ fromMs: 5, toMs: 1 }), {
      code: 'ERR_ARGUMENT_INVALID',
      message: /toMs must be no less than fromMs/,
    });
    await assert.rejects(world.spawn({ join: ['n2'] }), (error: Error) => {
      assert.match(JSON.stringify(error) + error.message + String(error.cause), /names\.set\(\)/);
      return true;
    });
  });
});
