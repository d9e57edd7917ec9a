/**
 * Local health: how far this node doubts itself.
 *
 * A node that fails to hear acks or nacks, or has to refute claims about itself, is likely slow
 * itself; it then gives others more time before it blames them.
 *
 * @remarks Lifeguard section IV-A, Local Health Aware Probe. The score lies in `0 … maxMult - 1`;
 * 0 is healthy. Only the probe interval is scaled by it.
 */
export class Awareness {
  readonly #maxScore: number;
  #score = 0;

  /** @param maxMult - the largest factor the probe interval may be stretched by, 1 or more */
  constructor(maxMult: number) {
    this.#maxScore = maxMult - 1;
  }

  /** 0 (healthy) up to `maxMult - 1`. */
  get score(): number {
    return this.#score;
  }

  /** Adds to the score, within its bounds. */
  apply(delta: number): void {
    this.#score = Math.min(this.#maxScore, Math.max(0, this.#score + delta));
  }

  /** A duration stretched by the present score, same unit. */
  scale(durationMs: number): number {
    return durationMs * (this.#score + 1);
  }
}
