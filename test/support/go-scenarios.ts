import assert from 'node:assert/strict';

import {
  encodeBulkSync,
  encodeCompoundMessage,
  GOSSIP_TYPE,
  wrapGossip,
} from '../../src/codec/index.ts';
import type { FakeNode } from './fake-membership.ts';
import { encode, FakeCluster } from './fake-membership.ts';
import { readVectors } from './vectors.ts';

/*
 * Scenarios recorded from nodes of Go: one node, the messages it gets and the calls made to it, with its
 * whole state after each step.
 */

interface U64 {
  readonly $u64: string;
}

/** State of a node of Go after a step. */
export interface GoState {
  readonly entries: readonly {
    readonly deleting: boolean;
    readonly key: string;
    readonly network: string;
    readonly owner: string;
    readonly table: string;
    readonly value: string;
  }[];
  readonly failedNodes: readonly string[];
  readonly leftNodes: readonly string[];
  readonly networkClock: U64;
  readonly tableClock: U64;
  readonly networkNodes: Readonly<Record<string, readonly string[]>>;
}

interface GoEvent {
  readonly kind: string;
  readonly table: string;
  readonly network: string;
  readonly key: string;
}

/** One thing done to the node, and what came of it in each version of Go. */
export interface Step {
  readonly description: string;
  readonly op: string;
  readonly network?: string;
  readonly table?: string;
  readonly key?: string;
  readonly value?: string;
  readonly hex?: string;
  readonly bulkSync?: boolean;
  readonly join?: boolean;
  readonly node?: string;
  readonly address?: string;
  readonly port?: number;
  readonly results: readonly {
    readonly versions: readonly string[];
    readonly ok?: boolean;
    readonly events: readonly GoEvent[];
    readonly state: GoState;
  }[];
}

/** What was recorded, by scenario. */
export const { scenarios } = readVectors<{ scenarios: { name: string; steps: Step[] }[] }>(
  'networkdb-scenarios.json',
);

/** Does a step to a node of ours. @returns whether the call was accepted */
export function applyStep(self: FakeNode, step: Step): boolean {
  const { engine } = self;
  const { network = '', table = '', key = '' } = step;
  const at = { network, table, key };
  const bytes = new Uint8Array(Buffer.from(step.hex ?? '', 'hex'));
  const node = {
    name: step.node ?? '',
    address: { host: step.address ?? '', port: step.port ?? 0 },
    metadata: new Uint8Array(0),
    hasLeft: false,
  };
  try {
    if (step.op === 'joinNetwork') engine.joinNetwork(network);
    else if (step.op === 'leaveNetwork') engine.leaveNetwork(network);
    else if (step.op === 'create') engine.create(at, encode(step.value ?? ''));
    else if (step.op === 'update') engine.update(at, encode(step.value ?? ''));
    else if (step.op === 'delete') engine.delete(at);
    else if (step.op === 'memberJoin') engine.events.nodeJoined(node);
    else if (step.op === 'memberLeave') engine.events.nodeGone(node);
    else if (step.op === 'mergeRemoteState') engine.events.mergeRemoteState(bytes, false);
    else if (step.op === 'message')
      engine.events.message(step.bulkSync === true ? asSync(bytes) : bytes);
    else assert.fail(`unknown step ${step.op}`);
    return true;
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return false;
  }
}

function asSync(message: Uint8Array): Uint8Array {
  const payload = encodeCompoundMessage([message]);
  const body = { time: 0, isRequest: false, node: 'peer', networks: [], payload };
  return wrapGossip(GOSSIP_TYPE.bulkSync, encodeBulkSync(body));
}

/** Runs a scenario on a node of ours up to a step, and gives what a version of Go held after it. */
export function replay(
  name: string,
  o: { readonly until: string; readonly version: string },
): { readonly self: FakeNode; readonly go: GoState } {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: false } });
  const self = cluster.start('self');
  for (const step of scenarios.find((scenario) => scenario.name === name)?.steps ?? []) {
    if (step.op !== 'start') applyStep(self, step);
    const result = step.results.find(({ versions }) => versions.includes(o.version));
    if (step.description === o.until && result !== undefined) return { self, go: result.state };
  }
  return assert.fail(`no step ${o.until} of ${o.version} in ${name}`);
}
