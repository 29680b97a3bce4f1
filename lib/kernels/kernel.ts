import { InternalError, type JsonObject } from "../errors.ts";
import type { OutputsIn, Ref, TaskInput } from "../plan/plan.ts";
import type { Store } from "../store/store.ts";

/** What a task may use. The same on a thread, inline and on Lambda. */
export interface TaskContext {
  readonly store: Store;
  /** Bytes behind a ref that the task's input names, or the stage beside. May be backed by shared memory: do not write to them. */
  fetch(ref: Ref): Promise<Uint8Array>;
  /** Aborted when the run is cancelled or the task's time is over. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** The task's index in its stage. */
  readonly task?: number;
  /** The outputs of the stages beside (see `Stage.beside` in plan/plan.ts), to fetch. */
  readonly beside?: readonly OutputsIn[];
}

/** Names output `task` of a stage beside. */
export function besideRef({ beside = [] }: TaskContext, stage: string, task: number): Ref {
  const outputs = beside.find((one) => one.stage === stage);
  if (outputs === undefined || task >= outputs.count)
    throw new InternalError(`Output ${task} of stage "${stage}" does not lie beside this task.`);
  return { run: outputs.run, stage, task };
}

/** Names all outputs of a stage beside, in order. */
export function besideRefs(context: TaskContext, stage: string): Ref[] {
  const count = context.beside?.find((one) => one.stage === stage)?.count ?? 0;
  return Array.from({ length: count }, (_, task) => besideRef(context, stage, task));
}

/** What a task gives back. */
export interface TaskOutput<P = unknown> {
  /**
   * For a stage that folds: a partial P, or its encoding. For one that keeps: bytes. For an exchange: one Uint8Array a partition, of which each may be made when it is taken.
   * It outlives the kernel's call, so it may not point to memory that the kernel gives up. Nothing with a doubt (see Span).
   */
  readonly value: P;
  /** Records read and records passed on: the conservation check adds them up. */
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** For tasks that guess where their first record starts: see runtime/chain.ts. */
  readonly span?: Span;
}

/**
 * Where a range's first record was taken to start, and where the first record after the range starts (bytes in the source).
 * `doubt`: under its guess the task met what looks like an error, and gave up; it has to be run again with a proven start.
 */
export interface Span {
  readonly from: number;
  readonly next: number;
  readonly doubt?: string;
}

/** What one kind of task computes: a pure function of its parameters and input. */
export type Kernel = (params: JsonObject, input: TaskInput, context: TaskContext) => Promise<TaskOutput> | TaskOutput;

/**
 * An associative merge with a neutral element: the only way partials are ever combined.
 * `merge(merge(a, b), c)` equals `merge(a, merge(b, c))` up to rounding; left comes before right in shard order. `merge` may reuse its arguments' memory.
 */
export interface Fold<P, R> {
  empty(): P;
  merge(left: P, right: P): P;
  /** Turns the last partial into what the user gets. Runs once, on the client's side. */
  finish(partial: P): R | Promise<R>;
  encode(partial: P): Uint8Array;
  decode(bytes: Uint8Array): P;
  /** `merge(left, decode(right))` to the bit, for less. Writes nothing into `right`. */
  absorb?(left: P, right: Uint8Array): P;
  /** `encode(merge(decode(left), decode(right)))` to the bit, where that can be had for less; undefined where not. Writes into neither. */
  mergeEncoded?(left: Uint8Array, right: Uint8Array): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** True where merging only appends (nothing is copied): such folds always merge where they are, never in a worker. */
  readonly appends?: boolean;
  /** True where `decode` takes bytes in shared memory, and neither it nor `merge` writes into them: they are not copied for it then. */
  readonly readsShared?: boolean;
  /** For stages that may stop early: how much of `StageOutput.enough` this partial has. */
  amount?(partial: P): number;
}
