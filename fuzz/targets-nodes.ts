import type { StreamMessage } from '../src/codec/index.ts';
import { encodePacketMessage, encodeStreamMessage, MESSAGE_TYPE } from '../src/codec/index.ts';
import type { MemberlistOptions } from '../src/memberlist/index.ts';
import { NetworkDB } from '../src/networkdb/index.ts';
import type { Address, Logger, StreamConnection, TransportHandlers } from '../src/runtime/index.ts';
import { GossipError, SeededRandom } from '../src/runtime/index.ts';
import type { MemoryRuntime } from '../src/simulator/index.ts';
import { createMemoryRuntime, MemoryNetwork, VirtualClock } from '../src/simulator/index.ts';
import { joined, PACKET_MESSAGES, PUSH_PULL_NODES, STREAM_MESSAGES, utf8 } from './samples.ts';
import { GOSSIP_SEEDS } from './targets-tables.ts';
import type { FuzzTarget } from './target.ts';
import { wireOf } from './wires.ts';

/*
 * Whole nodes. What the decoders let through meets the rules behind them: a node in virtual time hears
 * every input as a packet, or as a stream, of a peer that shares its ring. Nothing may throw out of a
 * handler, which the transport would count, or be caught there as an error that is not the codec's.
 */

const PEER: Address = { host: '10.9.9.9', port: 7946 };
/** Small caps, so that they are reached. */
const LIMITS = { maxMembers: 64, maxEntries: 256, maxNetworks: 16, maxNodes: 64 };
const OPTIONS: MemberlistOptions = { nodeName: 'n1', bindAddress: '10.0.0.1', profile: 'local' };

/** A node that hears what it is given. */
class Victim {
  readonly #clock = new VirtualClock();
  readonly #network = new MemoryNetwork({ clock: this.#clock, random: new SeededRandom(5) });
  readonly #runtime: MemoryRuntime;
  #handlers: TransportHandlers | null = null;
  #db: NetworkDB | null = null;
  #failure: TypeError | null = null;

  constructor() {
    const runtime = createMemoryRuntime({ network: this.#network, host: '10.0.0.1', seed: 3 });
    this.#runtime = { ...runtime, logger: this.#logger() };
    const { transport } = runtime;
    const listen = transport.listen.bind(transport);
    transport.listen = (options, handlers, done) => {
      this.#handlers = handlers;
      listen(options, handlers, done);
    };
  }

  async start(): Promise<void> {
    const started = NetworkDB.create({ ...OPTIONS, limits: LIMITS, runtime: this.#runtime });
    await this.#settle(started);
    this.#db = await started;
    this.#db.joinNetwork('prod').catch(() => undefined);
    this.#db.on('warning', () => undefined);
  }

  async stop(): Promise<void> {
    const stopped = this.#db?.close() ?? Promise.resolve();
    await this.#settle(stopped);
  }

  packet(bytes: Uint8Array): void {
    this.#handlers?.onPacket(bytes, PEER);
    this.#afterwards();
  }

  stream(bytes: Uint8Array): void {
    const handlers = this.#handlers?.onStream(deafConnection());
    for (let at = 0; at < bytes.length; at += 1000) handlers?.onData(bytes.slice(at, at + 1000));
    handlers?.onEnd?.();
    handlers?.onClose(null);
    this.#afterwards();
  }

  /** Lets some time pass, so that tickers, timeouts and slices have their turn. */
  rest(): void {
    this.#clock.runFor(50);
  }

  #afterwards(): void {
    if (this.#failure === null) return;
    const failure = this.#failure;
    this.#failure = null;
    throw failure;
  }

  #logger(): Logger {
    return {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: ({ error }, message) => {
        // Errors of this package say what a peer did; any other is a fault of ours.
        if (!(error instanceof Error) || error instanceof GossipError) return;
        this.#failure = new TypeError(`${message}: ${error.stack ?? error.message}`);
      },
    };
  }

  async #settle(promise: Promise<unknown>): Promise<void> {
    const wait = { isOver: false };
    const mark = (): void => {
      wait.isOver = true;
    };
    promise.then(mark, mark);
    for (let turn = 0; turn < 100_000; turn += 1) {
      await Promise.resolve();
      if (wait.isOver) return;
      if (turn % 20 === 19) this.#clock.runNext();
    }
  }
}

function deafConnection(): StreamConnection {
  return { remote: PEER, write: () => true, end: () => undefined, destroy: () => undefined };
}

function victimTarget(
  o: Pick<FuzzTarget, 'name' | 'seeds'> & { hear: (victim: Victim, bytes: Uint8Array) => void },
): FuzzTarget {
  let victim = new Victim();
  return {
    name: o.name,
    seeds: o.seeds,
    run: (bytes) => {
      o.hear(victim, bytes);
    },
    prepare: async () => {
      victim = new Victim();
      await victim.start();
    },
    rest: () => {
      victim.rest();
    },
    finish: async () => victim.stop(),
  };
}

/** The targets that are whole nodes. */
export function nodeTargets(): FuzzTarget[] {
  const wire = wireOf();
  const userPackets = GOSSIP_SEEDS.map((gossip) =>
    joined([Uint8Array.of(MESSAGE_TYPE.user), gossip]),
  );
  const gossipStreams = GOSSIP_SEEDS.flatMap((gossip): StreamMessage[] => [
    { type: 'user', payload: gossip },
    { type: 'pushPull', join: true, nodes: PUSH_PULL_NODES, userState: gossip },
  ]);
  const seal = (plaintext: Uint8Array): Uint8Array => {
    const { request } = wire.streams.initiate();
    return joined([...request.push(plaintext), ...request.finish()]);
  };
  return [
    victimTarget({
      name: 'node, packets',
      seeds: [...PACKET_MESSAGES.map(encodePacketMessage), ...userPackets],
      hear: (victim, bytes) => victim.packet(bytes),
    }),
    victimTarget({
      name: 'node, streams',
      seeds: [...STREAM_MESSAGES, ...gossipStreams].map((m) => joined(encodeStreamMessage(m))),
      hear: (victim, bytes) => victim.stream(seal(bytes)),
    }),
    victimTarget({
      name: 'node, bytes of a stream',
      seeds: [seal(utf8('')), ...STREAM_MESSAGES.map((m) => seal(joined(encodeStreamMessage(m))))],
      hear: (victim, bytes) => victim.stream(bytes),
    }),
  ];
}
