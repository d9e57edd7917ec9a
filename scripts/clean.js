// Removes build output named on the command line, before a build that must not keep stale files.
import { rmSync } from 'node:fs';

for (const folder of process.argv.slice(2)) rmSync(folder, { recursive: true, force: true });
