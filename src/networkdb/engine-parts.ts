import type { Clock, Logger, Random } from '../runtime/index.ts';
import { Counters } from '../runtime/index.ts';
import { Broadcasts } from './broadcasts.ts';
import { BulkSync } from './bulk-sync.ts';
import { Collisions } from './collisions.ts';
import type { WriteConflict } from './conflicts.ts';
import { Conflicts } from './conflicts.ts';
import { EarlyEvents } from './early-events.ts';
import { Forwards } from './forwards.ts';
import { Ghosts } from './ghosts.ts';
import { GoPeers } from './go-peers.ts';
import { TableGossip } from './gossip.ts';
import type { HandlerParts } from './handlers.ts';
import { Inbound } from './inbound.ts';
import type { Membership } from './membership.ts';
import type { TablesOptions } from './options.ts';
import { OversizeSender } from './oversize.ts';
import { Overruled } from './overruled.ts';
import { Publisher } from './publisher.ts';
import { Reaper } from './reaper.ts';
import { Rewrites } from './rewrites.ts';
import { Ring } from './ring.ts';
import { Slices } from './slices.ts';
import { StreamSpread } from './stream-spread.ts';
import { Strays } from './strays.ts';
import { SyncRounds } from './sync-rounds.ts';
import { TablePacing } from './table-pacing.ts';
import { TableState } from './transitions.ts';
import { Writer } from './writer.ts';

/*
 * Makes the parts of the engine and connects them. The state knows nothing of the rest; what it has to
 * tell goes through hooks, which is the one circle here.
 */

/** Ports of the engine. */
export interface EnginePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger?: Logger;
  /** Hears what a listener throws, if anybody does. */
  readonly onListenerThrow?: ((error: unknown) => void) | undefined;
}

/** Everything that one engine is made of. */
export interface EngineParts {
  readonly state: TableState;
  readonly slices: Slices;
  readonly broadcasts: Broadcasts;
  readonly streams: StreamSpread;
  readonly gossip: TableGossip;
  readonly oversize: OversizeSender;
  readonly publisher: Publisher;
  readonly bulkSync: BulkSync;
  readonly rounds: SyncRounds;
  readonly strays: Strays;
  readonly reaper: Reaper;
  readonly early: EarlyEvents;
  readonly ghosts: Ghosts;
  readonly rewrites: Rewrites;
  readonly handlers: HandlerParts;
  readonly inbound: Inbound;
  readonly writer: Writer;
}

/** What the parts report to the engine. */
export interface PartsHooks {
  readonly conflict: (conflict: WriteConflict) => void;
  readonly warn: HandlerParts['warn'];
}

/** Makes the parts; none of them runs yet. */
export function buildParts(
  { clock, random }: EnginePorts,
  membership: Membership,
  options: TablesOptions,
  hooks: PartsHooks,
): EngineParts {
  const counters = new Counters();
  const { localName } = membership;
  const state = new TableState(
    { localName, options, counters, clock },
    {
      participantAdded: (network, node) => {
        gossip.newsQueued();
        oversize.participantAdded(network, node);
        rounds.participantAdded(network, node);
      },
      retired: () => {
        reaper.sweep();
      },
      inSlices: (steps) => {
        slices.start(steps, () => undefined);
      },
    },
  );
  const slices = new Slices(clock);
  const pacer = new TablePacing(clock, options.maxBytesPerSecond, (peer) =>
    state.nodes.isForeign(peer),
  );
  const broadcasts = new Broadcasts(state, () => {
    gossip.repeatQueued();
  });
  const ring = new Ring(state.attachments, state.nodes, state.localName);
  const sending = { clock, random, membership, state, broadcasts, ring, pacer };
  const streams = new StreamSpread({ ...sending, slices });
  const gossip: TableGossip = new TableGossip({
    ...sending,
    streams,
    isApplyingStream: () => inbound.isApplyingStream,
  });
  const oversize = new OversizeSender({
    ...{ clock, membership, state, pacer },
    answeredAt: (peer, network) => bulkSync.answeredAt(peer, network),
  });
  const publisher = new Publisher({ ...sending, gossip, oversize });
  const bulkSync = new BulkSync({ clock, membership, state, slices });
  const rounds = new SyncRounds({
    clock,
    random,
    state,
    bulkSync,
    goPeers: new GoPeers({ clock, state, bulkSync }),
    whenMerged: (run) => {
      inbound.whenMerged(run);
    },
  });
  const strays = new Strays({
    state,
    returned: ({ name }) => {
      rounds.nodeReturned(name);
      handlers.replay(early.takeAttachments(name));
      bulkSync.nodeJoined(name);
    },
  });
  const reaper = new Reaper({ clock, random, state, broadcasts, slices, strays });
  const early = new EarlyEvents(clock, options.limits, counters);
  const ghosts = new Ghosts({ clock, state, publisher });
  const rewrites = new Rewrites({ clock, state, publisher });
  const forwards = new Forwards({ clock, state, membership, publisher, pacer });
  const collisions = new Collisions({ random, state, rewrites, forwards });
  const overruled = new Overruled({ state, rewrites, forwards });
  const conflicts = new Conflicts((conflict) => {
    counters.add('tables.writeConflicts');
    hooks.conflict(conflict);
  });
  const handlers: HandlerParts = {
    state,
    publisher,
    early,
    ghosts,
    conflicts,
    collisions,
    overruled,
    replay: (events) => {
      inbound.replay(events);
    },
    warn: hooks.warn,
  };
  const inbound = new Inbound({
    handlers,
    slices,
    bulkSync,
    streamApplied: () => {
      gossip.newsQueued();
    },
  });
  const writer = new Writer({ state, publisher });
  return {
    state,
    slices,
    broadcasts,
    streams,
    gossip,
    oversize,
    publisher,
    bulkSync,
    rounds,
    strays,
    reaper,
    early,
    ghosts,
    rewrites,
    handlers,
    inbound,
    writer,
  };
}
