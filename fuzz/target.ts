/** How much a decoder may hold of what it read: `perByte * input + base` bytes. */
export interface OutputBound {
  readonly perByte: number;
  readonly base: number;
}

/**
 * One decoder under test.
 *
 * A new one is a few lines in `targets.ts`: a name, some valid encodings to begin with, and a function
 * that reads bytes as the decoder's caller would.
 */
export interface FuzzTarget {
  /** What is read, in words; also its name on the command line. */
  readonly name: string;
  /** Valid encodings, from which the inputs are made. At least one of each kind that is told apart. */
  readonly seeds: readonly Uint8Array[];
  /**
   * Reads one input.
   *
   * @returns all that the decoder holds afterwards; it is measured
   * @throws GossipError to refuse the input; anything else is a failure
   */
  run(bytes: Uint8Array): unknown;
  /** @defaultValue {@link DEFAULT_BOUND} */
  readonly bound?: OutputBound;
  /**
   * The longest input in bytes.
   *
   * @defaultValue 4096
   */
  readonly maxInputBytes?: number;
  /** Sets up what the inputs of one run share; a target with it depends on the order of the inputs. */
  readonly prepare?: () => Promise<void>;
  /** Runs after every 16th input, outside of what is measured. */
  readonly rest?: () => void;
  /** Ends what `prepare` began. */
  readonly finish?: () => Promise<void>;
}

/** Fits decoders that copy what they read, into records of a few fields. */
export const DEFAULT_BOUND: OutputBound = { perByte: 40, base: 1024 };

/** Of {@link FuzzTarget.maxInputBytes}. */
export const DEFAULT_MAX_INPUT_BYTES = 4096;
