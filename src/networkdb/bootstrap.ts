import type { JoinTarget, Memberlist } from '../memberlist/index.ts';
import type { Clock, Random } from '../runtime/index.ts';
import { Ticker } from '../runtime/index.ts';

/**
 * Looks after the targets of the last `join`: one that is no member any more is contacted again, so
 * that islands which each hold a seed find together.
 *
 * @remarks networkdb: rejoin of bootstrap nodes. Go is content when it sees one of them; two islands
 * with a seed each would then stay apart.
 */
export class Bootstrap {
  readonly #memberlist: Memberlist;
  readonly #ticker: Ticker | null;
  #targets: readonly JoinTarget[] = [];
  #isBusy = false;

  constructor(
    ports: { readonly clock: Clock; readonly random: Random },
    memberlist: Memberlist,
    intervalMs: number | false,
  ) {
    this.#memberlist = memberlist;
    this.#ticker =
      intervalMs === false
        ? null
        : new Ticker(ports, {
            intervalMs: () => intervalMs,
            onTick: () => {
              this.#look();
            },
          });
  }

  start(): void {
    this.#ticker?.start();
  }

  stop(): void {
    this.#ticker?.stop();
    this.#targets = [];
  }

  /** These are the seeds from now on. */
  remember(targets: readonly JoinTarget[]): void {
    this.#targets = [...targets];
  }

  #look(): void {
    if (this.#isBusy || this.#targets.length === 0) return;
    this.#isBusy = true;
    const done = (): void => {
      this.#isBusy = false;
    };
    this.#memberlist.joinMissing(this.#targets).then(done, done);
  }
}
