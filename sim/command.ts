import type { ParseArgsConfig } from 'node:util';
import { parseArgs } from 'node:util';

/** Options of a command, as `node:util` parses them. */
export type CommandOptions = NonNullable<ParseArgsConfig['options']>;

/** What was given for them. */
export type CommandValues = Readonly<
  Record<string, string | boolean | readonly (string | boolean)[] | undefined>
>;

/** One word after `npm run sim --`. */
export interface Command {
  readonly name: string;
  /** What it is for, in one line. */
  readonly summary: string;
  /** A line for each option, as `--help` prints them. */
  readonly help: string;
  readonly options: CommandOptions;
  /**
   * @returns exit code: 0 when all went well, 1 when something that must hold does not
   * @throws UsageError when the options are wrong
   */
  run(values: CommandValues): Promise<number>;
}

/** The command line asks for something that there is not. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The options are read well, but what they stand for cannot be used: a file, a cluster that does not form. */
export class InputError extends UsageError {}

/** Reads what stands behind the command's name. @throws UsageError */
export function readValues(command: Command, args: readonly string[]): CommandValues {
  try {
    const options = { ...command.options, help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    // What Node adds is advice on values that begin with a dash.
    const [first = ''] = (error as Error).message.split('. To specify');
    throw new UsageError(first);
  }
}

/** The number given for an option; `fallback` when none was. @throws UsageError */
export function numberOf(
  values: CommandValues,
  option: string,
  fallback: number,
  range: { readonly min: number; readonly max: number; readonly isWhole?: boolean },
): number {
  const text = values[option];
  if (text === undefined) return fallback;
  const value = Number(text);
  const shown = String(text).trim();
  const { min, max, isWhole = true } = range;
  if (shown !== '' && value >= min && value <= max && (!isWhole || Number.isInteger(value))) {
    return value;
  }
  throw new UsageError(
    `--${option} must be ${isWhole ? 'an integer' : 'a number'} of ${min} to ${max}, not ${shown === '' ? 'empty' : shown}`,
  );
}

/** The numbers given for an option as `5,25,100`; `fallback` when none were. @throws UsageError */
export function numbersOf(
  values: CommandValues,
  option: string,
  fallback: readonly number[],
  range: { readonly min: number; readonly max: number; readonly isWhole?: boolean },
): readonly number[] {
  const text = values[option];
  if (typeof text !== 'string') return fallback;
  return text.split(',').map((each) => numberOf({ [option]: each.trim() }, option, 0, range));
}
