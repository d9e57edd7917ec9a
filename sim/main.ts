import { boardCommand } from './board-command.ts';
import { BOARDS } from './boards/index.ts';
import type { Command } from './command.ts';
import { InputError, readValues, UsageError } from './command.ts';
import { campaignCommand as campaign } from './commands/campaign.ts';
import { speed } from './commands/speed.ts';
import { trace } from './commands/trace.ts';

/*
 * What the simulator says of us: `npm run sim -- <command>`.
 */

const COMMANDS: readonly Command[] = [campaign, ...BOARDS.map(boardCommand), speed, trace];

function helpText(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`);
  return `Usage: npm run sim -- <command> [options]

${lines.join('')}
\`npm run sim -- <command> --help\` prints the options of one. Exit code 0 when all went well, 1 when something
that must hold does not, 2 when the options are wrong.
`;
}

function helpOf({ name, help }: Command): string {
  return `npm run sim -- ${name} [options]\n\n${help}`;
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === 'help' && args.length > 0) return main([...args.slice(0, 1), '--help']);
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(helpText());
    return name === undefined ? 2 : 0;
  }
  const command = COMMANDS.find((each) => each.name === name);
  if (command === undefined) return refuse(`no command is called ${name}`, helpText());
  try {
    const { help, ...values } = readValues(command, args);
    if (help !== true) return await command.run(values);
    process.stdout.write(`${command.summary}\n\n${helpOf(command)}`);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const hint = `\`npm run sim -- ${command.name} --help\` prints the options.\n`;
    return refuse(error.message, error instanceof InputError ? '' : hint);
  }
}

function refuse(why: string, help: string): number {
  process.stderr.write(`${why}\n${help === '' ? '' : '\n'}${help}`);
  return 2;
}

process.exitCode = await main(process.argv.slice(2));
