import type { ConfigProblem } from './errors.ts';
import { ConfigError } from './errors.ts';

/**
 * Collects everything that is wrong with a configuration, so that one error names it all.
 *
 * Values are refused, never clamped. `check` methods return nothing: the caller reads the value
 * itself, and calls {@link Validator.throwIfAny} last.
 */
export class Validator {
  readonly #problems: ConfigProblem[] = [];

  /** Records a problem unless `holds`. */
  check(holds: boolean, path: string, value: unknown, rule: string): boolean {
    if (!holds) this.#problems.push({ path, value, rule });
    return holds;
  }

  /** An integer within bounds, both included. */
  integer(
    path: string,
    value: unknown,
    min: number,
    max: number = Number.MAX_SAFE_INTEGER,
  ): boolean {
    const holds =
      Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
    const range = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`;
    return this.check(holds, path, value, `an integer ${range}`);
  }

  /** A finite number of milliseconds above 0, at most a day. */
  duration(path: string, value: unknown): boolean {
    const holds = typeof value === 'number' && value > 0 && value <= DAY_MS * 30;
    return this.check(holds, path, value, 'a number of milliseconds above 0 and at most 30 days');
  }

  /** A duration, or `false` for a task that is off. */
  durationOrOff(path: string, value: unknown): boolean {
    if (value === false) return true;
    const holds = typeof value === 'number' && value > 0 && value <= DAY_MS * 30;
    return this.check(
      holds,
      path,
      value,
      'milliseconds above 0 and at most 30 days, or false for off',
    );
  }

  boolean(path: string, value: unknown): boolean {
    return this.check(typeof value === 'boolean', path, value, 'true or false');
  }

  /** One of the listed strings. */
  oneOf(path: string, value: unknown, choices: readonly string[]): boolean {
    const holds = typeof value === 'string' && choices.includes(value);
    return this.check(holds, path, value, `one of ${choices.map((c) => `'${c}'`).join(', ')}`);
  }

  /** Refuses fields that no option has: a misspelt option must not be ignored in silence. */
  knownKeys(path: string, value: unknown, known: readonly string[]): boolean {
    if (value === undefined) return true;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return this.check(false, path === '' ? 'options' : path, value, 'an object');
    }
    let holds = true;
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue;
      const at = path === '' ? key : `${path}.${key}`;
      holds =
        this.check(false, at, (value as Record<string, unknown>)[key], 'a known option') && holds;
    }
    return holds;
  }

  /** @throws ConfigError with `ERR_CONFIG_INVALID` when anything was recorded */
  throwIfAny(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems);
  }
}

const DAY_MS = 86_400_000;
