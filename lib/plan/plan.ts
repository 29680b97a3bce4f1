import type { Json, JsonObject } from "../errors.ts";

/**
 * The plan: stages of tasks as plain JSON. It is the only thing that crosses between the planner, the worker threads,
 * Lambda and the pipelines that users send.
 *
 * A stage never holds its tasks: it holds a rule that makes task i on demand (`taskAt` in rules.ts) and so a plan of a
 * million shards is as small as its list of sources.
 *
 *     Plan ── stages ──▶ Stage ── tasks (rule) ──▶ Task i ── runs ──▶ output i ── fold ──▶ one partial
 *
 * Stages are in topological order: a stage reads only stages before it. The last stage gives the result.
 */
export const PLAN_VERSION = 1;

export interface Plan {
  readonly abanico: typeof PLAN_VERSION;
  readonly stages: readonly Stage[];
  /** What the optimizer did or could not do, a sentence each; `explain()` prints them. */
  readonly notes: readonly string[];
}

export interface Stage {
  /** Unique in the plan; letters, digits and hyphens. Part of the key of every output. */
  readonly id: string;
  /** What each task computes. */
  readonly work: Work;
  /** Which tasks there are. */
  readonly tasks: TaskRule;
  /** What becomes of the tasks' outputs: merged into one, kept one by one, or cut into sections for an exchange. */
  readonly output: StageOutput;
  readonly estimate: Estimate;
  /** How often a task may run again after an error that may pass (see `AbanicoError.retryable`) or a worker's death. Default 2. */
  readonly retries?: number;
  /** Per attempt, in milliseconds. Default: none. */
  readonly timeoutMs?: number;
  /** Earlier stages that keep their `count` outputs, all of which every task may read beside its own input. */
  readonly beside?: readonly OutputsOf[];
}

/** A kernel's name (see kernels/registry.ts) and its parameters. */
export interface Work {
  readonly op: string;
  readonly params: JsonObject;
}

export type StageOutput =
  | { readonly kind: "fold"; readonly fold: Work; readonly enough?: number }
  | { readonly kind: "keep" }
  | { readonly kind: "exchange"; readonly partitions: number };

export type TaskRule =
  /** A byte range of a source each; `blockSize` in bytes. The last range of a source may be up to half as large again (no tiny tail). */
  | { readonly kind: "ranges"; readonly sources: readonly Source[]; readonly blockSize: number }
  /** One JSON value each. */
  | { readonly kind: "items"; readonly items: readonly Json[] }
  /** The index alone: 0 … count − 1. */
  | { readonly kind: "count"; readonly count: number }
  /** Task i reads output i of an earlier stage that keeps its outputs. */
  | { readonly kind: "outputs"; readonly stage: string; readonly count: number }
  /** The same for several stages, one after the other; no task starts before all of them are through. */
  | { readonly kind: "union"; readonly of: readonly OutputsOf[] }
  /** Task p reads section p of every output of an earlier exchange stage of `producers` tasks; then those of a second one, where two sides meet. */
  | {
      readonly kind: "sections";
      readonly stage: string;
      readonly producers: number;
      readonly partitions: number;
      readonly and?: { readonly stage: string; readonly producers: number };
    }
  /** One group of refs each: outputs kept by an earlier run (persist). */
  | { readonly kind: "refs"; readonly refs: readonly Ref[] };

/** The outputs 0 … count − 1 of an earlier stage. */
export interface OutputsOf {
  readonly stage: string;
  readonly count: number;
}

/** A file or object as the planner saw it. */
export interface Source {
  readonly url: string;
  /** In bytes. */
  readonly size: number;
  readonly etag: string;
}

/** Names bytes that a task wrote: resolved by the runtime that holds them, never a pointer. */
export interface Ref {
  readonly run: string;
  readonly stage: string;
  readonly task: number;
  /** The section of an exchange output; absent: the whole output. */
  readonly section?: number;
}

/** One task, made from its stage's rule. */
export interface Task {
  readonly stage: string;
  readonly index: number;
  readonly input: TaskInput;
  /** The outputs of the stages beside, see `Stage.beside`. */
  readonly beside?: readonly OutputsIn[];
}

/** The outputs 0 … count − 1 that a stage of a run keeps. Ranges, not lists: tasks may be many, and outputs as well. */
export interface OutputsIn extends OutputsOf {
  readonly run: string;
}

export type TaskInput =
  | {
      readonly kind: "range";
      readonly source: Source;
      /** The range [start, end) of the source: the task owns the records that start in it. */
      readonly start: number;
      readonly end: number;
      /** Which source of the rule, and which range of that source: ranges of one source form a chain (see runtime/chain.ts). */
      readonly sourceIndex: number;
      readonly rangeIndex: number;
      /** Where the first record starts, once that is proven; absent: the task guesses. */
      readonly from?: number;
    }
  | { readonly kind: "item"; readonly item: Json }
  | { readonly kind: "index"; readonly index: number; readonly count: number }
  | { readonly kind: "refs"; readonly refs: readonly Ref[] };

/** What a stage is projected to take, stated before it runs. */
export interface Estimate {
  /** Bytes all its tasks read together. */
  readonly bytesIn: number;
  /** Peak memory of one task in bytes, as named terms; the sum is what admission counts. */
  readonly peakBytes: { readonly [term: string]: number };
}
