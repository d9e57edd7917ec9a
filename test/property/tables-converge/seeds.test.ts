import { test } from 'node:test';

import { assertSeeds } from './assert-seeds.ts';

// Few, since the campaign (test/simulation/campaign.test.ts) watches the tables too; this holds them against a model.
test('after the calm all members hold what the model says: seeds 1 to 50', async () => {
  await assertSeeds(1, 50);
});
