import { utf8Text } from './radix-text.ts';

/*
 * The nodes of the radix tree and the ways to read them; `radix.ts` tells how they hang together and
 * is the only one that changes them.
 */

/** A key, as its UTF-8 bytes, and its value. Never changes. The value may be the leaf itself, which is one thing less in memory. */
export interface Leaf<V> {
  readonly text: string;
  readonly item: V;
}

/**
 * Where keys part after `end` bytes; changed in place only in the generation that made it. `heads` has for each child
 * the byte that it goes on with: looked up there, the way down touches one node of each level and not all that are
 * compared, which in a large tree are all out of the processor's caches.
 */
export class Branch<V> {
  text: string;
  readonly end: number;
  leaf: Leaf<V> | null;
  heads: string;
  children: Node<V>[];
  readonly generation: number;

  constructor(
    text: string,
    end: number,
    leaf: Leaf<V> | null,
    heads: string,
    children: Node<V>[],
    generation: number,
  ) {
    this.text = text;
    this.end = end;
    this.leaf = leaf;
    this.heads = heads;
    this.children = children;
    this.generation = generation;
  }
}

/** What hangs in the tree. */
export type Node<V> = Leaf<V> | Branch<V>;

/** What is left of a branch that leads only one way, or null. */
export function onlyChild<V>(branch: Branch<V>): Node<V> | null {
  if (branch.children.length === 0) return branch.leaf;
  if (branch.children.length > 1 || branch.leaf !== null) return null;
  return branch.children[0] ?? null;
}

/** The leaf of a key, or null. */
export function find<V>(root: Node<V> | null, text: string): Leaf<V> | null {
  let node = root;
  while (node instanceof Branch) {
    const branch: Branch<V> = node;
    if (branch.end === text.length) node = branch.leaf;
    else if (branch.end > text.length) node = null;
    else node = branch.children[childIndex(branch, text.charCodeAt(branch.end))] ?? null;
  }
  return node !== null && node.text === text ? node : null;
}

/** Where the child for `byte` is, or the complement of where it would be inserted. */
export function childIndex<V>(branch: Branch<V>, byte: number): number {
  const { heads } = branch;
  let low = 0;
  let high = heads.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = heads.charCodeAt(middle);
    if (at === byte) return middle;
    if (at < byte) low = middle + 1;
    else high = middle;
  }
  return ~low;
}

/** How many of the first `end` bytes agree, given that the first `start` do. */
export function commonLength(a: string, b: string, start: number, end: number): number {
  const limit = Math.min(a.length, end);
  let at = start;
  while (at < limit && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return at;
}

/** The top of the subtree that holds exactly the keys starting with `prefix`. */
function subtree<V>(root: Node<V> | null, prefix: string): Node<V> | null {
  let node = root;
  while (node instanceof Branch && node.end < prefix.length) {
    const branch: Branch<V> = node;
    node = branch.children[childIndex(branch, prefix.charCodeAt(branch.end))] ?? null;
  }
  return node?.text.startsWith(prefix) === true ? node : null;
}

/** Which leaves a walk visits, as UTF-8 bytes, one per character; `to` is the first that it does not. */
export interface WalkBounds {
  readonly prefix: string;
  readonly from: string;
  readonly to: string | null;
}

/**
 * Leaves in order, by a stack of nodes still to visit.
 *
 * `from` is not before any key while it is empty; a branch below which all keys come before it is
 * skipped whole, and once a key has come after it nothing is compared with it any more. The first key
 * that does not come before `to` ends the walk.
 */
export function* walk<V>(
  root: Node<V> | null,
  { prefix, from, to }: WalkBounds,
): Generator<[string, V], undefined, undefined> {
  const top = subtree(root, prefix);
  const pending: Node<V>[] = top === null ? [] : [top];
  let bound = from;
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (!(node instanceof Branch)) {
      if (node.text < bound) continue;
      bound = '';
      if (to !== null && node.text >= to) return;
      yield [utf8Text(node.text), node.item];
    } else if (bound === '' || node.text.slice(0, node.end) >= bound.slice(0, node.end)) {
      for (let at = node.children.length - 1; at >= 0; at -= 1) {
        pending.push(node.children[at] as Node<V>);
      }
      if (node.leaf !== null) pending.push(node.leaf);
    }
  }
}

/** Leaves from the last to the first; the mirror image of {@link walk}. */
export function* walkBack<V>(
  root: Node<V> | null,
  { prefix, from, to }: WalkBounds,
): Generator<[string, V], undefined, undefined> {
  const top = subtree(root, prefix);
  const pending: Node<V>[] = top === null ? [] : [top];
  let bound = to;
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (!(node instanceof Branch)) {
      if (bound !== null && node.text >= bound) continue;
      bound = null;
      if (node.text < from) return;
      yield [utf8Text(node.text), node.item];
    } else if (bound === null || node.text.slice(0, node.end) < bound) {
      // All keys below begin with those bytes, so where they do not come before the bound none does.
      if (node.leaf !== null) pending.push(node.leaf);
      for (const child of node.children) pending.push(child);
    }
  }
}
