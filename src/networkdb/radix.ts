import type { Leaf, Node } from './radix-node.ts';
import { Branch, childIndex, commonLength, find, onlyChild, walk, walkBack } from './radix-node.ts';
import { utf8Bytes } from './radix-text.ts';

/*
 * An ordered map from text to values: a radix tree, walked in the order of the keys' UTF-8 bytes,
 * whose snapshots cost nothing until something is written.
 *
 * Shape. A leaf holds a whole key and its value. A branch stands where keys part: all keys below it
 * agree in their first `end` bytes, which are read from `text`, any one of those keys, instead of
 * being stored again. Children are sorted by the byte at `end`; the key that ends right there, if it
 * is in the tree, is the branch's own `leaf` and comes before them. Invariant: a branch leads at
 * least two ways, so n keys need fewer than n branches, and deleting merges what is left of one.
 *
 *            (end 3, "n1/")
 *             /          \
 *   leaf "n1/a"      (end 5, "n1/bc")      own leaf "n1/bc"
 *                      /        \
 *               leaf "n1/bcd"  leaf "n1/bcx"
 *
 * Snapshots. Leaves never change. A branch carries the generation in which it was made and is changed
 * in place only within it; a snapshot ends the generation, so that later writes copy the branches on
 * their path, once each. Left out: telling whether a snapshot is still in use. The copies are few.
 *
 * Nothing here recurses, so the length of keys bounds no stack. A key holds its bytes one per
 * character (`radix-text.ts`); ASCII keys are that already and are kept as they are.
 */

/** Which keys to walk, and which way; what is left out does not restrict. */
export interface RadixRange {
  /** What the keys begin with. */
  readonly prefix?: string | undefined;
  /** The first key, or where it would be. */
  readonly from?: string | undefined;
  /** The first key that is not part of it any more, or where it would be. */
  readonly to?: string | undefined;
  /** From the last key to the first. */
  readonly reverse?: boolean | undefined;
}

/** What can be read of a tree and of its snapshots. */
export interface RadixReader<V> {
  /** Number of keys. */
  readonly size: number;
  /** The value of a key, or undefined. */
  get(key: string): V | undefined;
  /** Whether the key is there. */
  has(key: string): boolean;
  /** The keys that start with `prefix` and their values, in the order of the keys' UTF-8 bytes. */
  entries(prefix?: string): IterableIterator<[string, V]>;
  /** Like `entries`, but only from the first key on that does not come before `from`. */
  entriesFrom(from: string, prefix?: string): IterableIterator<[string, V]>;
  /**
   * The keys within bounds and their values, in the order of the keys' UTF-8 bytes or against it.
   *
   * @remarks The way to the first key costs its length, whatever the size of the tree.
   */
  range(range: RadixRange): IterableIterator<[string, V]>;
}

/** The tree as it was when the snapshot was taken; later writes never show in it. */
export type RadixSnapshot<V> = RadixReader<V>;

class Snapshot<V> implements RadixReader<V> {
  readonly #root: Node<V> | null;
  readonly size: number;

  constructor(root: Node<V> | null, size: number) {
    this.#root = root;
    this.size = size;
  }

  get(key: string): V | undefined {
    return find(this.#root, utf8Bytes(key))?.item;
  }

  has(key: string): boolean {
    return find(this.#root, utf8Bytes(key)) !== null;
  }

  entries(prefix = ''): IterableIterator<[string, V]> {
    return this.range({ prefix });
  }

  entriesFrom(from: string, prefix = ''): IterableIterator<[string, V]> {
    return this.range({ prefix, from });
  }

  range({ prefix = '', from = '', to, reverse }: RadixRange): IterableIterator<[string, V]> {
    const bounds = {
      prefix: utf8Bytes(prefix),
      from: utf8Bytes(from),
      to: to === undefined ? null : utf8Bytes(to),
    };
    return reverse === true ? walkBack(this.#root, bounds) : walk(this.#root, bounds);
  }
}

/** The tree that can be written; see the head of the file. */
export class RadixTree<V> implements RadixReader<V> {
  #root: Node<V> | null = null;
  #size = 0;
  #generation = 0;
  #snapshot: RadixSnapshot<V> | null = null;

  /** Number of keys. */
  get size(): number {
    return this.#size;
  }

  /** The value of a key, or undefined. */
  get(key: string): V | undefined {
    return find(this.#root, utf8Bytes(key))?.item;
  }

  /** Whether the key is there. */
  has(key: string): boolean {
    return find(this.#root, utf8Bytes(key)) !== null;
  }

  /**
   * Sets the value of a key.
   *
   * @returns the value that it replaces, or undefined
   */
  set(key: string, value: V): V | undefined {
    return this.setLeaf({ text: utf8Bytes(key), item: value });
  }

  /** The same with a leaf that the caller has made. */
  setLeaf(leaf: Leaf<V>): V | undefined {
    this.#snapshot = null;
    let parent: Branch<V> | null = null;
    let node = this.#root;
    while (node instanceof Branch) {
      const parting = commonLength(leaf.text, node.text, parent?.end ?? 0, node.end);
      if (parting < node.end) {
        this.#part(parent, node, parting, leaf);
        return undefined;
      }
      const branch: Branch<V> = this.#own(node, parent, leaf.text);
      parent = branch;
      if (leaf.text.length === branch.end) {
        const previous = branch.leaf;
        branch.leaf = leaf;
        return this.#replaced(previous);
      }
      const at = childIndex(branch, leaf.text.charCodeAt(branch.end));
      if (at < 0) {
        const { heads } = branch;
        branch.heads = heads.slice(0, ~at) + leaf.text.charAt(branch.end) + heads.slice(~at);
        branch.children = inserted(branch.children, ~at, leaf);
        return this.#replaced(null);
      }
      node = branch.children[at] as Node<V>;
    }
    if (node !== null && node.text !== leaf.text) {
      const length = Math.min(leaf.text.length, node.text.length);
      const parting = commonLength(leaf.text, node.text, parent?.end ?? 0, length);
      this.#part(parent, node, parting, leaf);
      return undefined;
    }
    this.#link(parent, leaf.text, leaf);
    return this.#replaced(node);
  }

  /**
   * Removes a key.
   *
   * @returns the value that it had, or undefined
   */
  delete(key: string): V | undefined {
    const text = utf8Bytes(key);
    const found = find(this.#root, text);
    if (found === null) return undefined;
    this.#snapshot = null;
    this.#size -= 1;
    const path: Branch<V>[] = [];
    let node = this.#root;
    while (node instanceof Branch) {
      const branch: Branch<V> = this.#own(node, path.at(-1) ?? null, text);
      path.push(branch);
      if (branch.end === text.length) break;
      node = branch.children[childIndex(branch, text.charCodeAt(branch.end))] as Node<V>;
    }
    this.#detach(path, text);
    return found.item;
  }

  /** The tree as it is now; takes no time, and further ones before the next write are the same. */
  snapshot(): RadixSnapshot<V> {
    if (this.#snapshot === null) {
      this.#snapshot = new Snapshot<V>(this.#root, this.#size);
      this.#generation += 1;
    }
    return this.#snapshot;
  }

  /** As the tree is at this call: writes made during the walk do not show in it. */
  entries(prefix = ''): IterableIterator<[string, V]> {
    return this.snapshot().entries(prefix);
  }

  /** As the tree is at this call: writes made during the walk do not show in it. */
  entriesFrom(from: string, prefix = ''): IterableIterator<[string, V]> {
    return this.snapshot().entriesFrom(from, prefix);
  }

  /** As the tree is at this call: writes made during the walk do not show in it. */
  range(range: RadixRange): IterableIterator<[string, V]> {
    return this.snapshot().range(range);
  }

  /** Removes every key. */
  clear(): void {
    this.#root = null;
    this.#size = 0;
    this.#snapshot = null;
  }

  #replaced(previous: Leaf<V> | null): V | undefined {
    if (previous !== null) return previous.item;
    this.#size += 1;
    return undefined;
  }

  /** The branch itself if it may be changed, else a copy put in its place below `parent`. */
  #own(branch: Branch<V>, parent: Branch<V> | null, text: string): Branch<V> {
    if (branch.generation === this.#generation) return branch;
    const { end, leaf, heads, children } = branch;
    const copy = new Branch(branch.text, end, leaf, heads, children.slice(), this.#generation);
    this.#link(parent, text, copy);
    return copy;
  }

  /** Puts `node` where `parent` leads for `text`; as the root when there is none. */
  #link(parent: Branch<V> | null, text: string, node: Node<V>): void {
    if (parent === null) this.#root = node;
    else if (node.text.length === parent.end) parent.leaf = node as Leaf<V>;
    else parent.children[childIndex(parent, text.charCodeAt(parent.end))] = node;
  }

  /** Sets a branch above `node`, where the key of `leaf` leaves it after `parting` bytes. */
  #part(parent: Branch<V> | null, node: Node<V>, parting: number, leaf: Leaf<V>): void {
    let own: Leaf<V> | null = null;
    let children: Node<V>[];
    if (leaf.text.length === parting) {
      own = leaf;
      children = [node];
    } else if (!(node instanceof Branch) && node.text.length === parting) {
      own = node;
      children = [leaf];
    } else {
      const isFirst = leaf.text.charCodeAt(parting) < node.text.charCodeAt(parting);
      children = isFirst ? [leaf, node] : [node, leaf];
    }
    const [first, second] = children as [Node<V>, Node<V> | undefined];
    const heads = first.text.charAt(parting) + (second?.text.charAt(parting) ?? '');
    const branch = new Branch<V>(leaf.text, parting, own, heads, children, this.#generation);
    this.#link(parent, leaf.text, branch);
    this.#size += 1;
  }

  /** Takes the leaf of `text` off the last branch of `path`, and the branch out if it is spent. */
  #detach(path: Branch<V>[], text: string): void {
    const branch = path.at(-1);
    if (branch === undefined) {
      this.#root = null;
      return;
    }
    if (branch.end === text.length) {
      branch.leaf = null;
    } else {
      const at = childIndex(branch, text.charCodeAt(branch.end));
      branch.heads = branch.heads.slice(0, at) + branch.heads.slice(at + 1);
      branch.children = branch.children.toSpliced(at, 1);
    }
    const only = onlyChild(branch);
    if (only !== null) {
      path.pop();
      this.#link(path.at(-1) ?? null, text, only);
    }
    // A deleted key must not be kept in memory by the branches that read their bytes from it.
    for (const upper of path.reverse()) {
      if (upper.text === text) upper.text = (upper.leaf ?? (upper.children[0] as Node<V>)).text;
    }
  }
}

/** A copy with one item more, and no spare room, which growing in place would leave in each branch. */
export function inserted<T>(items: readonly T[], at: number, item: T): T[] {
  return items.toSpliced(at, 0, item);
}
