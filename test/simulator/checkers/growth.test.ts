import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { StoredEntry } from '../../../src/networkdb/index.ts';
import { resolveNetworkDBConfig } from '../../../src/networkdb/index.ts';
import { CheckError } from '../../../src/simulator/checkers/checker.ts';
import type { AttachmentFact, SizeFact } from '../../../src/simulator/checkers/facts.ts';
import { Growth } from '../../../src/simulator/checkers/growth.ts';
import { SizesChecker } from '../../../src/simulator/checkers/sizes.ts';
import { hasOn } from './history.ts';

/* Sizes that are held against their caps in the moment in which they grow. */

const limits = { maxEntries: 2, maxValueBytes: 4, maxNetworks: 2, maxNetworksPerNode: 2 };
const at = { life: 'a', atMs: 1 };
const make = (): Growth =>
  new Growth('a', { ...resolveNetworkDBConfig({}).tables.limits, ...limits });

/** What the checker says to the last of the sizes, empty for nothing. */
function verdict(facts: readonly SizeFact[]): string {
  const checker = new SizesChecker();
  try {
    for (const fact of facts) checker.see(fact);
  } catch (error) {
    assert.ok(error instanceof CheckError);
    return error.expected;
  }
  return '';
}

function entryOf(owner: string, bytes: number): StoredEntry {
  return { owner, value: new Uint8Array(bytes) } as unknown as StoredEntry;
}

function on(
  node: string,
  network: string,
  state: 'joined' | 'forgotten' = 'joined',
): AttachmentFact {
  return { ...hasOn('a', node, state, 1), network, atMs: 1, ownMs: 1 } as AttachmentFact;
}

test('an entry of another above the cap is found when it comes, own writes and replacements are fine', () => {
  const growth = make();
  const over = /never more than 2 entries with a new one of another/;
  assert.equal(verdict(growth.stored(at, entryOf('b', 1), true, 2)), '');
  assert.match(verdict(growth.stored(at, entryOf('b', 1), true, 3)), over);
  assert.equal(verdict(growth.stored(at, entryOf('a', 1), true, 3)), '');
  assert.equal(verdict(growth.stored(at, entryOf('b', 1), false, 3)), '');
});

test('a value above the cap is found when it comes', () => {
  assert.equal(verdict(make().stored(at, entryOf('b', 4), true, 1)), '');
  assert.match(verdict(make().stored(at, entryOf('b', 5), true, 1)), /than 4 bytes of one value/);
  assert.match(verdict(make().stored(at, entryOf('a', 5), true, 1)), /than 4 bytes of one value/);
});

test('a peer on too many networks, and peers on too many, are found', () => {
  const growth = make();
  const told = (fact: AttachmentFact): string => verdict(growth.attached(at, fact));
  assert.equal(told(on('b', 'one')) + told(on('b', 'two')) + told(on('b', 'two')), '');
  assert.match(told(on('b', 'three')), /never more than 2 networks of one peer/);
  assert.match(told(on('c', 'four')), /never more than 2 networks of peers/);
  for (const network of ['three', 'two']) assert.equal(told(on('b', network, 'forgotten')), '');
  assert.equal(told(on('c', 'one')), '', 'what is forgotten counts no more');
  assert.match(told(on('d', 'five')), /networks of peers/);
});
