import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { QuietInput, QuietOutcome } from '../../sim/boards/quiet/play.ts';
import { playQuiet } from '../../sim/boards/quiet/play.ts';
import { quiet } from '../../sim/boards/quiet/index.ts';
import { entryBytes } from '../../sim/tables/entries.ts';
import { quietReport } from '../../sim/boards/quiet/report.ts';

const cluster = async (wire: QuietInput['wire']): Promise<QuietOutcome> =>
  playQuiet({ wire, nodes: 3, entries: 60, seed: 1, seconds: 30 });

test("on the memberlist wire the table is sent as often as Go's rule says", async () => {
  const { traffic, syncBytes } = await cluster('memberlist');
  // Twice in 30 seconds by each of three nodes.
  const expected = 60 * entryBytes('node0') * 2 * 3;
  assert.ok(Math.abs(syncBytes / expected - 1) < 0.05, `${syncBytes} of ${expected}`);
  assert.deepEqual(traffic.streams, { exchange: 3, tables: 6, probe: 0 });
  assert.ok(traffic.streamBytes.tables < syncBytes);
  assert.ok(traffic.streamBytes.tables > syncBytes / 4);
});

test('in quiet a node sends a ping and an ack a second, and exchanges, and nothing else', async () => {
  const { traffic } = await cluster('protobuf');
  const { packets, packetBytes, streams } = traffic;
  // The first probe of a node may fall just outside.
  assert.ok(packets.probe >= 2 * 3 * 29 && packets.probe <= 2 * 3 * 31, `${packets.probe}`);
  assert.equal(packets.members + packets.networks + packets.tables + packets.other, 0);
  assert.ok(packetBytes.probe / packets.probe > 10 && packetBytes.probe / packets.probe < 60);
  assert.deepEqual(streams, { exchange: 3, tables: 6, probe: 0 });
  assert.ok(traffic.streamBytes.exchange > 0);
});

test("a node's share of Go's table traffic is held against the memberlist wire", () => {
  const kinds = { probe: 10, members: 0, networks: 0, tables: 0, other: 0 };
  const outcome = (tables: number): QuietOutcome => {
    const streams = { exchange: 3, tables, probe: 0 };
    const traffic = { packetBytes: kinds, packets: kinds, streamBytes: streams, streams };
    return { traffic, syncBytes: tables };
  };
  const input = { nodes: 5, entries: 10_000, seed: 1, seconds: 30 } as const;
  const theirs = { input: { ...input, wire: 'memberlist' }, outcome: outcome(1_000_000) } as const;
  const verdict = (tables: number): boolean | null | undefined =>
    quietReport([theirs, { input: { ...input, wire: 'protobuf' }, outcome: outcome(tables) }])
      .aims[0]?.isMet;
  assert.equal(verdict(9_999), true);
  assert.equal(verdict(10_000), false);
  assert.equal(quietReport([]).aims.length, 0);
});

test('what is too large for minutes is played when it is asked for', () => {
  const nodeEntries = (values: Record<string, string>): number[] =>
    quiet.plan(values, 1).map(({ input }) => {
      const { nodes, entries } = input as unknown as QuietInput;
      return nodes * entries;
    });
  assert.equal(Math.max(...nodeEntries({})), 100_000);
  assert.equal(Math.max(...nodeEntries({ entries: '100000', nodes: '5' })), 500_000);
});
