import assert from 'node:assert/strict';
import { test } from 'node:test';

import { resolveMemberlistConfig } from '../../src/memberlist/index.ts';
import { NetworkDB } from '../../src/networkdb/index.ts';
import type { FileStore } from '../../src/runtime/index.ts';
import { TransportError } from '../../src/runtime/index.ts';
import { createMemoryRuntime, MemoryFiles } from '../../src/simulator/index.ts';
import { Ring } from '../support/ring.ts';

const PATH = '/keys.log';
const keyOf = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const lines = (...keys: number[]): string =>
  keys.map((n) => `${n.toString(16).padStart(2, '0').repeat(32)}\n`).join('');

test('every key is logged at the start, and each later one once when it is added', async () => {
  const ring = new Ring();
  const files = new MemoryFiles();
  const encryption = { keys: [keyOf(1), keyOf(0xab)], keyLogFile: PATH };
  const { member } = await ring.spawn({ encryption }, { files });
  ring.runFor(1);
  assert.equal(files.get(PATH), lines(1, 0xab));
  member.keyring.add(keyOf(3));
  member.keyring.add(keyOf(3));
  member.keyring.use(keyOf(3));
  member.keyring.remove(keyOf(1));
  member.keyring.replaceKeys([keyOf(4), keyOf(3)], keyOf(4));
  assert.throws(() => {
    member.keyring.add(new Uint8Array(5));
  });
  ring.runFor(1);
  assert.equal(files.get(PATH), lines(1, 0xab, 3, 4));
  await ring.close();
  // A later process adds to the file.
  await ring.spawn({ encryption: { keys: [keyOf(5)], keyLogFile: PATH } }, { files });
  ring.runFor(1);
  assert.equal(files.get(PATH), lines(1, 0xab, 3, 4, 5));
  await ring.close();
});

test('without the option nothing is written', async () => {
  const ring = new Ring();
  const files = new MemoryFiles();
  await ring.spawn({ encryption: { keys: [keyOf(1)] } }, { files });
  ring.runFor(1);
  assert.equal(files.get(PATH), null);
  await ring.close();
});

test('a file that cannot be written is a warning, once, and its keys follow when it can', async () => {
  const ring = new Ring();
  const memory = new MemoryFiles();
  const runtime = createMemoryRuntime({ network: ring.network, host: '10.0.0.9', seed: 9 });
  const store = memory.store(ring.clock);
  let isFull = true;
  const files: FileStore = {
    ...store,
    append: (path, text, done) => {
      if (isFull) ring.clock.schedule(1, () => done(new TransportError('ERR_FILE', 'disk full')));
      else store.append(path, text, done);
    },
  };
  const db = await ring.settle(
    NetworkDB.create({
      ...{ bindAddress: '10.0.0.9', runtime: { ...runtime, files } },
      encryption: { keys: [keyOf(1)], keyLogFile: PATH },
    }),
  );
  const warnings: unknown[] = [];
  db.on('warning', ({ code, fields }) => warnings.push([code, fields]));
  ring.runFor(10);
  db.keyring.add(keyOf(2));
  ring.runFor(10);
  assert.deepEqual(warnings, [['WARN_KEY_LOG', { path: PATH }]]);
  isFull = false;
  db.keyring.add(keyOf(3));
  ring.runFor(10);
  assert.equal(memory.get(PATH), lines(1, 2, 3));
  await ring.settle(db.close());
  await ring.close();
});

test('the option is a path, or null', () => {
  const keys = [keyOf(1)];
  for (const keyLogFile of ['', 7, true, {}] as string[]) {
    assert.throws(() => resolveMemberlistConfig({ encryption: { keys, keyLogFile } }), {
      code: 'ERR_CONFIG_INVALID',
      message: /encryption\.keyLogFile/,
    });
  }
  assert.equal(resolveMemberlistConfig({ encryption: { keys } }).encryption.keyLogFile, null);
});
