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
}

const DEFAULT_LINK: LinkSettings = {
  latencyMs: 1,
  jitterMs: 0,
  lossRate: 0,
  duplicateRate: 0,
  reorderRate: 0,
  reorderMs: 10,
};

/** Settings and cuts of all links of a network. */
export class Links {
  readonly #own = new Map<string, Partial<LinkSettings>>();
  readonly #merged = new Map<string, LinkSettings>();
  readonly #cuts = new Set<string>();
  #groupOf: ReadonlyMap<string, number> | null = null;
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

  /** Whether nothing passes from one host to the other. A host always reaches itself. */
  isCut(from: string, to: string): boolean {
    if (from === to) return false;
    if (this.#cuts.size > 0 && this.#cuts.has(linkKey(from, to))) return true;
    const groups = this.#groupOf;
    return groups !== null && groups.get(from) !== groups.get(to);
  }

  /** Cuts one direction. */
  cut(from: string, to: string): void {
    this.#cuts.add(linkKey(from, to));
  }

  /** Undoes {@link Links.cut} of one direction. */
  mend(from: string, to: string): void {
    this.#cuts.delete(linkKey(from, to));
  }

  /** Lets hosts reach those of their own group only; hosts that none names are one further group. */
  partition(groups: readonly (readonly string[])[]): void {
    this.#groupOf = new Map(groups.flatMap((hosts, index) => hosts.map((host) => [host, index])));
  }

  /** Ends the partition and every cut. */
  heal(): void {
    this.#cuts.clear();
    this.#groupOf = null;
  }
}

function checkSettings(changes: Partial<LinkSettings>): void {
  const validator = new Validator();
  validator.knownKeys('', changes, Object.keys(DEFAULT_LINK));
  for (const [path, value] of Object.entries(changes)) {
    const isRate = path.endsWith('Rate');
    const max = isRate ? 1 : Number.MAX_SAFE_INTEGER;
    const rule = isRate ? 'a rate from 0 to 1' : 'a number of milliseconds, 0 or more';
    validator.check(value >= 0 && value <= max, path, value, rule);
  }
  validator.throwIfAny();
}

function linkKey(from: string, to: string): string {
  return `${from}>${to}`; // hosts are IP literals, which have no such sign
}
