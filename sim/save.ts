import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { InputError } from './command.ts';
import { mustBeWritable } from './files.ts';
import type { Report } from './report.ts';
import { reportText } from './report.ts';
import { plotSvg } from './svg.ts';

/** How a report was made. */
export interface Origin {
  readonly command: string;
  readonly seed: number;
  readonly commit: string;
  readonly node: string;
}

/** The commit that is checked out, with `+` when files differ from it. */
export function commitHere(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const isClean = git('status', '--porcelain', '--untracked-files=no') === '';
    return `${git('rev-parse', '--short=12', 'HEAD')}${isClean ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}

/** Sees to it that a report can be saved, before it is made. @throws InputError when it cannot */
export function checkFolder(folder: string, name: string): void {
  if (folder === '') throw new InputError('--save takes a folder');
  for (const ending of ['json', 'md']) mustBeWritable('save', join(folder, `${name}.${ending}`));
}

/**
 * Writes a report into a folder: `name.json`, `name.md` and a drawing per plot.
 *
 * @returns the paths
 */
export function saveReport(folder: string, name: string, origin: Origin, report: Report): string[] {
  mkdirSync(folder, { recursive: true });
  const paths: string[] = [];
  const write = (file: string, text: string): void => {
    const path = join(folder, file);
    writeFileSync(path, text);
    paths.push(path);
  };
  write(`${name}.json`, `${JSON.stringify({ ...origin, ...report }, null, 1)}\n`);
  const { command, seed, commit, node } = origin;
  const head = `# ${name}\n\nSeed ${seed}, commit ${commit}, Node ${node}. Again with \`${command}\`.\n\n`;
  const drawings = report.plots.map((plot) => `![${plot.title}](${name}-${plot.name}.svg)\n`);
  write(`${name}.md`, [head + reportText(report), ...drawings].join('\n'));
  for (const plot of report.plots) write(`${name}-${plot.name}.svg`, plotSvg(plot));
  return paths;
}
