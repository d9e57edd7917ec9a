import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Cost, Kind, Order, RingNode, Told, View } from './node.ts';

/** A member in a process that was started for it. */
export class NodeProcess implements RingNode {
  readonly #child: ChildProcess;
  #name = '';
  #view: View = { members: {}, faulty: [] };
  readonly #seen = new Set<string>();
  #onCost: ((cost: Cost) => void) | null = null;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param folder - where swim is installed; of no meaning for ours */
  static async start(kind: Kind, folder: string): Promise<NodeProcess> {
    const program = fileURLToPath(new URL('./member.js', import.meta.url));
    // swim still makes its buffers in the way of ten years ago.
    const child = fork(program, [kind, folder], { execArgv: ['--no-deprecation'] });
    const node = new NodeProcess(child);
    return new Promise((done, fail) => {
      child.once('exit', () => {
        fail(new Error(`a member of kind ${kind} has ended`));
      });
      child.on('message', (told: Told) => {
        node.#hear(told);
        if ('name' in told) done(node);
      });
    });
  }

  get name(): string {
    return this.#name;
  }

  get view(): View {
    return this.#view;
  }

  hasSeen(name: string, metadata: string): boolean {
    return this.#seen.has(seenAs(name, metadata));
  }

  join(seed: string | null): void {
    this.#tell({ do: 'join', seed });
  }

  setMetadata(text: string): void {
    this.#tell({ do: 'metadata', text });
  }

  stall(durationMs: number): void {
    this.#tell({ do: 'stall', durationMs });
  }

  async cost(): Promise<Cost> {
    return new Promise((done) => {
      this.#onCost = done;
      this.#tell({ do: 'cost' });
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #tell(order: Order): void {
    this.#child.send(order);
  }

  #hear(told: Told): void {
    if ('name' in told) this.#name = told.name;
    else if ('view' in told) {
      this.#view = told.view;
      for (const [name, text] of Object.entries(told.view.members)) {
        this.#seen.add(seenAs(name, text));
      }
    } else this.#onCost?.(told.cost);
  }
}

const seenAs = (name: string, metadata: string): string => `${name} ${metadata}`;
