// The compiler leaves the generated protobuf code alone, since it is JavaScript with its own types:
// copy it beside the compiled codec.
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';

const source = join('src', 'codec', 'generated');
const target = join(process.argv[2] ?? 'dist', 'codec', 'generated');
if (existsSync(source)) cpSync(source, target, { recursive: true });
