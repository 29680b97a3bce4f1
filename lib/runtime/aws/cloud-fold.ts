import { AbanicoError, TaskError } from "../../errors.ts";
import type { Fold } from "../../kernels/kernel.ts";
import type { Stage } from "../../plan/plan.ts";
import { taskCount } from "../../plan/rules.ts";
import { FoldTree, type Merge, type TreeState } from "../fold-tree.ts";
import type { Window } from "./lanes.ts";
import { fetchStored, store, type Held, type Stored } from "./held-partial.ts";
import type { Bucket } from "./run-objects.ts";

/**
 * Folds one stage's partials along the fixed tree, in bounded memory. A merge is done as soon as both its halves are there, so that in order one partial a
 * level is held. Out of order there are more: beyond `memoryBytes` the largest lie in S3 until their siblings come.
 *
 * Merging undoes the encoding first, bit by bit, and the tree fixes what is merged with what: neither arrival nor spilling changes the result.
 */
export interface FoldState {
  readonly tree: TreeState["json"];
  /** For each of the held nodes: where its bytes lie, or null where they are among the checkpoint's parts. */
  readonly stored: readonly (Stored | null)[];
}

/** Decoded partials that wait: what was merged last is most often merged next, and in order there is one a level. Others are encoded, which takes far less. */
const MOST_DECODED = 32;

/** Writes to S3 at a time. */
const AT_ONCE = 16;

export interface FoldPlace extends Bucket {
  /** Where to spill to: keys begin with this. */
  readonly prefix: string;
  readonly memoryBytes: number;
  /** Of a lane. Absent: all tasks. */
  readonly window?: Window;
}

export class CloudFold {
  readonly #stage: Stage;
  readonly #fold: Fold<unknown, unknown>;
  readonly #place: FoldPlace;
  /** The task that is the tree's first. A lane begins with a subtree, so that its own tree is one. */
  readonly #first: number;
  #tree: FoldTree<Held>;
  /** Those in the tree that take memory. */
  readonly #atHand = new Set<Held>();
  /** Those of them that are decoded, the oldest first. */
  readonly #decoded = new Set<Held>();
  #bytes = 0;

  constructor(stage: Stage, fold: Fold<unknown, unknown>, place: FoldPlace) {
    this.#stage = stage;
    this.#fold = fold;
    this.#place = place;
    const { start, end } = place.window ?? { start: 0, end: taskCount(stage.tasks) };
    this.#first = start;
    this.#tree = new FoldTree(end - start);
  }

  get done(): boolean {
    return this.#tree.done;
  }

  /** Partials that wait for their siblings. */
  get held(): number {
    return this.#tree.held;
  }

  /** Of what is at hand, in bytes, at most. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A partial that is not to be folded yet takes memory too. */
  count(held: Held): void {
    this.#hold(held);
  }

  /** The same; where memory is short something is let go of. */
  async keep(held: Held): Promise<void> {
    this.#hold(held);
    if (this.#bytes > this.#place.memoryBytes) await this.#shrink();
  }

  /** A partial that was kept is not wanted any more. */
  drop(held: Held): void {
    this.#letGo(held);
  }

  /** Takes the partial of the subtree of 2^level tasks that begins with `first`. None of them may have come before. */
  async offer(first: number, level: number, held: Held): Promise<void> {
    this.#hold(held);
    await this.#perform(this.#tree.offer(first - this.#first, held, level).merges);
    for (const old of this.#decoded) {
      if (this.#decoded.size <= MOST_DECODED) break;
      this.#encode(old);
    }
    if (this.#bytes > this.#place.memoryBytes) await this.#shrink();
  }

  /** How much of what the stage is after this partial has. */
  async amountOf(held: Held): Promise<number> {
    if (this.#fold.amount === undefined) return 0;
    return this.#fold.amount(this.#fold.decode(await this.#bytesOf(held)));
  }

  async truncate(count: number): Promise<void> {
    await this.#perform(this.#tree.truncate(count - this.#first));
  }

  /** The encoding of the one partial that is left; of the neutral element where there are no tasks. */
  async result(): Promise<Uint8Array> {
    const root = this.#tree.root;
    return root === undefined ? this.#fold.encode(this.#fold.empty()) : this.#bytesOf(root.value);
  }

  /** A checkpoint. The parts are valid until the next partial is offered: encodings may point into what is held. */
  state(): { readonly json: FoldState; readonly parts: readonly Uint8Array[] } {
    const stored: (Stored | null)[] = [];
    const { json, parts } = this.#tree.state((held) => {
      stored.push(held.stored ?? null);
      return held.stored === undefined ? this.#encoded(held) : new Uint8Array(0);
    });
    return { json: { tree: json, stored }, parts: parts.filter((_, i) => stored[i] === null) };
  }

  /** Goes on from a checkpoint. */
  restore({ tree, stored }: FoldState, parts: readonly Uint8Array[]): void {
    let next = 0;
    const bytes = stored.map((one) => (one === null ? parts[next++] : new Uint8Array(0)));
    let at = 0;
    this.#tree = FoldTree.restore<Held>({ json: tree, parts: bytes }, (part) => {
      const where = stored[at++];
      if (where !== null) return { stored: where, size: where.size, exact: true };
      const held = { bytes: part, size: part.byteLength, exact: true };
      this.#hold(held);
      return held;
    });
  }

  async #perform(merges: readonly Merge<Held>[]): Promise<void> {
    const ready = [...merges];
    for (let merge = ready.pop(); merge !== undefined; merge = ready.pop()) {
      const { node, left, right } = merge;
      const value = await this.#merged(left, right);
      this.#letGo(left);
      this.#letGo(right);
      const held: Held = { decoded: { value }, size: left.size + right.size, exact: false };
      this.#hold(held);
      ready.push(...this.#tree.settle(node, held));
    }
  }

  async #merged(left: Held, right: Held): Promise<unknown> {
    const fold = this.#fold;
    if (fold.absorb === undefined || right.decoded !== undefined) {
      const [a, b] = await Promise.all([this.#valueOf(left), this.#valueOf(right)]);
      return this.#told(() => fold.merge(a, b));
    }
    const [a, bytes] = await Promise.all([this.#valueOf(left), this.#bytesOf(right)]);
    return this.#told(() => fold.absorb?.(a, bytes));
  }

  /** What a merge throws says of which stage it is. */
  #told(merge: () => unknown): unknown {
    try {
      return merge();
    } catch (error) {
      if (error instanceof AbanicoError) throw error;
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      const { id, output } = this.#stage;
      throw new TaskError(`Merging partials of stage "${id}" failed: ${message}`, {
        cause: error,
        fields: { stage: id, ...(output.kind === "fold" ? { fold: output.fold.op } : {}) },
      });
    }
  }

  /** Makes sizes exact first: merging often shrinks. Then the largest go, down to half of what is allowed. */
  async #shrink(): Promise<void> {
    for (const held of this.#decoded) this.#encode(held);
    const { memoryBytes, prefix } = this.#place;
    if (this.#bytes <= memoryBytes) return;
    const largest = [...this.#atHand].sort((a, b) => b.size - a.size);
    for (let at = 0; this.#bytes > memoryBytes / 2 && at < largest.length; at += AT_ONCE)
      await Promise.all(
        largest.slice(at, at + AT_ONCE).map(async (held) => {
          held.stored ??= await store(this.#encoded(held), prefix, this.#place);
          this.#letGo(held);
          held.bytes = undefined;
          held.decoded = undefined;
        }),
      );
  }

  /** Keeps it as bytes alone: now it is known how many. */
  #encode(held: Held): void {
    this.#letGo(held);
    held.bytes = this.#encoded(held);
    held.decoded = undefined;
    held.size = held.bytes.byteLength;
    this.#hold(held);
  }

  #hold(held: Held): void {
    if (this.#atHand.has(held) || (held.bytes === undefined && held.decoded === undefined)) return;
    this.#atHand.add(held);
    if (held.decoded !== undefined) this.#decoded.add(held);
    this.#bytes += held.size;
  }

  #letGo(held: Held): void {
    this.#decoded.delete(held);
    if (this.#atHand.delete(held)) this.#bytes -= held.size;
  }

  #encoded({ bytes, decoded }: Held): Uint8Array {
    return bytes ?? this.#fold.encode(decoded?.value);
  }

  async #bytesOf(held: Held): Promise<Uint8Array> {
    if (held.bytes === undefined && held.decoded === undefined && held.stored !== undefined)
      return fetchStored(held.stored, this.#place);
    return this.#encoded(held);
  }

  async #valueOf(held: Held): Promise<unknown> {
    return held.decoded === undefined ? this.#fold.decode(await this.#bytesOf(held)) : held.decoded.value;
  }
}
