import { Session } from 'node:inspector/promises';

/**
 * Samples where the time of this process goes, from now on.
 *
 * @returns a function that ends it and tells the share of each folder of the source, the largest first; what is
 * of no file is Node's own: garbage collection, ciphers, hashes
 */
export function layerShares(): () => Promise<[layer: string, share: number][]> {
  const session = new Session();
  session.connect();
  const started = (async () => {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
  })();
  return async () => {
    await started;
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    const layerOf = new Map<number, string>();
    for (const { id, callFrame } of profile.nodes) {
      const { url, functionName } = callFrame;
      const [, folder] = /\/(?:src|node_modules)\/([^/]+)\//.exec(url) ?? [];
      layerOf.set(id, folder ?? (url === '' ? functionName : 'node'));
    }
    const times = new Map<string, number>();
    let total = 0;
    for (const [at, id] of (profile.samples ?? []).entries()) {
      const layer = layerOf.get(id) ?? '';
      const time = profile.timeDeltas?.[at] ?? 0;
      if (layer === '(idle)') continue;
      times.set(layer, (times.get(layer) ?? 0) + time);
      total += time;
    }
    return [...times]
      .map(([layer, time]): [string, number] => [layer, time / total])
      .sort(([, a], [, b]) => b - a)
      .slice(0, 12);
  };
}
