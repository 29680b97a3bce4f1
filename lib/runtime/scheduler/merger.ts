import { AbanicoError, fromErrorRecord, TaskError, type ErrorRecord } from "../../errors.ts";
import type { Fold } from "../../kernels/kernel.ts";
import type { Stage, Work } from "../../plan/plan.ts";
import type { Job, MergeJob } from "../executor.ts";
import { FoldTree, type Merge, type NodeId } from "../fold-tree.ts";
import type { Vault } from "../vault.ts";

/**
 * Folds one stage's partials along the tree, and decides where each merge is done.
 *
 * A partial is decoded (`value`) or encoded (`bytes`, kept in the vault, so that it may be spilled). Small ones are decoded
 * as they come and stay so; merging them here costs less than sending them. Two whose encodings come to more than a
 * MiB are merged by a worker, unless the fold only appends. Where it happens cannot change the result: decoding
 * undoes encoding, bit by bit, and the tree fixes the order.
 */
const LOCAL_MERGE_BYTES = 1 << 20;
const DECODE_AT_ONCE_BYTES = 1 << 16;

interface Partial {
  readonly value?: { readonly decoded: unknown };
  /** The name of its bytes in the vault, where it is not decoded. */
  readonly stored?: string;
  /** Of its encoding, in bytes; where not exact, an upper bound. */
  readonly size: number;
  readonly exact: boolean;
}

export interface MergerHost {
  readonly run: string;
  readonly vault: Vault;
  readonly offloads: boolean;
  /** Hands a merge to the executor. */
  submit(job: MergeJob): void;
  onMerged(node: NodeId): void;
  /** Runs a callback that came from outside of the scheduler, and turns what it throws into the run's failure. */
  guard(body: () => void): void;
  /** The tree has changed: the stage may be finished. */
  onProgress(): void;
}

export class Merger {
  readonly #stage: Stage;
  readonly #work: Work;
  readonly #fold: Fold<unknown, unknown>;
  readonly #tree: FoldTree<Partial>;
  readonly #host: MergerHost;
  readonly #out = new Map<Job, { readonly merge: Merge<Partial>; failures: number }>();
  #names = 0;

  constructor(stage: Stage, work: Work, fold: Fold<unknown, unknown>, count: number, host: MergerHost) {
    this.#stage = stage;
    this.#work = work;
    this.#fold = fold;
    this.#tree = new FoldTree(count);
    this.#host = host;
  }

  get done(): boolean {
    return this.#tree.done;
  }

  /** Takes the encoded partial of one shard; a shard that came before is ignored. */
  accept(shard: number, bytes: Uint8Array): void {
    if (this.#tree.covers(shard)) return;
    this.#perform(this.#tree.offer(shard, this.#hold(bytes)).merges);
  }

  /** How much of what the stage is after this partial has. */
  amountOf(bytes: Uint8Array): number {
    return this.#fold.amount?.(this.#decode(bytes)) ?? 0;
  }

  truncate(count: number): void {
    this.#perform(this.#tree.truncate(count));
  }

  /** The one partial left, decoded; the fold's neutral element where there were no shards. */
  async result(): Promise<unknown> {
    const root = this.#tree.root;
    if (root === undefined) return this.#fold.empty();
    return root.value.value === undefined ? this.#decode(await this.#bytesOf(root.value)) : root.value.value.decoded;
  }

  /** The outcome of a merge that was handed out. False where this stage did not hand it out. */
  settle(job: MergeJob, outcome: Uint8Array | ErrorRecord): boolean {
    const out = this.#out.get(job);
    if (out === undefined) return false;
    if (!(outcome instanceof Uint8Array)) throw this.#failed(fromErrorRecord(outcome));
    this.#out.delete(job);
    this.#settle(out.merge, this.#hold(outcome));
    return true;
  }

  /** A worker died with a merge. Both halves are still here: it is handed out again, as often as a task would be. */
  lost(job: MergeJob, reason: string, retries: number): boolean {
    const out = this.#out.get(job);
    if (out === undefined) return false;
    out.failures++;
    if (out.failures > retries) throw this.#failed(new Error(`the worker died: ${reason}`));
    this.#host.submit(job);
    return true;
  }

  #hold(bytes: Uint8Array): Partial {
    const size = bytes.byteLength;
    if (size <= DECODE_AT_ONCE_BYTES) return { value: { decoded: this.#decode(bytes) }, size, exact: true };
    const stored = `partial-${this.#names++}`;
    this.#host.vault.put(this.#host.run, this.#stage.id, stored, bytes);
    return { stored, size, exact: true };
  }

  #perform(merges: readonly Merge<Partial>[]): void {
    for (const merge of merges) this.#performOne(merge);
  }

  #performOne(merge: Merge<Partial>): void {
    const [left, right] = [this.#measured(merge.left, merge.right), this.#measured(merge.right, merge.left)];
    const size = left.size + right.size;
    const here = this.#fold.appends === true || !this.#host.offloads || size <= LOCAL_MERGE_BYTES;
    if (here) {
      const [a, b] = [this.#atHand(left), this.#atHand(right)];
      if (a !== undefined && b !== undefined) {
        this.#mergeHere(merge, left, right, a.decoded, b.decoded);
        return;
      }
    }
    // Something is on disk, or a worker is to do it: both need the bytes first.
    void Promise.all([this.#bytesOf(left), this.#bytesOf(right)]).then(
      ([l, r]) =>
        this.#host.guard(() => {
          if (here) this.#mergeHere(merge, left, right, this.#decode(l), this.#decode(r));
          else this.#handOut({ ...merge, left, right }, l, r);
        }),
      (error: unknown) =>
        this.#host.guard(() => {
          throw error;
        }),
    );
  }

  #mergeHere(merge: Merge<Partial>, left: Partial, right: Partial, a: unknown, b: unknown): void {
    let decoded: unknown;
    try {
      decoded = this.#fold.merge(a, b);
    } catch (error) {
      throw this.#failed(error);
    }
    this.#forget(left);
    this.#forget(right);
    this.#settle(merge, { value: { decoded }, size: left.size + right.size, exact: false });
  }

  #handOut(merge: Merge<Partial>, left: Uint8Array, right: Uint8Array): void {
    const bytes = left.byteLength + right.byteLength;
    const job: MergeJob = {
      kind: "merge",
      fold: this.#work,
      left: shared(left),
      right: shared(right),
      peakBytes: 4 * bytes,
      open: false,
      timeoutMs: undefined,
    };
    this.#out.set(job, { merge, failures: 0 });
    this.#forget(merge.left);
    this.#forget(merge.right);
    this.#host.submit(job);
  }

  #settle(merge: Merge<Partial>, partial: Partial): void {
    this.#host.onMerged(merge.node);
    this.#perform(this.#tree.settle(merge.node, partial));
    this.#host.onProgress();
  }

  /** An upper bound that would send a merge away is made exact first: merging often shrinks. */
  #measured(partial: Partial, other: Partial): Partial {
    const local = this.#fold.appends === true || !this.#host.offloads;
    if (partial.exact || local || partial.size + other.size <= LOCAL_MERGE_BYTES) return partial;
    if (partial.value === undefined) return partial;
    return { ...partial, size: this.#fold.encode(partial.value.decoded).byteLength, exact: true };
  }

  #atHand(partial: Partial): { readonly decoded: unknown } | undefined {
    if (partial.value !== undefined) return partial.value;
    const bytes = this.#host.vault.peek(this.#host.run, this.#stage.id, partial.stored ?? "");
    return bytes === undefined ? undefined : { decoded: this.#decode(bytes) };
  }

  /** Decoders get memory of their own, but those that ask for none: many do not take shared memory, and a merge may write into what they give. */
  #decode(bytes: Uint8Array): unknown {
    const isCopied = bytes.buffer instanceof SharedArrayBuffer && this.#fold.readsShared !== true;
    return this.#fold.decode(isCopied ? new Uint8Array(bytes) : bytes);
  }

  async #bytesOf(partial: Partial): Promise<Uint8Array> {
    if (partial.value !== undefined) return this.#fold.encode(partial.value.decoded);
    return this.#host.vault.get(this.#host.run, this.#stage.id, partial.stored ?? "");
  }

  #forget(partial: Partial): void {
    if (partial.stored !== undefined) this.#host.vault.delete(this.#host.run, this.#stage.id, partial.stored);
  }

  #failed(error: unknown): Error {
    if (error instanceof AbanicoError) return error;
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return new TaskError(`Merging partials of stage "${this.#stage.id}" failed: ${message}`, {
      cause: error,
      fields: { stage: this.#stage.id, fold: this.#work.op },
    });
  }
}

/** In shared memory, so that a worker that dies with it takes nothing away. */
function shared(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  copy.set(bytes);
  return copy;
}
