import { setTimeout as delay } from 'node:timers/promises';

import { holdsLedger } from './checks.ts';
import type { Expectations } from './expectations.ts';
import { ExpectationFailed } from './expectations.ts';
import type { Measured } from './figures.ts';
import type { Audit, Ledger } from './ledger.ts';
import type { MemberProcess } from './member-process.ts';
import type { Orchestra } from './orchestra.ts';

/*
 * What the stages of the demo have in common: what they work with, and the steps that several take.
 */

/** What the stages work with. */
export interface Scene {
  readonly orchestra: Orchestra;
  readonly ledger: Ledger;
  readonly expectations: Expectations;
  readonly measured: Measured;
  /** The ring's key; rotation replaces it. */
  key: Uint8Array;
}

const WRITES_PER_STEP = 80;
const AUDIT_LIMIT_MS = 2_000;

/** Starts the member in a process; port 0 is any free one. */
export async function start(scene: Scene, member: MemberProcess, port: number): Promise<void> {
  const bound = await member.ask('start', { name: member.name, port, key: scene.key });
  member.port = bound.port;
  member.state = 'running';
}

/** Closes a member and waits for its process to end by itself. */
export async function close(member: MemberProcess): Promise<void> {
  member.state = 'closing';
  await member.ask('close', null);
  const { code, signal } = await member.exited;
  if (code !== 0) throw new Error(`${member.name} ended with ${signal ?? `code ${code}`}`);
}

/** Has a member publish, and takes down what it wrote. */
export async function publish(
  scene: Scene,
  member: MemberProcess,
  what: 'publishEndpoint' | 'publishDataset',
): Promise<void> {
  scene.ledger.record(member.name, await member.ask(what, null));
}

/** Waits until each writer has written some more, so that writes fall into every step. */
export async function writesGoOn(
  { orchestra, expectations }: Scene,
  writers: readonly string[],
  name: string,
): Promise<void> {
  await orchestra.refresh();
  const countOf = (writer: string): number => orchestra.member(writer).latest?.writes ?? 0;
  const before = new Map(writers.map((writer) => [writer, countOf(writer)]));
  await expectations.until({
    name,
    deadlineMs: 10_000,
    check: () => {
      for (const [writer, count] of before) {
        const more = countOf(writer) - count;
        if (more < WRITES_PER_STEP) return `${writer} has made ${more} writes`;
      }
      return null;
    },
  });
}

/** Waits until every live member holds what was written; says which entries differ if it does not come. */
export async function agree(
  scene: Scene,
  o: { readonly name: string; readonly deadlineMs: number; readonly since?: number },
): Promise<number> {
  const { orchestra, ledger, expectations } = scene;
  try {
    return await expectations.until({ ...o, check: holdsLedger(orchestra, ledger) });
  } catch (error) {
    if (!(error instanceof ExpectationFailed) || error.expectation !== o.name) throw error;
    // A member that hangs must not hold up the failure that it has caused.
    const found = await Promise.race([audit(scene, 'failed'), delay(AUDIT_LIMIT_MS, null)]);
    const seen = [error.seen, ...(found?.examples ?? [])].join('; ');
    throw new ExpectationFailed(o.name, seen, error.waitedMs);
  }
}

/** Compares every entry of every live member with what was written. */
export async function compare(scene: Scene, stage: string): Promise<void> {
  const { lost, ghosts, otherHashes, compared, examples } = await audit(scene, stage);
  scene.expectations.verify(`${compared} entries compared, none lost, none too many`, () => {
    if (lost + ghosts + otherHashes === 0) return null;
    const counts = `${lost} lost, ${ghosts} too many, ${otherHashes} tables with another hash`;
    return [counts, ...examples].join('; ');
  });
}

async function audit({ orchestra, ledger, measured }: Scene, stage: string): Promise<Audit> {
  const found = ledger.audit(stage, await orchestra.dumps());
  measured.audits.push(found);
  return found;
}

/** The key that the first live member seals with, as members show it. */
export function fingerprintOf({ orchestra }: Scene): string {
  const keys = orchestra.live()[0]?.latest?.keys ?? [];
  return keys.find((key) => key.isPrimary)?.fingerprint ?? 'none';
}
