import type { CallNode } from "./node.ts";

/** The calls that are not over. A list through the nodes themselves: a set would cost each of a million calls its hash. */
export class Pending implements Iterable<CallNode> {
  #first: CallNode | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): CallNode | undefined {
    return this.#first;
  }

  /** A node that is not in it. */
  add(node: CallNode): void {
    node.next = this.#first;
    if (this.#first !== undefined) this.#first.previous = node;
    this.#first = node;
    this.#size++;
  }

  /** Nothing happens where it is not in it. */
  delete(node: CallNode): void {
    const { previous, next } = node;
    if (previous === undefined && this.#first !== node) return;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    node.previous = undefined;
    node.next = undefined;
    this.#size--;
  }

  *[Symbol.iterator](): Generator<CallNode, void> {
    for (let node = this.#first; node !== undefined;) {
      const { next } = node;
      yield node;
      node = next;
    }
  }
}
