import { concatBytes, equalBytes } from './bytes.ts';
import { MAX_STREAM_PIECE_BYTES } from './limits.ts';
import type { PushPullNode } from './messages.ts';
import type { NodeEncoder } from './shared-records.ts';
import { hashOf } from './shared-records.ts';

/*
 * In a settled ring every exchange says the same: all members hold the same records, and those who tell them in the
 * order of the names tell them in the same bytes. So what this process has written lately is kept in blocks of whole
 * records, each of them a frame of its own:
 *
 *   type, header | records, up to 64 KiB | ... | user state
 *                  block                  block
 *
 * A block is compressed once; and a peer who sends the very same has said what we know, which is found by comparing
 * bytes: it is neither inflated nor read, and the list of its records is the same object each time.
 *
 * Invariant: a block's bytes and its records are never changed, and its records are what reading its bytes has
 * given. Only what we wrote ourselves is kept, so that no peer decides what is; blocks and their sizes are bounded.
 *
 * Left out: rings larger than {@link MAX_BLOCK_RECORDS}, which to sort would hold up the loop, and which hardly
 * ever rest; small ones, of which a frame more would be much.
 */

/** Blocks that are kept, at most: some three lists of the largest size. */
export const MAX_RECORD_BLOCKS = 16;
/** A list of more records is written anew each time. */
export const MAX_BLOCK_RECORDS = 4_096;
/** So is a list of less bytes; no frame with a block in it is shorter than a fraction of that. */
export const MIN_BLOCK_BYTES = 4_096;
const MIN_PACKED_BYTES = 256;

/** Whole records of a push/pull, as they stand on the wire. */
export interface RecordBlock {
  readonly bytes: Uint8Array;
  readonly recordCount: number;
  /** What the records say; null until somebody has read them. */
  nodes: readonly PushPullNode[] | null;
  /** The plaintext of a compressed frame that holds it; null until one was sent. */
  packed: Uint8Array | null;
  /** The list of records of which this is the last block, once it was asked for. */
  list: RecordList | null;
}

interface RecordList {
  readonly blocks: readonly RecordBlock[];
  readonly nodes: readonly PushPullNode[];
}

/** Blocks that were written lately, by what is in them. */
export class RecordBlocks {
  readonly #maxBlocks: number;
  /** By a hash of the bytes, and of the compressed ones; the least lately used first. */
  readonly #byBytes = new Map<number, RecordBlock>();
  readonly #byPacked = new Map<number, RecordBlock>();
  readonly #ofBytes = new WeakMap<Uint8Array, RecordBlock>();
  readonly #ofList = new WeakMap<readonly PushPullNode[], readonly RecordBlock[]>();

  /** @param maxBlocks - kept at most */
  constructor(maxBlocks: number = MAX_RECORD_BLOCKS) {
    this.#maxBlocks = maxBlocks;
  }

  /** Blocks kept. */
  get size(): number {
    return this.#byBytes.size;
  }

  /**
   * The blocks of a list; null where it has none, since it may still change (it is not frozen), or for its size.
   *
   * @param encode - writes a record behind its length; what it throws is passed on
   */
  blocksOf(nodes: readonly PushPullNode[], encode: NodeEncoder): readonly RecordBlock[] | null {
    if (!Object.isFrozen(nodes) || nodes.length > MAX_BLOCK_RECORDS) return null;
    const known = this.#ofList.get(nodes);
    if (known !== undefined) return known.length === 0 ? null : known;
    const blocks = this.#written(nodes.map(encode));
    this.#ofList.set(nodes, blocks);
    return blocks.length === 0 ? null : blocks;
  }

  /** A list of what these blocks say that all who ask share; null while one of them was not read. */
  listOf(blocks: readonly RecordBlock[]): readonly PushPullNode[] | null {
    const last = blocks.at(-1);
    if (last === undefined) return null;
    const known = last.list;
    if (known?.blocks.length === blocks.length && known.blocks.every((b, at) => b === blocks[at])) {
      return known.nodes;
    }
    const nodes: PushPullNode[] = [];
    for (const block of blocks) {
      if (block.nodes === null) return null;
      for (const node of block.nodes) nodes.push(node);
    }
    last.list = { blocks: [...blocks], nodes: Object.freeze(nodes) };
    this.#ofList.set(nodes, last.list.blocks);
    return nodes;
  }

  /** The block whose bytes this very array holds, which a copy of it does not. */
  ofBytes(bytes: Uint8Array): RecordBlock | null {
    return this.#ofBytes.get(bytes) ?? null;
  }

  /** The kept block that has these bytes. */
  findBytes(bytes: Uint8Array): RecordBlock | null {
    if (bytes.length < MIN_PACKED_BYTES || this.#byBytes.size === 0) return null;
    const block = this.#byBytes.get(hashOf(bytes));
    return block !== undefined && equalBytes(block.bytes, bytes) ? block : null;
  }

  /** The kept block of which this is the compressed frame. */
  findPacked(packed: Uint8Array): RecordBlock | null {
    if (packed.length < MIN_PACKED_BYTES || this.#byPacked.size === 0) return null;
    const block = this.#byPacked.get(hashOf(packed));
    return block !== undefined && isPacked(block, packed) ? block : null;
  }

  /** Keeps the compressed frame of a block. */
  keepPacked(block: RecordBlock, packed: Uint8Array): void {
    block.packed = packed;
    if (this.#byBytes.get(hashOf(block.bytes)) === block) this.#byPacked.set(hashOf(packed), block);
  }

  #written(records: readonly Uint8Array[]): readonly RecordBlock[] {
    let size = 0;
    for (const record of records) size += record.length;
    if (size < MIN_BLOCK_BYTES || size > this.#maxBlocks * (MAX_STREAM_PIECE_BYTES >> 1)) return [];
    const blocks: RecordBlock[] = [];
    let gathered: Uint8Array[] = [];
    size = 0;
    for (const record of records) {
      // What has no room in a block of its own is left to those who cut records.
      if (record.length > MAX_STREAM_PIECE_BYTES) return [];
      if (size + record.length > MAX_STREAM_PIECE_BYTES) {
        blocks.push(this.#shared(gathered));
        gathered = [];
        size = 0;
      }
      gathered.push(record);
      size += record.length;
    }
    blocks.push(this.#shared(gathered));
    return blocks;
  }

  /** The kept block of these records, or a new one that is kept from now on. */
  #shared(records: readonly Uint8Array[]): RecordBlock {
    const bytes = concatBytes(records);
    const hash = hashOf(bytes);
    const known = this.findBytes(bytes);
    if (known !== null) {
      // To the end of the row: what is asked for stays.
      this.#byBytes.delete(hash);
      this.#byBytes.set(hash, known);
      return known;
    }
    const recordCount = records.length;
    const block: RecordBlock = { bytes, recordCount, nodes: null, packed: null, list: null };
    this.#forget(this.#byBytes.get(hash));
    if (this.#byBytes.size >= this.#maxBlocks) {
      const [oldest] = this.#byBytes.values();
      this.#forget(oldest);
    }
    this.#byBytes.set(hash, block);
    this.#ofBytes.set(bytes, block);
    return block;
  }

  #forget(block: RecordBlock | undefined): void {
    if (block === undefined) return;
    this.#byBytes.delete(hashOf(block.bytes));
    if (block.packed === null) return;
    const packedHash = hashOf(block.packed);
    if (this.#byPacked.get(packedHash) === block) this.#byPacked.delete(packedHash);
  }
}

function isPacked({ packed: known }: RecordBlock, packed: Uint8Array): boolean {
  return known !== null && equalBytes(known, packed);
}

/** Those of the default wire, once for the process: its members mostly say the same. */
export const recordBlocks: RecordBlocks = new RecordBlocks();
