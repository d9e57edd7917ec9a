import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { tasksOf } from '../../sim/board-command.ts';
import { InputError } from '../../sim/command.ts';
import type { PlainOptions } from '../../sim/boards/forecast/config.ts';
import {
  configOf,
  optionsOf,
  readOptions,
  sharedOptions,
  withProfile,
} from '../../sim/boards/forecast/config.ts';
import { hintsFor } from '../../sim/boards/forecast/hints.ts';
import { forecast } from '../../sim/boards/forecast/index.ts';
import type { ForecastInput } from '../../sim/boards/forecast/play.ts';
import { playForecast } from '../../sim/boards/forecast/play.ts';
import { forecastReport } from '../../sim/boards/forecast/report.ts';
import { MemberRing } from '../../sim/rings/member-ring.ts';

const CALM = {
  nodes: 20,
  lossPercent: 0,
  latencyMs: 1,
  jitterMs: 0,
  entries: 100,
  writesPerSecond: 1,
};
const HEX = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';

function withFile<T>(text: string, use: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'forecast-'));
  const path = join(folder, 'my.json');
  try {
    writeFileSync(path, text);
    return use(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('wrong fields of a file are told as a node tells them, all at once', () => {
  const text = '{"probe": {"intervalMs": -1}, "gosip": {}, "encryption": {"keys": ["abc"]}}';
  withFile(text, (path) => {
    assert.throws(
      () => readOptions(path),
      (error) => {
        assert.ok(error instanceof InputError);
        for (const field of ['my.json', 'probe.intervalMs', 'gosip', 'encryption.keys[0]']) {
          assert.ok(error.message.includes(field), field);
        }
        return true;
      },
    );
  });
});

test('what is no object of JSON is refused with the name of the file', () => {
  for (const text of ['[]', 'null', '{"probe":']) {
    withFile(text, (path) => {
      assert.throws(() => readOptions(path), { name: 'UsageError', message: /my\.json/ });
    });
  }
  assert.throws(() => readOptions('/nowhere/my.json'), InputError);
});

test('keys are read as hex and as base64 alike', () => {
  const base64 = Buffer.from(HEX, 'hex').toString('base64');
  const [hexKey, base64Key] =
    optionsOf({ encryption: { keys: [HEX, base64] } }).encryption?.keys ?? [];
  assert.equal(hexKey?.length, 32);
  assert.deepEqual(base64Key, hexKey);
});

test('a key that is neither is refused, with what would be one', () => {
  // Node passes over what is no base64, and would find 32 bytes.
  const key = `!${Buffer.from(HEX, 'hex').toString('base64')}`;
  withFile(JSON.stringify({ encryption: { keys: [key] } }), (path) => {
    assert.throws(() => readOptions(path), {
      name: 'UsageError',
      message: /keys\[0\].*hex or base64/s,
    });
  });
});

test('a file may begin with a byte order mark', () => {
  withFile('\uFEFF{"label": "x"}', (path) => {
    assert.deepEqual(readOptions(path), { label: 'x' });
  });
});

test('what belongs to one node is left to each, and a profile replaces timings alone', () => {
  const plain: PlainOptions = {
    nodeName: 'api-1',
    bindPort: 9000,
    probe: { timeoutMs: 100 },
    label: 'x',
  };
  const { options, leftOut } = sharedOptions(plain);
  assert.deepEqual(options, { probe: { timeoutMs: 100 }, label: 'x' });
  assert.deepEqual(leftOut, ['nodeName', 'bindPort']);
  assert.deepEqual(withProfile(options, 'wan'), { label: 'x', profile: 'wan' });
});

test('the defaults on calm links give no hints', () => {
  assert.deepEqual(hintsFor(configOf({}), CALM), []);
});

test('each oddity has its hint, which names the option', () => {
  const odd: readonly [PlainOptions, Partial<typeof CALM>, RegExp][] = [
    [{ suspicion: { mult: 1 } }, {}, /suspicion\.mult 1 gives .* 1301 ms, less than two probe/],
    [{ suspicion: { mult: 2 } }, {}, /suspicion\.mult 2 is below 3/],
    [{ suspicion: { maxTimeoutMult: 1 } }, {}, /suspicion\.maxTimeoutMult 1/],
    [{ probe: { intervalMs: false } }, {}, /probe\.intervalMs is off/],
    [{ awareness: { maxMult: 1 } }, {}, /awareness\.maxMult 1/],
    [{ gossip: { toTheDeadMs: 100 } }, {}, /gossip\.toTheDeadMs 100/],
    [
      { probe: { timeoutMs: 100 } },
      { latencyMs: 40, jitterMs: 20 },
      /below the slowest round trip of 120 ms/,
    ],
    [{ probe: { timeoutMs: 100 } }, { latencyMs: 40 }, /leaves little above .* 80 ms/],
    [{ probe: { streamFallback: false } }, { lossPercent: 25 }, /14 % of the probes of healthy/],
    [
      { gossip: { retransmitMult: 1 } },
      { lossPercent: 25 },
      /gossip\.retransmitMult 1: .* to 4 others; with 25 % lost 0\.\d+ of 20/,
    ],
    [{}, { nodes: 99, lossPercent: 50 }, /gossip\.retransmitMult 4/],
    [{ pushPull: { intervalMs: false } }, {}, /pushPull\.intervalMs is off/],
    [{ tables: { bulkSyncIntervalMs: false } }, {}, /tables\.bulkSyncIntervalMs is off/],
    [
      {},
      { entries: 10_000 },
      /10000 entries of 234 bytes are exchanged whole every 30000 ms: 156 kB/,
    ],
    [{}, { writesPerSecond: 5000 }, /gossip\.maxBytesPerSecond 4000000/],
    [{ limits: { maxEntries: 50 } }, {}, /limits\.maxEntries 50 is below 100/],
    [{ limits: { maxMembers: 10 } }, {}, /limits\.maxMembers 10 is below 20/],
    [{ maxPacketBytes: 9000 }, {}, /maxPacketBytes 9000/],
  ];
  for (const [plain, about, hint] of odd) {
    const hints = hintsFor(configOf(plain), { ...CALM, ...about });
    assert.ok(
      hints.some((each) => hint.test(each)),
      `${String(hint)}: ${hints.join('\n')}`,
    );
  }
});

test('no profile leaves members out while little is lost', () => {
  for (const profile of ['lan', 'wan', 'local'] as const) {
    for (const nodes of [3, 5, 9, 10, 20, 99, 100, 500, 999, 1000, 5000]) {
      for (const lossPercent of [0, 5]) {
        const hints = hintsFor(configOf({ profile }), { ...CALM, nodes, lossPercent });
        assert.doesNotMatch(
          hints.join('\n'),
          /retransmitMult/,
          `${profile}, ${nodes}, ${lossPercent} %`,
        );
      }
    }
  }
});

/** Members that miss what one says of itself, on average, as the simulator plays it. */
async function missedClaims(lossRate: number, retransmitMult: number): Promise<number> {
  const config = { gossip: { retransmitMult }, pushPull: { intervalMs: 3_600_000 } };
  const ring = new MemberRing({ seed: 1, config });
  await ring.startJoined(20);
  ring.clock.runFor(5_000);
  ring.network.setLoss(lossRate);
  let missed = 0;
  for (let claim = 0; claim < CLAIMS; claim += 1) {
    const from = ring.nodes[claim % 20]!.member;
    void from.updateNode();
    ring.clock.runFor(3_000);
    const { name, incarnation } = from.localMember;
    missed += ring.nodes.filter(({ member }) => {
      return member.member(name)?.incarnation !== incarnation;
    }).length;
  }
  return missed / CLAIMS;
}

const CLAIMS = 40;

test('members miss a claim where the hint says so, about as many as it says, and none elsewhere', async () => {
  const hintOf = (lossPercent: number, retransmitMult: number): number => {
    const config = configOf({ gossip: { retransmitMult } });
    const hints = hintsFor(config, { ...CALM, lossPercent }).join('\n');
    return Number(/ ([\d.]+) of 20 nodes/.exec(hints)?.[1] ?? 0);
  };
  const [said, played] = [hintOf(25, 1), await missedClaims(0.25, 1)];
  assert.ok(said > 0.5 && played > said / 2 && played < said * 2, `${said} said, ${played} played`);
  assert.equal(hintOf(5, 2), 0);
  assert.ok((await missedClaims(0.05, 2)) < 0.2);
});

test('a forecast says when crashes are known, how fast writes are, and what is sent', async () => {
  const input: ForecastInput = {
    ...{ ...CALM, nodes: 5, entries: 10, minutes: 0.2, seed: 1 },
    name: 'mine',
    config: { encryption: { keys: [HEX] }, label: 'ring', bindPort: 9000 },
  };
  const outcome = await playForecast(input);
  assert.deepEqual([outcome.firstMs.length, outcome.allMs.length, outcome.undetected], [3, 3, 0]);
  // A doubt of four seconds after a probe that takes one or two, at up to twice that with few to confirm.
  for (const ms of outcome.firstMs) assert.ok(ms > 4_000 && ms < 30_000, `${ms}`);
  outcome.allMs.forEach((ms, at) => assert.ok(ms >= (outcome.firstMs[at] ?? Infinity)));
  assert.deepEqual([outcome.falseEvents, outcome.falseVictims, outcome.lacking], [0, 0, 0]);
  assert.equal(outcome.writeMs.length, 12);
  assert.ok(outcome.writeMs.every((ms) => ms < 50));
  assert.equal(outcome.nodeSeconds, 60);
  const { tables } = forecastReport([{ input, outcome }]);
  const cells = new Map(tables[0]?.rows.map(([what, cell]) => [what, cell]));
  // A ping and an ack each second, and the writes.
  const packets = Number(cells.get('packets a second and node'));
  assert.ok(packets > 2 && packets < 12, `${packets}`);
  for (const what of ['running members taken for dead', 'such events at all nodes']) {
    assert.match(String(cells.get(`${what}, per hour`)), /^< \d+$/);
  }
  assert.match(tables[0]?.title ?? '', /links of 1 ms$/);
  assert.match(tables[0]?.notes?.join(' ') ?? '', /none in 0\.0\d*[1-9]\d* hours/);
  assert.deepEqual(tables[1]?.rows, [
    ['mine', 'bindPort is left out: each simulated node has its own.'],
  ]);
});

test('what is of one node alone is said to be left out, its ports too', () => {
  assert.deepEqual(sharedOptions({ runtime: {}, label: 'x' }), {
    options: { label: 'x' },
    leftOut: ['runtime'],
  });
});

test('--compare puts the three profiles beside the own configuration', () => {
  withFile('{"profile": "wan", "probe": {"timeoutMs": 900}}', (path) => {
    const names = forecast
      .plan({ config: path, compare: true, seeds: '1' }, 1)
      .map(({ input }) => (input as unknown as ForecastInput).name);
    assert.deepEqual(names, ['my.json', 'lan', 'wan', 'local']);
  });
});

test('a ring of hundreds is one cluster unless more are asked for', () => {
  const clusters = (values: Record<string, string>): number => tasksOf(forecast, values, 1).length;
  assert.deepEqual([clusters({}), clusters({ nodes: '150' })], [3, 3]);
  assert.deepEqual([clusters({ nodes: '300' }), clusters({ nodes: '300', seeds: '2' })], [1, 2]);
});

test('without writes of its own a forecast counts none in the traffic, times a dozen, and says how many crashed', async () => {
  const input: ForecastInput = {
    ...{ ...CALM, nodes: 3, entries: 5, writesPerSecond: 0, minutes: 0.1, seed: 1 },
    ...{ name: 'mine', config: {} },
  };
  const outcome = await playForecast(input);
  assert.deepEqual([outcome.writeMs.length, outcome.lacking, outcome.nodeSeconds], [12, 0, 18]);
  const { tables } = forecastReport([{ input, outcome }]);
  const cells = new Map(tables[0]?.rows.map(([what, cell]) => [what, cell]));
  assert.deepEqual([cells.get('of these for writes'), cells.get('crashes')], [0, 1]);
  assert.ok(Number(cells.get('of these for probes')) > 0);
  assert.match(tables[0]?.notes?.at(-1) ?? '', /when the traffic had been counted/);
});

test('where no cluster comes together a sentence says why', async () => {
  const input: ForecastInput = {
    ...{ ...CALM, nodes: 3, latencyMs: 3000, jitterMs: 5, minutes: 0.1, seed: 1 },
    ...{ name: 'mine', config: {} },
  };
  await assert.rejects(playForecast(input), {
    name: 'UsageError',
    message:
      /^3 members with mine .* do not come together on links of 3000 to 3005 ms: no join target .*$/,
  });
});
