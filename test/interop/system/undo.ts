/*
 * What must be put back, last done first. One step that fails does not keep the others from being done.
 */

/** Steps back, to be taken once. */
export class UndoList {
  readonly #steps: (() => void | Promise<void>)[] = [];

  add(undo: () => void | Promise<void>): void {
    this.#steps.push(undo);
  }

  /** Takes all steps. @returns the errors of those that failed */
  async run(): Promise<Error[]> {
    const errors: Error[] = [];
    for (let undo = this.#steps.pop(); undo !== undefined; undo = this.#steps.pop()) {
      try {
        await undo();
      } catch (error) {
        errors.push(error instanceof Error ? error : new Error(String(error)));
      }
    }
    return errors;
  }
}
