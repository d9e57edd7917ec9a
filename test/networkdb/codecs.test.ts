import assert from 'node:assert/strict';
import { test } from 'node:test';

import protobufjs from 'protobufjs';

import type { Schema } from '../../src/networkdb/index.ts';
import { json, protobuf } from '../../src/networkdb/index.ts';
import { encode } from '../support/fake-membership.ts';

/*
 * Codecs of tables that check: JSON with a schema of any library, and protobuf.
 */

interface Service {
  readonly port: number;
}

const isRefused = { code: 'ERR_TABLE_CODEC' };

function parse(value: unknown): Service {
  const { port } = value as { port?: unknown };
  if (typeof port !== 'number') throw new TypeError('no port');
  return { port };
}

const schemas: Readonly<Record<string, Schema<Service>>> = {
  'a function': parse,
  'an object that parses': { parse },
  'a Standard Schema': {
    '~standard': {
      validate: (value: unknown) => {
        try {
          return { value: parse(value) };
        } catch (error) {
          return { issues: [{ message: (error as Error).message }] };
        }
      },
    },
  },
  'a Standard Schema that is a function': Object.assign(() => assert.fail('not called'), {
    '~standard': { validate: (value: unknown) => ({ value: parse(value) }) },
  }),
};

for (const [what, schema] of Object.entries(schemas)) {
  test(`json checks with ${what} what is read and what is written`, () => {
    const codec = json(schema);
    assert.deepEqual(codec.decode(encode('{"port":1,"more":2}')), { port: 1 });
    assert.deepEqual(codec.encode({ port: 1 }), encode('{"port":1}'));
    assert.throws(() => codec.decode(encode('{"port":"1"}')));
    assert.throws(() => codec.encode({ port: '1' as unknown as number }));
    // It is the value after its trip through JSON that readers will check.
    assert.throws(() => codec.encode({ port: NaN }));
  });
}

test('a Standard Schema tells its issues, and may not keep the reader waiting', () => {
  const issues = [{ message: 'no' }];
  const refusing = json({ '~standard': { validate: () => ({ issues }) } });
  assert.throws(() => refusing.decode(encode('1')), { ...isRefused, fields: { issues } });
  const slow = json({ '~standard': { validate: () => Promise.resolve({ value: 1 }) } });
  assert.throws(() => slow.decode(encode('1')), isRefused);
});

test('what is no schema and no protobuf type is refused at once', () => {
  const odd = <T>(value: unknown): T => value as T;
  const isInvalid = { code: 'ERR_ARGUMENT_INVALID' };
  for (const schema of [null, 5, {}, { parse: 1 }]) {
    assert.throws(() => json(odd(schema)), isInvalid, JSON.stringify(schema));
  }
  for (const type of [null, {}, { verify: 1, encode: 1, decode: 1 }]) {
    assert.throws(() => protobuf<object>(odd(type)), isInvalid, JSON.stringify(type));
  }
  assert.throws(() => protobuf<Message>(reflected, { maxBytes: 0 }), isInvalid);
  assert.throws(() => protobuf<Message>(reflected, { verify: odd(1) }), isInvalid);
});

const root = protobufjs.parse(`
  syntax = "proto3";
  message Service { string name = 1; uint32 port = 2; repeated string tags = 3; }
  message Newer { string name = 1; uint32 port = 2; uint32 weight = 9; }
`).root;

interface Message {
  name: string;
  port: number;
  tags: string[];
}

const reflected = root.lookupType('Service');

test('protobuf messages of a reflected type go there and back', () => {
  const codec = protobuf<Message>(reflected);
  const bytes = codec.encode({ name: 'api', port: 8080, tags: ['x', 'y'] });
  assert.deepEqual([...bytes], [...encode('\n\u0003api'), 16, 144, 63, 26, 1, 120, 26, 1, 121]);
  const { name, port, tags } = codec.decode(bytes);
  assert.deepEqual({ name, port, tags }, { name: 'api', port: 8080, tags: ['x', 'y'] });
  const empty = codec.decode(new Uint8Array(0));
  assert.deepEqual([empty.name, empty.port, empty.tags], ['', 0, []]);
});

test('a message that does not verify is not written, nor is one beyond its size', () => {
  const message = (port: unknown): Message => ({ name: 'api', port, tags: [] }) as never;
  assert.throws(() => protobuf<Message>(reflected).encode(message('x')), isRefused);
  protobuf<Message>(reflected, { verify: false }).encode(message(5));
  const small = protobuf<Message>(reflected, { maxBytes: 8 });
  assert.equal(small.encode(message(1)).length, 7);
  const sizes = { sizeBytes: 9, limitBytes: 8 };
  assert.throws(() => small.encode(message(70_000)), { ...isRefused, fields: sizes });
  const tooLong = protobuf<Message>(reflected).encode(message(70_000));
  assert.throws(() => small.decode(tooLong), { ...isRefused, fields: sizes });
});

test('bytes that are no message of the type are refused', () => {
  const codec = protobuf<Message>(reflected);
  assert.throws(() => codec.decode(encode('{"name":"api"}')));
  assert.throws(() => codec.decode(new Uint8Array([10, 200])));
});

test('fields that the type does not know are dropped', () => {
  const newer = root.lookupType('Newer');
  const bytes = newer.encode({ name: 'api', port: 1, weight: 5 }).finish();
  const codec = protobuf<Message>(reflected);
  const again = codec.encode(codec.decode(bytes));
  assert.equal((newer.decode(again) as unknown as { weight: number }).weight, 0);
});
