import type { Memberlist } from '../../../src/memberlist/index.ts';
import { mean, quantile } from '../../statistics.ts';

/** Kilobytes a second and process, packets and streams together. */
export type Rates = { readonly mean: number; readonly p99: number; readonly max: number };

/** Both directions. */
export type TrafficSummary = { readonly received: Rates; readonly sent: Rates };

/** Reads what each process has sent and received, second by second. */
export class Traffic {
  readonly #members: readonly Memberlist[];
  readonly #last = new Map<Memberlist, readonly [number, number]>();
  readonly #received: number[] = [];
  readonly #sent: number[] = [];

  /** What those that are there have sent and received so far does not count. */
  constructor(members: readonly Memberlist[]) {
    this.#members = members;
    for (const member of members) this.#last.set(member, totalsOf(member));
  }

  /** A second has passed. */
  sample(): void {
    for (const member of this.#members) {
      const now = totalsOf(member);
      const [received, sent] = this.#last.get(member) ?? [0, 0];
      this.#received.push((now[0] - received) / 1000);
      this.#sent.push((now[1] - sent) / 1000);
      this.#last.set(member, now);
    }
  }

  /** Of all seconds of all processes. */
  summary(): TrafficSummary {
    return { received: ratesOf(this.#received), sent: ratesOf(this.#sent) };
  }
}

function totalsOf(member: Memberlist): readonly [number, number] {
  const { counters } = member.stats();
  const total = (direction: string): number =>
    (counters[`packets.${direction}Bytes`] ?? 0) + (counters[`streams.${direction}Bytes`] ?? 0);
  return [total('received'), total('sent')];
}

function ratesOf(samples: readonly number[]): Rates {
  return {
    mean: samples.length > 0 ? mean(samples) : 0,
    p99: samples.length > 0 ? quantile(samples, 0.99) : 0,
    max: samples.reduce((most, each) => Math.max(most, each), 0),
  };
}
