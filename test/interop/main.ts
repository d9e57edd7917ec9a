import { reportAll } from './report.ts';

/*
 * Runs every recorded vector through our code and prints what came of it. Ends with 1 when a vector differs
 * and the table of differences does not say why, or says so of one that does not.
 */

const isVerbose = process.argv.includes('--verbose');
let failures = 0;
for (const { file, checked, equal, explained, unexplained, stale } of reportAll()) {
  const rest = `${explained.length} differ as listed, ${unexplained.length} unexplained`;
  console.log(`${file.padEnd(28)} ${checked} checked, ${equal} equal, ${rest}`);
  for (const { outcome, reason } of isVerbose ? explained : []) {
    console.log(`  ${outcome.name}: ${reason}`);
  }
  for (const { name, problems } of unexplained) console.log(`  ${name}: ${problems.join('; ')}`);
  for (const { vector } of stale) console.log(`  ${vector}: listed as different, but it is not`);
  failures += unexplained.length + stale.length;
}
process.exitCode = failures > 0 ? 1 : 0;
