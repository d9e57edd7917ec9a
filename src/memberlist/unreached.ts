import { formatAddress } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { probeIntervalMs } from './core.ts';
import { pushPullScaleMs } from './formulas.ts';
import { isMember } from './member.ts';
import type { Way } from './reachability.ts';
import { Reachability } from './reachability.ts';

/** Watches whether others reach this member, and tells the operator when they do not. */
export function watchReachability(
  core: () => Core,
  o: Pick<Core, 'config' | 'ports'>,
): Reachability {
  return new Reachability({
    clock: o.ports.clock,
    creditMs: CREDIT_INTERVALS * probeIntervalMs(o.config),
    patienceMs: (way) => patienceMs(core(), way),
    onSilent: (way, silentMs) => {
      tellUnreached(core(), way, silentMs);
    },
  });
}

/** How long a way may be silent; null while nobody has a reason to use it. */
function patienceMs({ config, local, table }: Core, way: Way): number | null {
  if (!isMember(local) || table.size < 2) return null;
  const { intervalMs } = config.pushPull;
  const exchangeMs = intervalMs === false ? null : pushPullScaleMs(intervalMs, table.size);
  if (way === 'streams') return exchangeMs === null ? null : SILENT_EXCHANGES * exchangeMs;
  if (config.probe.intervalMs === false) return null;
  // Whoever has forgotten us hears of us with the next exchange.
  return Math.max(SILENT_PROBES * config.probe.intervalMs, 2 * (exchangeMs ?? 0));
}

function tellUnreached(core: Core, way: Way, silentMs: number): void {
  const { events, local, ports, reminders } = core;
  if (!reminders.isDue('unreached', way)) return;
  const { address } = local;
  const hosts = ports.transport.interfaceAddresses().map(({ host }) => host);
  const seconds = Math.round(silentMs / 1000);
  const what = way === 'packets' ? 'probed it over UDP' : 'opened a stream to it (TCP)';
  const silence =
    `others answer this member, but in ${seconds} s of that none has ${what} ` +
    `at ${formatAddress(address)}`;
  const fields = { way, ...address, silentMs, interfaces: hosts };
  if (way === 'packets' && hosts.length > 0 && !hosts.includes(address.host)) {
    const text =
      `${silence}, which is no address of this machine (${hosts.join(', ')}): set advertiseAddress and ` +
      `advertisePort to where the others reach it, and forward UDP and TCP from there`;
    events.warn('WARN_ADVERTISE_MISMATCH', text, fields);
    return;
  }
  const text =
    `${silence}: let ${way === 'packets' ? 'UDP' : 'TCP'} in at that port, or set advertiseAddress and ` +
    `advertisePort to where the others reach this member`;
  events.warn('WARN_UNREACHED', text, fields);
}

/** Probe intervals without a probe of us, and push/pull intervals without a stream. */
const SILENT_PROBES = 60;
const SILENT_EXCHANGES = 30;
/** What one answer proves at most, in probe intervals. */
const CREDIT_INTERVALS = 3;
