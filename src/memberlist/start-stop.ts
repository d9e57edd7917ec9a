import { wireStreamLimits } from '../codec/index.ts';
import type { Address, GossipError } from '../runtime/index.ts';
import type { Parts } from './assemble.ts';
import type { MemberlistConfig } from './options.ts';

/*
 * How the parts of a member begin to hear the network, and how all of them fall silent.
 */

/** Binds the sockets; from here on packets and streams arrive. @param done - hears the bound address */
export function listen(
  { core, inbound, server }: Parts,
  done: (error: GossipError | null, bound: Address) => void,
): void {
  const { bindAddress, bindPort, limits } = core.config;
  core.ports.transport.listen(
    {
      bindAddress,
      bindPort,
      limits: {
        maxInboundStreams: limits.maxInboundStreams,
        maxStreamBytes: maxStreamBytes(core.config),
        streamIdleMs: limits.streamTimeoutMs,
        dialTimeoutMs: limits.streamTimeoutMs,
      },
    },
    {
      onPacket: (bytes, from) => {
        inbound.onPacket(bytes, from);
      },
      onStream: (connection) => server.accept(connection),
    },
    done,
  );
}

/** Ends every ticker, stream and timer; the sockets are closed when the promise ends. */
export async function stopParts(parts: Parts): Promise<void> {
  const { core, acks, answers, client, gossip, inbound, prober } = parts;
  const { pushPull, rejoin, rules, server } = parts;
  inbound.stop();
  gossip.stop();
  prober.stop();
  pushPull.stop();
  rejoin.stop();
  answers.stop();
  client.stop();
  server.stop();
  rules.close();
  acks.clear();
  await new Promise<void>((resolve) => {
    core.ports.transport.close(resolve);
  });
  core.events.listeners.clear();
  core.queue.clear();
  core.newcomers.clear();
  core.userQueue.clear();
}

/** What a peer may send on one stream: also where user messages are kept small, records must pass. */
function maxStreamBytes({ limits, wire }: MemberlistConfig): number {
  const recordBytes = wire === 'memberlist' ? wireStreamLimits(wire).maxMessageBytes : 0;
  return Math.max(limits.maxStreamMessageBytes, recordBytes) + STREAM_FRAMING_BYTES;
}

const STREAM_FRAMING_BYTES = 1024 * 1024;
