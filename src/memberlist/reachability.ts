import type { Clock } from '../runtime/index.ts';

/** A way on which others reach us. */
export type Way = 'packets' | 'streams';

/** What {@link Reachability} counts with, and whom it tells. */
export interface ReachabilityInit {
  readonly clock: Clock;
  /**
   * Milliseconds that a way may stay silent while others answer us; null where silence says nothing. Asked
   * often, since it grows with the ring.
   */
  readonly patienceMs: (way: Way) => number | null;
  /** What one answer proves at most, in milliseconds. */
  readonly creditMs: number;
  /** Called with each answer from when a way has been silent for too long, until it is heard. */
  readonly onSilent: (way: Way, silentMs: number) => void;
}

/**
 * Notices that we reach others and are never reached: behind address translation or a firewall, or with an
 * advertised address that is not ours.
 *
 * Such a member looks well from inside. It joins, for it dials out; its probes over streams are answered. The
 * others probe an address that leads nowhere, doubt it, hear it refute, doubt it again; and what they send over
 * streams of their own, such as bulk syncs, never comes.
 *
 * The evidence is what healthy peers do without being asked: each member is probed about once per probe
 * interval, and is chosen for a push/pull about once per push/pull interval, whatever the size of the ring. The
 * others know us by the advertised address alone, so a probe that names us has come to it, and confirms it. So:
 *
 *   credit of a way = time in which others answered us, since that way brought something
 *   silent          = credit above the patience: 60 probe intervals for packets, 30 push/pull intervals for
 *                     streams (as stretched by the size of the ring, and for packets at least two of them)
 *
 * No false alarms: by chance a healthy ring of any size leaves out a member for so long once in e^30 times at
 * least. A ring of one gets no answers. In a partition, or while we stand still, nobody answers, so that no
 * credit grows, and an answer after a pause is worth no more than one after another. Who has just joined has no
 * credit. Doubts of the others' own health stretch their probes by eight at most, which the patience outlasts.
 *
 * Left out: whether it is the network or the others who refuse. Peers that have us not in their tables
 * (`allowedNetworks`, a name conflict) do not probe us either; and peers whose intervals are many times
 * ours, or off, look as if they could not reach us, which is why all of a ring should have one profile.
 */
export class Reachability {
  readonly #o: ReachabilityInit;
  readonly #creditMs: Record<Way, number> = { packets: 0, streams: 0 };
  #answeredAt: number | null = null;

  constructor(o: ReachabilityInit) {
    this.#o = o;
  }

  /** Another member answered something that we sent. */
  answered(): void {
    const now = this.#o.clock.now();
    const passedMs = now - (this.#answeredAt ?? now);
    this.#answeredAt = now;
    for (const way of WAYS) {
      const patienceMs = this.#o.patienceMs(way);
      if (patienceMs === null) {
        this.#creditMs[way] = 0;
        continue;
      }
      const creditMs = this.#creditMs[way] + Math.min(passedMs, this.#o.creditMs);
      this.#creditMs[way] = creditMs;
      if (creditMs >= patienceMs) this.#o.onSilent(way, creditMs);
    }
  }

  /** Another member reached us by itself. */
  reached(way: Way): void {
    this.#creditMs[way] = 0;
  }
}

const WAYS: readonly Way[] = ['packets', 'streams'];
