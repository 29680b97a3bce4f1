import { InternalError } from "../errors.ts";
import { Bitset } from "./bitset.ts";

/**
 * The fold tree: merges partials in an order that depends on shard indices alone.
 *
 * Shape. Node (level l, position k) covers the shards [k·2^l, min((k+1)·2^l, count)). Level 0 holds the shards' partials;
 * a node above merges its two halves, left before right. Where the right half lies wholly beyond `count`, the left is
 * passed through unchanged. The root is node (⌈log2 count⌉, 0). Neither the order of arrival nor the number of workers
 * has any say in this, so neither changes a bit of the result.
 *
 *         (2,0)                    count = 3
 *        /     \
 *     (1,0)   (1,1) = (0,2)        the right half of (1,1) is empty: passed through
 *     /   \     |
 *   (0,0) (0,1) (0,2)
 *
 * States of a node. Each is in one of them, and moves only forward:
 *
 *   absent ──▶ held ──▶ absorbed       its partial waits for the sibling; then both are handed out in one merge
 *      │                    ▲
 *      └──▶ merging ──▶ held┘          its halves are out to be merged; `settle` brings the result
 *
 * Invariants.
 *  1. A shard counts once: `covered` marks it when it is offered, and a second offer of it is a duplicate, without effect.
 *  2. Held nodes are disjoint, and no held node has a held sibling: two siblings are handed out at once.
 *  3. Held nodes, halves that are out to merge, and shards not covered yet make up [0, count) exactly.
 *  4. When shards arrive in order and merges settle at once, at most ⌊log2 count⌋ + 1 partials are held: one a level.
 *  5. The tree is done when the root is held; then everything else is absorbed.
 *
 * The tree is structural and synchronous: it says which merges are ready, and its owner performs them where it likes.
 */
export interface NodeId {
  readonly level: number;
  readonly position: number;
}

export interface Merge<P> {
  readonly node: NodeId;
  readonly left: P;
  readonly right: P;
}

export interface Offered<P> {
  /** The shards were covered already: nothing was done. */
  readonly duplicate: boolean;
  readonly merges: readonly Merge<P>[];
}

/** A checkpoint: `json` names what `parts[i]` (an encoded partial) is. */
export interface TreeState {
  readonly json: {
    readonly count: number;
    /** Covered shards as [start, end) pairs. */
    readonly covered: readonly (readonly [number, number])[];
    readonly held: readonly NodeId[];
  };
  readonly parts: readonly Uint8Array[];
}

/** Positions stay below 2^44, so that a level and a position fit one exact number. */
const POSITIONS = 2 ** 44;

interface Node<P> extends NodeId {
  readonly value: P;
}

export class FoldTree<P> {
  #count: number;
  #top: number;
  readonly #covered: Bitset;
  readonly #held = new Map<number, Node<P>>();
  readonly #merging = new Map<number, NodeId>();
  #root: { readonly value: P } | undefined;

  constructor(count: number) {
    if (!Number.isInteger(count) || count < 0 || count >= POSITIONS)
      throw new InternalError(`A fold tree needs a count of shards, found ${count}.`);
    this.#count = count;
    this.#top = heightOf(count);
    this.#covered = new Bitset(count);
  }

  get count(): number {
    return this.#count;
  }

  /** Partials that wait for their siblings, the root included. */
  get held(): number {
    return this.#held.size + (this.#root === undefined ? 0 : 1);
  }

  /** Merges handed out and not settled. */
  get merging(): number {
    return this.#merging.size;
  }

  /** True when all shards are merged into one; also when there are none. */
  get done(): boolean {
    return this.#count === 0 || this.#root !== undefined;
  }

  /** The one partial that is left; undefined while not done, and where there are no shards. */
  get root(): { readonly value: P } | undefined {
    return this.#root;
  }

  /** True when shard `index` has been offered. */
  covers(index: number): boolean {
    return this.#covered.has(index);
  }

  /**
   * Takes the partial of one shard, or (level > 0) of the aligned subtree of 2^level shards that begins with `first`,
   * merged in this tree's own order.
   */
  offer(first: number, value: P, level = 0): Offered<P> {
    const size = 2 ** level;
    if (!Number.isInteger(first) || first < 0 || first >= this.#count || first % size !== 0)
      throw new InternalError(`No subtree of level ${level} begins with shard ${first} of ${this.#count}.`);
    const end = Math.min(first + size, this.#count);
    const fresh = this.#covered.add(first, end);
    if (fresh === 0) return { duplicate: true, merges: [] };
    if (fresh !== end - first)
      throw new InternalError(`Shards [${first}, ${end}) came folded together, but some of them had come before.`);
    return { duplicate: false, merges: this.#place({ level, position: first / size, value }) };
  }

  /** Brings back the result of a merge that was handed out. */
  settle(node: NodeId, value: P): readonly Merge<P>[] {
    if (!this.#merging.delete(keyOf(node))) {
      // A merge beyond the cut of `truncate` may still come home: it has no place any more.
      if (node.position * 2 ** node.level >= this.#count) return [];
      throw new InternalError(`Node (${node.level}, ${node.position}) is not being merged.`);
    }
    return this.#place({ ...node, value });
  }

  /**
   * Cuts the tree off after the first `count` shards, as if there had never been more. Shards beyond are forgotten.
   * No merge may have crossed the cut: who stops early offers shards in ascending order.
   */
  truncate(count: number): readonly Merge<P>[] {
    if (!Number.isInteger(count) || count < 1) throw new InternalError(`A tree cannot be cut after ${count} shards.`);
    if (count >= this.#count) return [];
    const nodes = [...this.#held.values()];
    if (this.#root !== undefined) nodes.push({ level: this.#top, position: 0, value: this.#root.value });
    const kept = nodes.filter((node) => this.#keeps(node, count));
    for (const [key, node] of this.#merging) if (!this.#keeps(node, count)) this.#merging.delete(key);
    this.#covered.remove(count, this.#count);
    this.#count = count;
    this.#top = heightOf(count);
    this.#held.clear();
    this.#root = undefined;
    return kept.flatMap((node) => this.#place(node));
  }

  /** A checkpoint of everything held. To be taken while no merge is out. */
  state(encode: (value: P) => Uint8Array): TreeState {
    if (this.#merging.size > 0)
      throw new InternalError(`A checkpoint was asked for while ${this.#merging.size} merges are out.`);
    const nodes = [...this.#held.values()];
    if (this.#root !== undefined) nodes.push({ level: this.#top, position: 0, value: this.#root.value });
    return {
      json: {
        count: this.#count,
        covered: this.#covered.runs(),
        held: nodes.map(({ level, position }) => ({ level, position })),
      },
      parts: nodes.map(({ value }) => encode(value)),
    };
  }

  static restore<P>(state: TreeState, decode: (bytes: Uint8Array) => P): FoldTree<P> {
    const { count, covered, held } = state.json;
    if (held.length !== state.parts.length)
      throw new InternalError(`A checkpoint names ${held.length} partials and has ${state.parts.length}.`);
    const tree = new FoldTree<P>(count);
    for (const [start, end] of covered) tree.#covered.add(start, end);
    held.forEach((node, i) => tree.#place({ ...node, value: decode(state.parts[i]) }));
    return tree;
  }

  /** Puts a node in its place, or hands it out with its sibling. Gives at most one merge. */
  #place(node: Node<P>): readonly Merge<P>[] {
    let { level, position } = node;
    while (level < this.#top && position % 2 === 0 && (position + 1) * 2 ** level >= this.#count) {
      level++;
      position /= 2;
    }
    const { value } = node;
    // Above the top only where a subtree came folded that is larger than the whole tree.
    if (level >= this.#top) {
      this.#root = { value };
      return [];
    }
    const isLeft = position % 2 === 0;
    const siblingKey = keyOf({ level, position: isLeft ? position + 1 : position - 1 });
    const sibling = this.#held.get(siblingKey);
    if (sibling === undefined) {
      this.#held.set(keyOf({ level, position }), { level, position, value });
      return [];
    }
    this.#held.delete(siblingKey);
    const parent = { level: level + 1, position: Math.floor(position / 2) };
    this.#merging.set(keyOf(parent), parent);
    const [left, right] = isLeft ? [value, sibling.value] : [sibling.value, value];
    return [{ node: parent, left, right }];
  }

  #keeps({ level, position }: NodeId, count: number): boolean {
    const first = position * 2 ** level;
    const end = Math.min(first + 2 ** level, this.#count);
    if (first < count && end > count)
      throw new InternalError(`Shards [${first}, ${end}) are merged: the tree cannot be cut after ${count}.`);
    return first < count;
  }
}

function heightOf(count: number): number {
  let height = 0;
  while (2 ** height < count) height++;
  return height;
}

function keyOf({ level, position }: NodeId): number {
  return level * POSITIONS + position;
}
