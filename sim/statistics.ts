/** Figures of samples. All take them in any order and change nothing. */

/** Value below which a share of the samples lies, interpolated; NaN without samples. @param share - 0 to 1 */
export function quantile(samples: readonly number[], share: number): number {
  if (samples.length === 0) return Number.NaN;
  const sorted = [...samples].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (above - below) * (at - Math.floor(at));
}

/** The middle sample, or the mean of the two middle ones. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Their mean; NaN without samples. */
export function mean(samples: readonly number[]): number {
  return samples.reduce((sum, each) => sum + each, 0) / samples.length;
}

/** A share and the interval in which it lies with 95 %. */
export interface Share {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/**
 * A share of independent trials, with its 95 % interval.
 *
 * @remarks Wilson's score interval: it stays within 0 to 1 and says something when nothing was counted.
 */
export function shareOf(hits: number, trials: number): Share {
  if (trials === 0) return { share: Number.NaN, low: 0, high: 1 };
  const z = 1.959_963_985;
  const share = hits / trials;
  const weight = 1 + (z * z) / trials;
  const middle = (share + (z * z) / (2 * trials)) / weight;
  const half =
    (z / weight) * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials ** 2));
  return { share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/**
 * The ratio of two sums over the same trials (cells of a grid, seeds), with its 95 % interval.
 *
 * @param pairs - one per trial: the counted thing and what it is held against
 * @remarks Bootstrap over the trials with a fixed generator, so that a report repeats itself.
 */
export function ratioOfSums(
  pairs: readonly { readonly ours: number; readonly base: number }[],
): Share {
  const ratio = (drawn: typeof pairs): number => {
    const ours = drawn.reduce((sum, pair) => sum + pair.ours, 0);
    return ours / drawn.reduce((sum, pair) => sum + pair.base, 0);
  };
  let state = 0x9e3779b9;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const draws = Array.from({ length: 1000 }, () =>
    ratio(pairs.map(() => pairs[below(pairs.length)] as (typeof pairs)[number])),
  ).filter(Number.isFinite);
  return { share: ratio(pairs), low: quantile(draws, 0.025), high: quantile(draws, 0.975) };
}
