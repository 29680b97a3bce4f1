import type { Printed } from "../../callables/console.ts";
import type { ErrorRecord } from "../../errors.ts";
import type { Ref, Stage, Work } from "../../plan/plan.ts";
import type { StoreOptions } from "../../store/default-store.ts";
import type { PackedCalls } from "../calls/wire.ts";
import type { Located, Order } from "../executor.ts";
import type { PackedOutcomes } from "./packing.ts";

/** Everything that crosses between the pool and its threads. */

export type ToWorker =
  /** A stage that tasks will come for; sent once. */
  | {
      readonly type: "stage";
      readonly key: number;
      readonly run: string;
      readonly stage: Stage;
      readonly store: StoreOptions;
    }
  | { readonly type: "forget"; readonly key: number }
  /** Kernels that tasks will come for. */
  | { readonly type: "prepare"; readonly ops: readonly string[] }
  /** Tasks of one stage. `indices` are all of them; `extras` what few need beyond their index. */
  | {
      readonly type: "tasks";
      readonly batch: number;
      readonly key: number;
      readonly indices: readonly number[];
      readonly extras: readonly Order[];
      /** A folder for outputs, see `TasksJob`. */
      readonly spillTo?: string;
    }
  /** Calls of users' functions; `indices` in the order of `packed`. */
  | {
      readonly type: "calls";
      readonly batch: number;
      readonly indices: Int32Array;
      readonly packed: PackedCalls;
    }
  | {
      readonly type: "merge";
      readonly batch: number;
      readonly fold: Work;
      readonly left: Uint8Array;
      readonly right: Uint8Array;
    }
  /** Abort the signal of what runs, if it belongs to this batch; with `task`, only if it is that one, which is not begun any more. */
  | { readonly type: "abort"; readonly batch: number; readonly task?: number }
  | { readonly type: "fetched"; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: "located"; readonly id: number; readonly found: readonly (Located | undefined)[] }
  | { readonly type: "not-fetched"; readonly id: number; readonly error: ErrorRecord };

export type FromWorker =
  | { readonly type: "ready" }
  /** Some outcomes of a batch; with `last`, the batch is over, and tasks of it without an outcome were not run. */
  | { readonly type: "outcomes"; readonly batch: number; readonly last: boolean; readonly packed: PackedOutcomes }
  | { readonly type: "merged"; readonly batch: number; readonly bytes: Uint8Array }
  | { readonly type: "not-merged"; readonly batch: number; readonly error: ErrorRecord }
  | { readonly type: "fetch"; readonly id: number; readonly batch: number; readonly ref: Ref }
  | { readonly type: "locate"; readonly id: number; readonly batch: number; readonly refs: readonly Ref[] }
  /** The thread ends by itself, as by process.exit: what its task has printed until then. */
  | { readonly type: "printed"; readonly batch: number; readonly task: number; readonly printed: readonly Printed[] }
  | { readonly type: "progress"; readonly batch: number; readonly task: number; readonly fraction: number };

/** The part of a thread's memory that may be garbage: one of so many. */
export const GARBAGE_SHARE = 8;

/** What a thread starts with. */
export interface WorkerStart {
  readonly id: number;
  readonly control: Int32Array;
  /** What the thread may leave lying about, see garbage.ts. In bytes. */
  readonly garbageBytes: number;
}

/**
 * The shared slots of `control`: the worker writes what it is doing, so that its death can be charged to one task; the pool
 * writes up to which batch nothing more is to be started. The worker reads that after it has written what it is about to begin: so
 * who has written there, and then reads what it is doing, knows that nothing behind that will be begun.
 */
export const BATCH_SLOT = 0;
export const TASK_SLOT = 1;
export const ABANDONED_SLOT = 2;
export const CONTROL_SLOTS = 3;
/** In the slots: none. */
export const NOTHING = -1;
