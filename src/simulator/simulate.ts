import type { NetworkDBOptions } from '../networkdb/index.ts';
import { TimeoutError, Validator } from '../runtime/index.ts';
import { nodeTurns } from '../runtime/node/index.ts';
import { checkFunction } from './arguments.ts';
import { withSimulation } from './failure.ts';
import type { LinkSettings } from './links.ts';
import { readLinkSettings } from './links.ts';
import { readNodeConfig } from './spawn-options.ts';
import type { Trace, TraceOptions } from './trace.ts';
import { World } from './world.ts';

/** What to simulate. Every field may be left out. */
export interface SimulateOptions {
  /** Decides everything that is random: the same seed gives the same run. Any integer; default 1. */
  readonly seed?: number;
  /** Nodes that are started and joined before the scenario begins. Default 0. */
  readonly nodes?: number;
  /** Options of every node, as of `NetworkDB.create`; without `nodeName`, `bindAddress` and `runtime`. */
  readonly config?: NetworkDBOptions;
  /** Settings of every link. */
  readonly network?: Partial<LinkSettings>;
  /** What to keep of the run. */
  readonly trace?: TraceOptions;
  /**
   * Whether checkers watch every change inside every node, and end the simulation with a `CheckError` when one breaks
   * a rule of the membership or of the tables, a cap or a close; and whether `world.converge()` can be asked
   * for. Default false: it costs time.
   */
  readonly checks?: boolean;
  /**
   * Virtual milliseconds that the scenario may take, at least 1: one that would need more fails when so many have
   * passed. Default one day.
   */
  readonly maxVirtualMs?: number;
}

/** How a simulation went. */
export interface SimulationResult<T> {
  /** What the scenario returned. */
  readonly value: T;
  readonly seed: number;
  /** Virtual milliseconds that passed. */
  readonly virtualMs: number;
  readonly trace: Trace;
  /** What passed through the network, by counter. */
  readonly network: Readonly<Record<string, number>>;
}

/**
 * Runs a scenario in virtual time: real nodes, real bytes, a simulated network, one seed.
 *
 * While the scenario waits (for `world.sleep`, `world.until`, or any promise of a node) time moves on from one
 * pending call to the next; it stands still while code runs. Code under test must take time, randomness and
 * sockets from the `runtime` it is given; real timers and I/O would make runs differ. When the scenario has
 * ended all processes are killed.
 *
 * @returns the scenario's value and the record of the run
 * @throws ConfigError with `ERR_CONFIG_INVALID`, listing every option that is unknown or out of range
 * @throws what the scenario, a process or a listener of a node's events throws, with `simulation` on it: the seed, the
 * virtual time and the last lines of the trace, which stand at the end of its stack too
 * @throws TimeoutError with `ERR_TIMEOUT` after `maxVirtualMs`, or when nothing is pending that could end the wait
 * @throws StateError with `ERR_CLOSED` when the scenario ended while `until`, `converge`, `spawn` or the like was under
 * way: an await is missing; with `ERR_ARGUMENT_INVALID` when `network.setLink` or `setBandwidth` named a host on which no
 * process ever ran
 */
export async function simulate<T>(
  options: SimulateOptions,
  scenario: (world: World) => Promise<T> | T,
): Promise<SimulationResult<T>> {
  const { seed, nodes, maxVirtualMs, ...made } = checked(options);
  checkFunction('scenario', scenario);
  const world = new World({ seed, ...made });
  const run = async (): Promise<T> => {
    await world.spawnMany(nodes);
    return scenario(world);
  };
  try {
    const value = await drive(world, run, maxVirtualMs);
    world.checkEnd();
    const network = world.network.counters();
    return { value, seed, virtualMs: world.now, trace: world.trace, network };
  } catch (error) {
    throw withSimulation(error, world);
  } finally {
    for (const each of world.processes) each.halt();
    world.end();
  }
}

/** Moves time on for as long as the run waits. */
async function drive<T>(world: World, run: () => Promise<T>, maxVirtualMs: number): Promise<T> {
  const running = run();
  const scenario = { isOver: false };
  const end = (): void => {
    scenario.isOver = true;
  };
  running.then(end, end);
  await nodeTurns(() => {
    // First, since what a check found in the last step would be passed over.
    if (world.failure !== null) throw world.failure.error;
    if (scenario.isOver) return false;
    if (world.step(maxVirtualMs)) return true;
    const text = 'the scenario waits for something that no pending call will bring';
    throw new TimeoutError('ERR_TIMEOUT', text);
  });
  return running;
}

function checked(options: SimulateOptions) {
  const validator = new Validator();
  const given: unknown = options;
  if (given === undefined) validator.check(false, 'options', given, 'an object');
  else validator.knownKeys('', given, KEYS);
  const { seed = 1, nodes = 0, maxVirtualMs = 86_400_000 } = (given ?? {}) as SimulateOptions;
  const {
    config = {},
    network = {},
    trace = {},
    checks = false,
  } = (given ?? {}) as SimulateOptions;
  checkTrace(validator, trace);
  for (const [path, value] of Object.entries({ config, network })) {
    const isObject = typeof value === 'object' && (value as unknown) !== null;
    const isFine = isObject && !Array.isArray(value);
    if (!validator.check(isFine, path, value, 'an object')) continue;
    if (path === 'config') readNodeConfig(validator, config);
    else readLinkSettings(validator, path, network);
  }
  validator.check(Number.isSafeInteger(seed), 'seed', seed, 'an integer');
  validator.integer('nodes', nodes, 0, 10_000);
  validator.integer('maxVirtualMs', maxVirtualMs, 1, Number.MAX_SAFE_INTEGER);
  validator.check(typeof checks === 'boolean', 'checks', checks, 'true or false');
  validator.throwIfAny();
  return { seed, nodes, maxVirtualMs, config, network, trace, checks };
}

function checkTrace(validator: Validator, trace: TraceOptions): void {
  validator.knownKeys('trace', trace, TRACE_KEYS);
  if (typeof trace !== 'object' || (trace as unknown) === null) return;
  const { maxLines = 1, logLevel = 'info' } = trace;
  validator.integer('trace.maxLines', maxLines, 1);
  for (const field of ['packets', 'streams', 'writes'] as const) {
    validator.boolean(`trace.${field}`, trace[field] ?? false);
  }
  validator.oneOf('trace.logLevel', logLevel, LOG_LEVELS);
}

const TRACE_KEYS = ['maxLines', 'packets', 'streams', 'writes', 'logLevel'];
const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'none'];
const KEYS = ['seed', 'nodes', 'config', 'network', 'trace', 'checks', 'maxVirtualMs'];
