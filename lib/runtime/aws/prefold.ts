import type { Fold } from "../../kernels/kernel.ts";

/** A whole subtree of the fixed fold tree: 2^level tasks that begin with `first`. */
export interface Subtree {
  readonly first: number;
  readonly level: number;
  /** The encoded partial. */
  readonly bytes: Uint8Array;
}

interface Held {
  readonly first: number;
  readonly level: number;
  /** Encoded as it came, or decoded once it has been merged. */
  readonly bytes?: Uint8Array;
  readonly merged?: { readonly value: unknown };
  /** Of the encoding, in bytes; of what is merged, an upper bound. */
  readonly size: number;
}

/**
 * Merges the partials of tasks that come in ascending order, as the fold tree would (runtime/fold-tree.ts): a node with its left sibling, and nothing else.
 * So at most one node a level is held, and whatever is taken, at whatever time, is a subtree that the tree knows.
 */
export class Prefold {
  readonly #fold: Fold<unknown, unknown>;
  #held: Held[] = [];

  constructor(fold: Fold<unknown, unknown>) {
    this.#fold = fold;
  }

  /** An upper bound of what is held, in bytes. */
  get size(): number {
    return this.#held.reduce((sum, { size }) => sum + size, 0);
  }

  add(task: number, bytes: Uint8Array): void {
    let node: Held = { first: task, level: 0, bytes, size: bytes.byteLength };
    for (;;) {
      const left = this.#held.at(-1);
      const isRight = (node.first / 2 ** node.level) % 2 === 1;
      if (!isRight || left?.level !== node.level || left.first + 2 ** left.level !== node.first) break;
      this.#held.pop();
      const value = this.#fold.merge(this.#valueOf(left), this.#valueOf(node));
      node = { first: left.first, level: left.level + 1, merged: { value }, size: left.size + node.size };
    }
    this.#held.push(node);
  }

  /** What is held, in order. What comes afterwards is not merged with it. */
  take(): Subtree[] {
    const taken = this.#held.map(({ first, level, bytes, merged }) => ({
      first,
      level,
      bytes: bytes ?? this.#fold.encode(merged?.value),
    }));
    this.#held = [];
    return taken;
  }

  #valueOf({ bytes, merged }: Held): unknown {
    if (bytes === undefined) return merged?.value;
    // Many decoders do not take shared memory, and a merge may write into what they give.
    return this.#fold.decode(bytes.buffer instanceof SharedArrayBuffer ? bytes.slice() : bytes);
  }
}
