import { StateError } from '../runtime/index.ts';

/*
 * What checks the values of a JSON table: whatever the user's validation library offers. All such
 * libraries have `parse`, or follow Standard Schema (https://standardschema.dev).
 */

/**
 * Checks a value: a function that returns it or throws, an object with such a `parse`, or a Standard
 * Schema that answers at once.
 */
export type Schema<T> =
  | ((value: unknown) => T)
  | { parse(value: unknown): T }
  | {
      readonly '~standard': {
        validate(
          value: unknown,
        ):
          | { readonly value: T; readonly issues?: undefined }
          | { readonly issues: readonly unknown[] }
          | PromiseLike<unknown>;
      };
    };

/**
 * The check as a function that throws for what does not pass.
 *
 * @throws StateError `ERR_ARGUMENT_INVALID` when it is none of the known forms
 */
export function checkOf<T>(schema: Schema<T>): (value: unknown) => T {
  const given = (schema as unknown as Partial<StandardSchema<T> & { parse: unknown }> | null) ?? {};
  const standard = given['~standard'];
  if (standard !== undefined) return (value) => standardResult<T>(standard, value);
  if (typeof given.parse === 'function') {
    return (value) => (schema as { parse(value: unknown): T }).parse(value);
  }
  if (typeof schema === 'function') return schema;
  const text = 'a schema is a function, has a function parse, or is a Standard Schema';
  throw new StateError('ERR_ARGUMENT_INVALID', text);
}

type StandardSchema<T> = Extract<Schema<T>, { readonly '~standard': unknown }>;

function standardResult<T>(standard: StandardSchema<T>['~standard'], value: unknown): T {
  const result = standard.validate(value);
  if ('then' in result) {
    throw new StateError('ERR_TABLE_CODEC', 'the schema of a table must answer at once');
  }
  if (result.issues === undefined) return result.value;
  throw new StateError('ERR_TABLE_CODEC', 'the value does not pass the schema', {
    issues: result.issues,
  });
}
