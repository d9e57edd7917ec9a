import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  addressInUse,
  CodecError,
  dialFailed,
  ERROR_CODES,
  GossipError,
  StateError,
  streamClosed,
  streamTooLong,
  TransportError,
} from '../../src/runtime/index.ts';

describe('errors', () => {
  it('carry code, name, fields and cause', () => {
    const cause = new Error('below');
    const error = new CodecError('ERR_CODEC_LIMIT', 'too long', { cause, sizeBytes: 9 });
    assert.equal(error.code, 'ERR_CODEC_LIMIT');
    assert.equal(error.name, 'CodecError');
    assert.equal(error.cause, cause);
    assert.deepEqual(error.fields, { sizeBytes: 9 });
    assert.ok(Object.isFrozen(error.fields));
    assert.equal('cause' in new GossipError('ERR_INTERNAL', 'x'), false);
  });

  it('are told apart by class, and known as ours across copies of the package', () => {
    const error = new StateError('ERR_CLOSED', 'closed');
    assert.ok(error instanceof StateError && error instanceof GossipError);
    assert.ok(!(error instanceof CodecError));
    const brand = { [Symbol.for('networkdb.GossipError')]: true };
    const foreign: unknown = Object.assign(new Error('x'), brand);
    assert.ok(foreign instanceof GossipError);
    assert.ok(!(foreign instanceof StateError));
    const others: unknown[] = [new Error('x'), null, undefined, 'x', {}];
    for (const other of others) {
      assert.ok(!(other instanceof GossipError));
    }
  });

  it('have codes that are distinct and alike in form', () => {
    assert.equal(new Set(ERROR_CODES).size, ERROR_CODES.length);
    for (const code of ERROR_CODES) assert.match(code, /^ERR_[A-Z_]+$/);
  });

  it('of a transport carry what a caller needs to act', () => {
    const to = { host: '::1', port: 7946 };
    const inUse = addressInUse({ address: '10.0.0.1', port: 7946, protocol: 'udp' });
    assert.ok(inUse instanceof TransportError);
    assert.equal(inUse.message, '10.0.0.1:7946/udp is in use');
    assert.deepEqual(inUse.fields, { address: '10.0.0.1', port: 7946, protocol: 'udp' });
    const cause = new Error('refused');
    assert.deepEqual(dialFailed(to, 'x', cause).fields, to);
    assert.equal(dialFailed(to, 'x', cause).cause, cause);
    assert.deepEqual(streamClosed(to, 'idle').fields, { ...to, reason: 'idle' });
    const sizes = { sizeBytes: 11, limitBytes: 10 };
    assert.deepEqual(streamTooLong(to, sizes).fields, { ...to, ...sizes });
  });
});
