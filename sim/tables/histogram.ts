/*
 * Counts of whole numbers, which merge across runs without keeping every sample.
 */

/** How often each number was counted, by number: plain data. */
export type Histogram = readonly number[];

/** Counts one number more. */
export function count(histogram: number[], value: number): void {
  while (histogram.length <= value) histogram.push(0);
  histogram[value] = (histogram[value] as number) + 1;
}

/** All counts together. */
export function merged(histograms: readonly Histogram[]): Histogram {
  const sum: number[] = [];
  for (const each of histograms) {
    each.forEach((times, value) => {
      while (sum.length <= value) sum.push(0);
      sum[value] = (sum[value] as number) + times;
    });
  }
  return sum;
}

/** The least number that a share of the counted ones does not exceed; NaN when nothing was counted. */
export function histogramQuantile(histogram: Histogram, share: number): number {
  const total = histogram.reduce((sum, times) => sum + times, 0);
  if (total === 0) return Number.NaN;
  let below = 0;
  return histogram.findIndex((times) => {
    below += times;
    return times > 0 && below >= share * total;
  });
}

/** Their mean; NaN when nothing was counted. */
export function histogramMean(histogram: Histogram): number {
  const total = histogram.reduce((sum, times) => sum + times, 0);
  return histogram.reduce((sum, times, value) => sum + times * value, 0) / total;
}
