import { test } from 'node:test';

import { assertSeeds } from './assert-seeds.ts';

// In two files, which run side by side.
test('after the calm all members hold what the model says: seeds 1 to 100', async () => {
  await assertSeeds(1, 100);
});
