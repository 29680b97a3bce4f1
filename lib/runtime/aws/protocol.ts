import type { ArrayWrite } from "../../collections/array/array-write.ts";
import type { WriteTarget } from "../../collections/dataframe/write.ts";
import type { ErrorRecord, Json } from "../../errors.ts";
import type { Span } from "../../kernels/kernel.ts";
import type { Plan } from "../../plan/plan.ts";

/**
 * What client, state machine and functions of a stack say to each other. All of it is plain JSON, and small: data lies in S3 (keys.ts).
 *
 *     request.json ─▶ Advance ─▶ Parallel ┬ Distributed Map: a line of the manifest each ─▶ Work ─▶ messages ─┐
 *                       ▲                 └ Collect ⟲ until every task of the round is in ◀──────────────────┘
 *                       └── a stage is done, or needs another round ──┘
 *                     Advance ─▶ Finish        a round's error ─▶ Advance, any other ─▶ Fail
 *
 * A *run* is what someone asked for. It needs one plan after the other, its *parts* (most often one: a frame whose types turn out wider is
 * planned again). A part has stages, a stage has *rounds*: the first covers all its tasks, the following ones repair tasks that had guessed
 * their first record wrongly. Which of them are over is said by objects in S3 alone, so that each function may be called again at any time.
 */
export const PROTOCOL = 1;

/** `runs/<run>/request.json`: written once, by who starts the run. */
export interface RunRequest {
  readonly abanico: typeof PROTOCOL;
  readonly run: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** The hash of the functions' bundles that the client was made with: another one refuses. Absent: not looked at (pipelines as JSON). */
  readonly bundle?: string;
  readonly what:
    | { readonly kind: "plan"; readonly plan: Plan }
    | {
        readonly kind: "collection";
        readonly collection: Json;
        /** Of the pipeline. */
        readonly name?: string;
        /** Where the rows of a frame, or the elements of an array, are written to; then the result is what was written. */
        readonly write?: WriteTarget | ArrayWrite;
      };
  /** The run fails with `StalledError` when nothing comes in for this long, in milliseconds. Default an hour: a batch may take three attempts of 15 minutes. */
  readonly stallMs?: number;
  /** The run fails after this long, in milliseconds. Default: a day. */
  readonly deadlineMs?: number;
  /** Whether a message on the results queue tells of its end. Default false. */
  readonly notify?: boolean;
  /** Refuses where the projected cost is above this, in US dollars. */
  readonly maxCost?: number;
  /** In so many lanes stages are folded, where that can be; a power of two up to 16. Default: by what is projected, most often one. */
  readonly lanes?: number;
}

/** The execution's input. */
export interface RunInput {
  readonly run: string;
  /** Of the run, from 1: see attempts.ts. Absent: the first; or what `round` says, where there is one. */
  readonly attempt?: number;
}

/** What Step Functions tells of an error that it caught. */
export interface Caught {
  readonly Error?: string;
  readonly Cause?: string;
}

/**
 * Input of Advance. A round whose error was caught comes here too, with that error: where Collect has left the part's `failed.json`, who planned the part
 * may plan another; otherwise, where that round is still what the run needs, Advance throws it.
 */
export interface AdvanceInput extends RunInput, Partial<Pick<StageRef, "part" | "stage" | "round">> {
  /**
   * The execution's own input, at its first step: `{ run, attempt }` of one that resumes a run, whose own name is but the execution's; and where nobody has written
   * a request for it, what is asked for, see start.ts.
   */
  readonly asked?: unknown;
  readonly error?: Caught;
}

/** Input of Fail: of the state that failed, whatever it was. */
export type FailInput = AdvanceInput;

/** What Advance answers: what the state machine does next. */
export type Directive =
  | (StageRef & {
      readonly action: "stage";
      /** Which kind of children the map starts: Express live 5 minutes, Standard start more slowly. */
      readonly children: "EXPRESS" | "STANDARD";
      /** Which function works: frames and arrays, or images (with sharp). */
      readonly worker: "work" | "work-image";
      readonly bucket: string;
      /** Key of the manifest: a `Batch` as a line of JSON each. */
      readonly manifest: string;
      readonly batches: number;
      readonly lanes: Lanes;
      /** The lanes, by number: a Collect each. */
      readonly collects: readonly number[];
    })
  | { readonly action: "finish"; readonly run: string; readonly attempt?: number };

/** A round of a stage. */
export interface StageRef {
  readonly run: string;
  /** From 0. */
  readonly part: number;
  readonly stage: string;
  /** From 0; those of the attempts behind the first have numbers of their own, see attempts.ts. */
  readonly round: number;
  /** URL of the run's queue. That of a lane follows from it, see lanes.ts. */
  readonly queue: string;
  /** Absent: one. */
  readonly lanes?: Lanes;
}

/** How a stage is cut into lanes: each is an aligned run of tasks, and so a subtree of the fold tree. Fixed with the stage's first manifest. */
export interface Lanes {
  readonly count: number;
  /** Of a lane, a power of two; the last may have fewer. */
  readonly tasks: number;
}

/** A line of a manifest: tasks [first, first + count) of a stage. In the first round an aligned run of 2^k; in others one task, with its proven start. */
export interface Batch {
  readonly first: number;
  readonly count: number;
  /** Where its first record starts, in bytes of its source. */
  readonly from?: number;
}

/** Input of Work. */
export interface WorkInput extends StageRef {
  readonly batch: Batch;
  /** Set where Step Functions gave up on the batch, by the state behind its retries: Work then only tells Collect. */
  readonly lost?: Caught;
}

/** Answer of Work: the message has what matters. */
export interface WorkAnswer {
  readonly first: number;
  readonly count: number;
}

/** Input of Collect, and again what it answers while it is not done. */
export interface CollectInput extends StageRef {
  /** Which of them it folds. */
  readonly lane?: number;
  readonly done?: boolean;
}

/** A message on the run's queue. Messages come twice, late, in any order, or (where a worker died) never. */
export interface WorkMessage extends StageRef {
  readonly batch: Batch;
  /** Milliseconds that the batch took. */
  readonly ms: number;
  readonly worker: string;
  /** What the function has, for the bill: Lambda's `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, in MB. */
  readonly memoryMb?: number;
  readonly outcome:
    | { readonly kind: "done"; readonly parts: readonly PartOf[]; readonly tasks: readonly TaskFacts[] }
    | {
        readonly kind: "failed";
        readonly task: number;
        readonly attempt: number;
        readonly error: ErrorRecord;
        /** Step Functions gave up on the whole batch: `task` is but its first. */
        readonly lost?: boolean;
      };
  readonly printed?: readonly { readonly task: number; readonly stream: "stdout" | "stderr"; readonly text: string }[];
}

/** What became of one task. */
export interface TaskFacts {
  readonly index: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly bytesOut: number;
  readonly ms: number;
  readonly span?: Span;
}

/** Output of the subtree of 2^level tasks (fewer at the end) that begins with `first`; level 0 where the stage keeps or exchanges, has `enough`, or its tasks guess. */
export interface PartOf {
  readonly first: number;
  readonly level: number;
  /** In bytes. */
  readonly size: number;
  /** Of the bytes: SHA-256, in hex. */
  readonly checksum: string;
  /** The bytes themselves, in base64, where they are few. */
  readonly body?: string;
  /** Otherwise the object that holds them. */
  readonly key?: string;
}

/** `…/<stage>/done.json`: the stage is over. Readers of its outputs look here for the keys of repaired tasks. */
export interface StageDone {
  readonly tasks: number;
  readonly attempts: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly bytesOut: number;
  readonly busyMs: number;
  readonly wallMs: number;
  /** Task → its proven start, in bytes: the output lies at `outputKey(…, from)`. */
  readonly repaired: { readonly [task: string]: number };
  /** Whether the folded partial lies at `partialKey(…)`. */
  readonly folded: boolean;
  /** What it used, for the bill. Without it the bill is made from the figures above. */
  readonly usage?: StageUsage;
}

/** What AWS bills of a stage, as far as Collect can count it. */
export interface StageUsage {
  /** Batches that Work answered for, with those that were started again. */
  readonly batches: number;
  /** The sum of their `WorkMessage.ms`, and of these times the memory: megabytes × milliseconds. */
  readonly workMs: number;
  readonly workMbMs: number;
  readonly messages: number;
  /** Outputs and partials that lie in S3 by themselves. */
  readonly objects: number;
  readonly collectMs: number;
  readonly collectMbMs: number;
}

/**
 * `…/<stage>/progress.json`: how far a stage is, for whoever watches. Collect replaces it with each checkpoint, about every two seconds while messages
 * come in, and once before done.json. No one decides anything by it: it may be old, and it may not be there.
 */
export interface StageProgress {
  readonly stage: string;
  readonly tasks: number;
  /** How many of them are in. */
  readonly done: number;
  readonly attempts: number;
  readonly recordsIn: number;
  readonly bytesOut: number;
  readonly busyMs: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What tasks have printed of late, up to 64 KiB; `printedBefore` pieces came before these. */
  readonly printed?: NonNullable<WorkMessage["printed"]>;
  readonly printedBefore?: number;
  /** Of a stage in lanes: how many pieces of each are told of here. */
  readonly printedOf?: readonly number[];
}

/** `runs/<run>/outcome.json`, `outcome-<n>.json`: an attempt of the run is over. */
export type RunOutcome =
  | {
      readonly ok: true;
      readonly run: string;
      /** For a plan: whether the last stage's partial lies at `partialKey` (it folds), or its outputs are kept. */
      readonly part: number;
      readonly stages: readonly (StageDone & { readonly stage: string })[];
      readonly wallMs: number;
      /** For a collection: URL of the result (`values.ts` bytes). */
      readonly result?: string;
    }
  | { readonly ok: false; readonly run: string; readonly error: ErrorRecord; readonly wallMs: number };

/** What the results queue is told of a run that asks for it. */
export interface RunNotice {
  readonly run: string;
  /** Of the pipeline. */
  readonly name?: string;
  readonly ok: boolean;
  /** The URL below which what it gave lies. */
  readonly results?: string;
  readonly error?: Pick<ErrorRecord, "tag" | "name" | "message">;
}
