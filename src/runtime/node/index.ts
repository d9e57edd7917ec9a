export { nodeClock } from './clock.ts';
export { nodeFiles } from './files.ts';
export { nodeEntropy, nodeRandom } from './random.ts';
export type { NodeResolverOptions } from './resolver.ts';
export { nodeResolver } from './resolver.ts';
export type { NodeTransportOptions } from './transport.ts';
export { NodeTransport } from './transport.ts';
