import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Logger } from '../../src/runtime/index.ts';
import { quietLogger } from '../../src/runtime/index.ts';
import { VirtualClock } from '../../src/simulator/index.ts';
import { recordingLogger } from '../support/recording-logger.ts';

function bench(): [Logger, ReturnType<typeof recordingLogger>, VirtualClock] {
  const clock = new VirtualClock();
  const written = recordingLogger();
  return [quietLogger(written, clock), written, clock];
}

test('a warning about one subject is written once a minute, then with how often it was left out', () => {
  const [logger, { lines }, clock] = bench();
  for (let i = 0; i < 5; i += 1) logger.warn({ node: 'a', count: i }, 'was cut');
  logger.warn({ node: 'b' }, 'was cut');
  logger.error({ node: 'a' }, 'was lost');
  clock.runFor(59_999);
  logger.warn({ node: 'a' }, 'was cut');
  assert.equal(lines.length, 3);
  clock.runFor(1);
  logger.warn({ node: 'a' }, 'was cut');
  logger.warn({ node: 'b' }, 'was cut');
  assert.deepEqual(lines.slice(3), [
    { level: 'warn', fields: { node: 'a', repeated: 5 }, message: 'was cut' },
    { level: 'warn', fields: { node: 'b' }, message: 'was cut' },
  ]);
});

test('of one line at most 64 subjects are written in a minute, whatever another line says', () => {
  const [logger, { lines }, clock] = bench();
  for (let i = 0; i < 500; i += 1) logger.warn({ host: `10.0.${i}.1` }, 'was cut');
  assert.equal(lines.length, 64);
  logger.warn({ host: '10.0.0.1' }, 'was refused');
  assert.equal(lines.length, 65);
  clock.runFor(60_000);
  for (let i = 0; i < 500; i += 1) logger.warn({ host: `10.1.${i}.1` }, 'was cut');
  assert.equal(lines.length, 65 + 64);
});

test('lines of the lower levels pass as they are', () => {
  const [logger, { lines }] = bench();
  for (let i = 0; i < 3; i += 1) {
    logger.debug({ node: 'a' }, 'begins');
    logger.info({ node: 'a' }, 'is back');
  }
  assert.equal(lines.length, 6);
});
