import { existsSync, writeFileSync } from 'node:fs';

import { goldenPath, goldenText, presentEntries, presentRelease } from './wire-release.ts';

/*
 * Keeps what the present version writes:
 *
 *   npm run compile && node .test-dist/test/golden/write-wire.js --write
 *
 * Once a release is out its file is never written again: nodes of that release are out there.
 */

const release = presentRelease();
const path = goldenPath(release);
const entries = presentEntries();
if (process.argv.includes('--write')) {
  const what = existsSync(path) ? 'written anew' : 'written';
  writeFileSync(path, goldenText({ release, wire: 'protobuf', entries }));
  process.stdout.write(`${path}: ${what}, ${entries.length} entries\n`);
} else {
  process.stdout.write(`${path}: ${entries.length} entries; nothing is written without --write\n`);
}
