import { Validator } from '../runtime/index.ts';

/*
 * How bytes fare between two hosts. Every ordered pair of hosts is a link; a link has the network's
 * settings unless it was given its own. Cuts are kept apart from settings, so that healing a network
 * leaves its links as slow and lossy as they were made.
 */

/** Settings of one link, in one direction. Rates are from 0 to 1. */
export interface LinkSettings {
  /** Time every packet and stream segment takes. Default 1. */
  readonly latencyMs: number;
  /** Up to this much more, uniformly; packets overtake each other by it, stream bytes never. Default 0. */
  readonly jitterMs: number;
  /** Share of packets that vanish. Streams lose nothing. Default 0. */
  readonly lossRate: number;
  /** Share of packets that arrive twice. Default 0. */
  readonly duplicateRate: number;
  /** Share of packets held back by `reorderMs`. Default 0. */
  readonly reorderRate: number;
  /** How long a reordered packet is held back on top. Default 10. */
  readonly reorderMs: number;
  /** Packets with more bytes of payload vanish, as on a path whose MTU is exceeded. Default 65507. */
  readonly maxPacketBytes: number;
}

/** What a cut stops: everything, packets alone as a blocked UDP port does, or streams alone. */
export type CutMode = 'all' | 'packets' | 'streams';

/** One of the two kinds of traffic. */
export type Traffic = 'packets' | 'streams';

const DEFAULT_LINK: LinkSettings = {
  latencyMs: 1,
  jitterMs: 0,
  lossRate: 0,
  duplicateRate: 0,
  reorderRate: 0,
  reorderMs: 10,
  maxPacketBytes: 65_507,
};

/** Settings and cuts of all links of a network. */
export class Links {
  readonly #own = new Map<string, Partial<LinkSettings>>();
  readonly #merged = new Map<string, LinkSettings>();
  readonly #cuts: Readonly<Record<Traffic, Set<string>>> = {
    packets: new Set(),
    streams: new Set(),
  };
  readonly #groupOf: Record<Traffic, ReadonlyMap<string, number> | null> = {
    packets: null,
    streams: null,
  };
  readonly #cloggedUntil = new Map<string, number>();
  #common: LinkSettings = DEFAULT_LINK;

  /** The settings of the link; its own over the network's. */
  settings(from: string, to: string): LinkSettings {
    if (this.#own.size === 0) return this.#common;
    const key = linkKey(from, to);
    const own = this.#own.get(key);
    if (own === undefined) return this.#common;
    const known = this.#merged.get(key);
    if (known !== undefined) return known;
    const merged = { ...this.#common, ...own };
    this.#merged.set(key, merged);
    return merged;
  }

  /** Changes what holds for every link without a setting of its own. */
  change(changes: Partial<LinkSettings>): void {
    checkSettings(changes);
    this.#common = { ...this.#common, ...changes };
    this.#merged.clear();
  }

  /** Gives one direction between two hosts settings of its own, on top of earlier ones. */
  changeOne(from: string, to: string, changes: Partial<LinkSettings>): void {
    checkSettings(changes);
    const key = linkKey(from, to);
    this.#own.set(key, { ...this.#own.get(key), ...changes });
    this.#merged.clear();
  }

  /** Whether nothing of a kind passes from one host to the other. A host always reaches itself. */
  isCut(from: string, to: string, traffic: Traffic): boolean {
    if (from === to) return false;
    const cuts = this.#cuts[traffic];
    if (cuts.size > 0 && cuts.has(linkKey(from, to))) return true;
    const groups = this.#groupOf[traffic];
    return groups !== null && groups.get(from) !== groups.get(to);
  }

  /** Whether anything is cut at all. */
  get hasCuts(): boolean {
    return trafficOf('all').some(
      (traffic) => this.#cuts[traffic].size > 0 || this.#groupOf[traffic] !== null,
    );
  }

  /** Cuts one direction. */
  cut(from: string, to: string, mode: CutMode): void {
    for (const traffic of trafficOf(mode)) this.#cuts[traffic].add(linkKey(from, to));
  }

  /** Undoes {@link Links.cut} of one direction. */
  mend(from: string, to: string, mode: CutMode): void {
    for (const traffic of trafficOf(mode)) this.#cuts[traffic].delete(linkKey(from, to));
  }

  /** Lets hosts reach those of their own group only; hosts that none names are one further group. */
  partition(groups: readonly (readonly string[])[], mode: CutMode): void {
    const groupOf = new Map(groups.flatMap((hosts, index) => hosts.map((host) => [host, index])));
    for (const traffic of trafficOf(mode)) this.#groupOf[traffic] = groupOf;
  }

  /** Holds back what is sent from one host to the other until the given time. */
  clog(from: string, to: string, until: number): void {
    const key = linkKey(from, to);
    this.#cloggedUntil.set(key, Math.max(until, this.#cloggedUntil.get(key) ?? until));
  }

  /** Milliseconds that what is sent now waits for a clogged link. */
  clogDelay(from: string, to: string, now: number): number {
    if (this.#cloggedUntil.size === 0) return 0;
    const key = linkKey(from, to);
    const until = this.#cloggedUntil.get(key);
    if (until === undefined) return 0;
    if (until <= now) this.#cloggedUntil.delete(key);
    return Math.max(0, until - now);
  }

  /** Ends partitions, cuts and clogs; settings of links stay, and what is held back comes in its time. */
  heal(): void {
    for (const traffic of trafficOf('all')) {
      this.#cuts[traffic].clear();
      this.#groupOf[traffic] = null;
    }
    this.#cloggedUntil.clear();
  }
}

function trafficOf(mode: CutMode): readonly Traffic[] {
  return mode === 'all' ? ['packets', 'streams'] : [mode];
}

function checkSettings(changes: Partial<LinkSettings>): void {
  const validator = new Validator();
  readLinkSettings(validator, '', changes);
  validator.throwIfAny();
}

/** Notes what is wrong with settings of links. @param group - the option that they stand in, '' for none */
export function readLinkSettings(
  validator: Validator,
  group: string,
  changes: Partial<LinkSettings>,
): void {
  validator.knownKeys(group, changes, Object.keys(DEFAULT_LINK));
  for (const [name, value] of Object.entries(changes)) {
    if (!Object.hasOwn(DEFAULT_LINK, name)) continue;
    const { max, rule } = ruleOf(name);
    const isNumber = typeof (value as unknown) === 'number';
    const path = group === '' ? name : `${group}.${name}`;
    validator.check(isNumber && value >= 0 && value <= max, path, value, rule);
  }
}

function ruleOf(path: string): { readonly max: number; readonly rule: string } {
  if (path.endsWith('Rate')) return { max: 1, rule: 'a rate from 0 to 1' };
  const unit = path.endsWith('Bytes') ? 'bytes' : 'milliseconds';
  return { max: Number.MAX_SAFE_INTEGER, rule: `a number of ${unit}, 0 or more` };
}

function linkKey(from: string, to: string): string {
  return `${from}>${to}`; // hosts are IP literals, which have no such sign
}
