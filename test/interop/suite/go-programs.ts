import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Build } from '../live/builds.ts';
import { buildProgram, goVersion, Missing } from '../live/builds.ts';
import { shown } from '../live/scenario.ts';
import { markedName } from '../system/marks.ts';
import type { UndoList } from '../system/undo.ts';

/** A Go program that was built, or why it was not. */
export type Built =
  { readonly program: string } | { readonly missing: string } | { readonly failure: string };

/** Where rows get their Go programs from. */
export interface Programs {
  /** Null while the program is not built yet. */
  of(build: Build): Built | null;
}

/** Builds programs one after another, while rows that need none of them are played already. */
export class GoPrograms implements Programs {
  readonly #built = new Map<Build, Built>();
  readonly #givenUp = new AbortController();
  #building: Promise<void> = Promise.resolve();

  /**
   * Begins to build.
   *
   * @param undo - removes the programs
   */
  static async start(
    builds: readonly Build[],
    undo: UndoList,
    say: (line: string) => void,
  ): Promise<GoPrograms> {
    const programs = new GoPrograms();
    if (builds.length === 0) return programs;
    try {
      say(await goVersion());
    } catch (error) {
      for (const build of builds) programs.#built.set(build, outcomeOf(error));
      return programs;
    }
    const folder = join(tmpdir(), markedName());
    await mkdir(folder, { mode: 0o700 });
    undo.add(() => rm(folder, { recursive: true, force: true }));
    programs.#building = programs.#buildAll(builds, folder, say);
    // Runs before the folder goes: the list is worked off from its end.
    undo.add(() => programs.stop());
    return programs;
  }

  /** Gives up what is not built yet. */
  async stop(): Promise<void> {
    this.#givenUp.abort();
    await this.#building;
  }

  of(build: Build): Built | null {
    return this.#built.get(build) ?? null;
  }

  async #buildAll(
    builds: readonly Build[],
    folder: string,
    say: (line: string) => void,
  ): Promise<void> {
    for (const build of builds) {
      const { signal } = this.#givenUp;
      if (signal.aborted) return;
      const from = performance.now();
      try {
        this.#built.set(build, { program: await buildProgram(build, folder, signal) });
        say(`built ${build.name} in ${shown(performance.now() - from)}`);
      } catch (error) {
        this.#built.set(build, outcomeOf(error));
      }
    }
  }
}

function outcomeOf(error: unknown): Built {
  return error instanceof Missing ? { missing: error.message } : { failure: String(error) };
}
