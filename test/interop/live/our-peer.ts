import { createInterface } from 'node:readline';

import { GossipError } from '../../../src/index.ts';
import type { Fields, PeerEvent, Request } from './lines.ts';
import { OurMember } from './our-member.ts';
import { OurTables } from './our-tables.ts';

/*
 * Hosts members of ours: `node our-peer.js memberlist|networkdb`. Ends when its input does.
 */

/** A member that answers requests. */
interface Hosted {
  answer(request: Request): Promise<Fields>;
}

const family = process.argv[2];
const hosted = new Map<string, Hosted>();

function say(fields: Fields): void {
  process.stdout.write(`${JSON.stringify(fields)}\n`);
}

function tell(event: PeerEvent): void {
  say(event);
}

async function create(request: Request): Promise<Fields> {
  const { node, options } = request;
  if (options === undefined) throw new Error('no options');
  const member =
    family === 'networkdb'
      ? await OurTables.create(node, options, tell)
      : await OurMember.create(node, options, tell);
  hosted.set(node, member);
  return { host: options.address, port: member.port };
}

async function answer(request: Request): Promise<Fields> {
  if (request.do === 'create') return create(request);
  const member = hosted.get(request.node);
  if (member === undefined) throw new Error(`no member ${request.node} here`);
  if (request.do === 'close') hosted.delete(request.node);
  return member.answer(request);
}

function failure(error: unknown): Fields {
  if (!(error instanceof GossipError)) return { error: String(error), code: 'none' };
  const { code, message, fields } = error;
  return { error: message, code, fields };
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const request = JSON.parse(line) as Request;
    answer(request).then(
      (fields) => say({ ...fields, id: request.id }),
      (error: unknown) => say({ ...failure(error), id: request.id }),
    );
  })
  .on('close', () => {
    process.exit(0);
  });
