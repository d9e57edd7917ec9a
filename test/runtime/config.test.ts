import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { ConfigError, Validator } from '../../src/runtime/index.ts';

function problemsOf(check: (validator: Validator) => void): string[] {
  const validator = new Validator();
  check(validator);
  try {
    validator.throwIfAny();
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems.map(({ path }) => path);
  }
}

describe('the validator', () => {
  it('passes what holds', () => {
    const problems = problemsOf((validator) => {
      assert.equal(validator.integer('a', 3, 0, 5), true);
      assert.equal(validator.integer('a', 5, 0, 5), true);
      assert.equal(validator.duration('b', 0.5), true);
      assert.equal(validator.duration('b', 30 * 86_400_000), true);
      assert.equal(validator.durationOrOff('c', false), true);
      assert.equal(validator.durationOrOff('c', 10), true);
      assert.equal(validator.boolean('d', false), true);
      assert.equal(validator.oneOf('e', 'x', ['x', 'y']), true);
      assert.equal(validator.knownKeys('f', { a: 1 }, ['a']), true);
      assert.equal(validator.knownKeys('f', undefined, []), true);
    });
    assert.deepEqual(problems, []);
  });

  it('refuses numbers out of bounds or of another kind', () => {
    for (const value of [-1, 6, 1.5, Number.NaN, '3', null, undefined, 3n]) {
      assert.deepEqual(
        problemsOf((validator) => void validator.integer('a', value, 0, 5)),
        ['a'],
        String(value),
      );
    }
    for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 31 * 86_400_000, '1', true]) {
      assert.deepEqual(
        problemsOf((validator) => void validator.duration('b', value)),
        ['b'],
        String(value),
      );
      assert.deepEqual(
        problemsOf((validator) => void validator.durationOrOff('c', value)),
        ['c'],
        String(value),
      );
    }
  });

  it('names every problem in one error, options that do not exist included', () => {
    const validator = new Validator();
    validator.boolean('x.flag', 1);
    validator.oneOf('wire', 'tcp', ['protobuf', 'memberlist']);
    validator.knownKeys('probe', { intervalMs: 1, intervall: 2 }, ['intervalMs']);
    validator.knownKeys('', { odd: 1 }, []);
    validator.knownKeys('', 5, []);
    validator.knownKeys('list', [], []);
    assert.throws(
      () => validator.throwIfAny(),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.code, 'ERR_CONFIG_INVALID');
        const paths = error.problems.map(({ path }) => path);
        assert.deepEqual(paths, ['x.flag', 'wire', 'probe.intervall', 'odd', 'options', 'list']);
        for (const path of paths) assert.ok(error.message.includes(`${path}: must be `));
        assert.ok(error.message.includes(`one of 'protobuf', 'memberlist' (got "tcp")`));
        return true;
      },
    );
  });
});
