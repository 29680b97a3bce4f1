import {
  CancelledError,
  InternalError,
  PlanError,
  StalledError,
  toErrorRecord,
  type ErrorRecord,
  type JsonObject,
} from "../../errors.ts";
import type { Fold } from "../../kernels/kernel.ts";
import { loadFold } from "../../kernels/registry.ts";
import type { Plan, Ref, Stage } from "../../plan/plan.ts";
import { taskCount } from "../../plan/rules.ts";
import type {
  Executor,
  Job,
  Lane,
  Located,
  Loss,
  MergeJob,
  OrdersJob,
  Outcome,
  TasksJob,
  WorkSource,
} from "../executor.ts";
import type { RunEvent, RunOptions, RunReport, RunResult } from "../runtime.ts";
import type { Spill, Vault } from "../vault.ts";
import { retriesOf } from "./failure.ts";
import { Merger } from "./merger.ts";
import { Outputs } from "./outputs.ts";
import type { StageHost } from "./stage-host.ts";
import { StageRun } from "./stage-run.ts";
import { Watch } from "./watch.ts";

/**
 * One run of a plan: the same for every executor. It answers an executor's "is there work for this lane?" and takes what
 * comes back.
 *
 *     created ──▶ running ──▶ finished
 *                    └──────▶ failed         by the first error that is for good, cancellation, stall or deadline
 *
 * Order of work: merges before tasks, then depth first: stages that read others before those that begin, later ones first. So
 * what has been made is used up before more is made. Among stages that begin, the earlier goes first.
 *
 * Invariants.
 *  1. A run ends once. What comes after is dropped.
 *  2. Whatever calls in from outside (executor, timers, signals) goes through `guard`: an exception ends the run, never the process.
 *  3. At the end nothing of the run is left in the vault but the last stage's kept outputs, and no timer.
 */
export interface RunEnvironment {
  readonly executor: Executor;
  readonly vault: Vault;
  fetch(ref: Ref): Promise<Uint8Array>;
  /** Bytes of an output, where they are in memory. */
  peek(ref: Ref): Uint8Array | undefined;
}

const DEFAULT_STALL_MS = 600_000;

export class Run implements WorkSource {
  readonly id: string;
  readonly #plan: Plan;
  readonly #options: RunOptions;
  readonly #environment: RunEnvironment;
  readonly #emit: ((event: RunEvent) => void) | undefined;
  readonly #stages: StageRun[] = [];
  readonly #mergers = new Map<StageRun, Merger>();
  readonly #outputs: Outputs;
  readonly #merges: MergeJob[] = [];
  readonly #result = Promise.withResolvers<RunResult>();
  #order: readonly StageRun[] = [];
  #advancing = false;
  #ended = false;
  #startedAt = 0;
  #watch: Watch | undefined;

  constructor(id: string, plan: Plan, options: RunOptions, environment: RunEnvironment) {
    this.id = id;
    this.#plan = plan;
    this.#options = options;
    this.#environment = environment;
    this.#emit = options.onEvent;
    this.#outputs = new Outputs(id, environment.vault);
    // It may fail before `start` waits for it; whoever called `start` is told then.
    this.#result.promise.catch(() => undefined);
  }

  /** Runs to the end. */
  async start(): Promise<RunResult> {
    const { signal } = this.#options;
    const onAbort = () => this.fail(cancelled(signal?.reason));
    try {
      signal?.addEventListener("abort", onAbort);
      if (signal?.aborted === true) throw cancelled(signal.reason);
      const folds = await Promise.all(this.#plan.stages.map(foldOf));
      // Ended while code was loaded: a watch or a place in the executor's list would stay for ever.
      if (this.#ended) return await this.#result.promise;
      this.#startedAt = performance.now();
      this.#emit?.({ type: "run-started", run: this.id, plan: this.#plan });
      this.#plan.stages.forEach((stage, i) => this.#addStage(stage, folds[i]));
      this.#attachIntake();
      this.#order = [
        ...this.#stages.filter(({ reads }) => reads.length > 0).reverse(),
        ...this.#stages.filter(({ reads }) => reads.length === 0),
      ];
      this.#watch = this.#startWatch();
      this.#environment.executor.add(this);
      // Stages without tasks are finished already.
      this.guard(() => this.#advance());
    } catch (error) {
      this.fail(error);
    }
    try {
      return await this.#result.promise;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  // What the executor calls.

  next(lane: Lane): Job | undefined {
    let job: Job | undefined;
    this.guard(() => {
      const merge = this.#merges[0];
      if (merge !== undefined && lane.admits(merge.peakBytes)) {
        // A lane that holds jobs gets no more before them, or none would ever be free while there are tasks.
        if (lane.inFlight === 0) job = this.#merges.shift();
        return;
      }
      for (const stage of this.#order) {
        job = stage.next(lane);
        if (job !== undefined) return;
      }
    });
    return job;
  }

  settled(job: OrdersJob, outcomes: readonly Outcome[], lane: number): void {
    if (job.kind !== "tasks") return;
    this.guard(() => {
      this.#watch?.moved();
      this.#stageOf(job).settled(job, outcomes, lane);
      this.#advance();
    });
  }

  merged(job: MergeJob, outcome: Uint8Array | ErrorRecord): void {
    this.guard(() => {
      this.#watch?.moved();
      for (const merger of this.#mergers.values()) if (merger.settle(job, outcome)) return;
    });
  }

  ended(job: Job): void {
    this.guard(() => {
      if (job.kind === "tasks") this.#stageOf(job).ended(job);
    });
  }

  lost(job: Job, loss: Loss): void {
    this.guard(() => {
      if (job.kind === "tasks") this.#stageOf(job).lost(job, loss);
      else if (job.kind === "merge")
        for (const [stage, merger] of this.#mergers) if (merger.lost(job, loss.reason, retriesOf(stage.stage))) return;
    });
  }

  fetch(ref: Ref): Promise<Uint8Array> {
    return this.#environment.fetch(ref);
  }

  locate(refs: readonly Ref[]): readonly (Located | undefined)[] {
    return refs.map(
      (ref) => this.#environment.peek(ref) ?? this.#environment.vault.fileOf(ref.run, ref.stage, ref.task),
    );
  }

  notice(event: RunEvent): void {
    this.guard(() => this.#emit?.(event));
  }

  // What the runtime calls.

  spilled({ stage, bytes }: Spill): void {
    const found = this.#stages.find((candidate) => candidate.stage.id === stage);
    if (found !== undefined) found.tally.spilledBytes += bytes;
    this.notice({ type: "spilled", run: this.id, bytes });
  }

  /** Ends the run with an error; without effect where it has ended. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#end();
    // Before its outputs go: whoever takes them is told of this error.
    this.#options.intake?.changed({ error });
    this.#environment.vault.deleteRun(this.id);
    try {
      this.#emit?.({ type: "run-failed", run: this.id, error: toErrorRecord(error) });
    } catch {
      // A subscriber that throws while the run fails must not hide why it fails.
    }
    this.#result.reject(error);
  }

  guard(body: () => void): void {
    if (this.#ended) return;
    try {
      body();
    } catch (error) {
      this.fail(error);
    }
  }

  #addStage(stage: Stage, fold: Fold<unknown, unknown> | undefined): void {
    const reads = this.#stagesReadBy(stage);
    const merger = this.#mergerFor(stage, fold);
    const sink = merger ?? this.#outputs.sinkOf(stage);
    const run: StageRun = new StageRun(
      stage,
      reads,
      sink,
      this.#stageHost(stage, (index, lane) => {
        this.#outputs.onDone(run, index, lane);
        if (this.#isTaken(stage)) this.#options.intake?.changed();
      }),
    );
    this.#stages.push(run);
    if (merger !== undefined) this.#mergers.set(run, merger);
    this.#outputs.join(run);
  }

  #stagesReadBy({ id, tasks, beside }: Stage): StageRun[] {
    const named = (name: string, wanted: "exchange" | "keep") => {
      const read = this.#stages.find(({ stage }) => stage.id === name);
      if (read === undefined)
        throw new PlanError(`Stage "${id}" reads stage "${name}", which does not come before it.`);
      if (read.stage.output.kind !== wanted)
        throw new PlanError(
          `Stage "${id}" reads stage "${name}", which does not ${wanted} but ${read.stage.output.kind}.`,
        );
      return read;
    };
    const read: StageRun[] = [];
    if (tasks.kind === "outputs") read.push(named(tasks.stage, "keep"));
    if (tasks.kind === "sections") read.push(named(tasks.stage, "exchange"));
    if (tasks.kind === "sections" && tasks.and !== undefined) read.push(named(tasks.and.stage, "exchange"));
    if (tasks.kind === "union") for (const { stage } of tasks.of) read.push(named(stage, "keep"));
    for (const { stage } of beside ?? []) read.push(named(stage, "keep"));
    return read;
  }

  #mergerFor(stage: Stage, fold: Fold<unknown, unknown> | undefined): Merger | undefined {
    const { vault, executor } = this.#environment;
    if (stage.output.kind !== "fold" || fold === undefined) return undefined;
    return new Merger(stage, stage.output.fold, fold, taskCount(stage.tasks), {
      run: this.id,
      vault,
      offloads: executor.offloadsMerges,
      submit: (job) => {
        this.#merges.push(job);
        executor.wake();
      },
      onMerged: ({ level, position }) =>
        this.#emit?.({ type: "merged", run: this.id, stage: stage.id, level, position }),
      guard: (body) => this.guard(body),
      onProgress: () => this.#advanceSoon(),
    });
  }

  /** Whether a consumer takes what the stage keeps. */
  #isTaken(stage: Stage): boolean {
    return stage.output.kind === "keep" && stage === this.#plan.stages.at(-1) && this.#options.intake !== undefined;
  }

  #attachIntake(): void {
    const last = this.#stages.at(-1);
    if (last === undefined || !this.#isTaken(last.stage)) return;
    const { executor, vault } = this.#environment;
    this.#options.intake?.attach({
      run: this.id,
      count: () => last.count,
      isDone: (index) => last.isDone(index),
      give: async (index) => {
        const bytes = await vault.get(this.id, last.stage.id, index);
        vault.delete(this.id, last.stage.id, index);
        return bytes;
      },
      wake: () => executor.wake(),
    });
  }

  #stageHost(stage: Stage, onDone: StageHost["onDone"]): StageHost {
    const { executor, peek } = this.#environment;
    const { intake } = this.#options;
    return {
      ...(intake === undefined || !this.#isTaken(stage) ? {} : { limit: () => intake.limit }),
      run: this.id,
      get threads() {
        return executor.threads;
      },
      emit: this.#emit,
      inputsOf: (refs) => {
        const found: Uint8Array[] = [];
        for (const ref of refs.slice(0, 64)) {
          const bytes = peek(ref);
          if (bytes !== undefined) found.push(bytes);
        }
        return found.length === refs.length ? found : undefined;
      },
      wake: () => executor.wake(),
      guard: (body) => this.guard(body),
      onDone,
    };
  }

  /** Merges settle inside of callbacks of their own: what follows from them is looked at once, afterwards. */
  #advanceSoon(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    queueMicrotask(() => {
      this.#advancing = false;
      this.guard(() => this.#advance());
    });
  }

  /** Reports stages that are finished, and ends the run behind the last. */
  #advance(): void {
    for (const stage of this.#stages) {
      if (stage.reported || !stage.finished) continue;
      stage.reported = true;
      stage.begin();
      this.#emit?.({ type: "stage-finished", run: this.id, report: stage.report() });
      this.#outputs.onFinished(stage);
      this.#environment.executor.wake();
    }
    if (this.#stages.every((stage) => stage.reported)) void this.#finish();
  }

  async #finish(): Promise<void> {
    if (this.#ended) return;
    const last = this.#stages.at(-1);
    const report: RunReport = {
      run: this.id,
      wallMs: performance.now() - this.#startedAt,
      stages: this.#stages.map((stage) => stage.report()),
    };
    try {
      const merger = last === undefined ? undefined : this.#mergers.get(last);
      const outcome = merger === undefined ? { refs: this.#outputs.refsOf(last) } : { partial: await merger.result() };
      // Cancelled while the result was read back.
      if (this.#ended) return;
      this.#emit?.({ type: "run-finished", run: this.id, report });
      this.#end();
      this.#environment.vault.deleteRun(this.id, merger === undefined ? last?.stage.id : undefined);
      this.#result.resolve({ run: this.id, ...outcome, report });
    } catch (error) {
      this.fail(error);
    }
  }

  #end(): void {
    this.#ended = true;
    this.#watch?.stop();
    for (const stage of this.#stages) stage.close();
    this.#environment.executor.remove(this);
  }

  #startWatch(): Watch {
    const { stallMs = DEFAULT_STALL_MS, deadlineMs, intake } = this.#options;
    const watch = new Watch({ stallMs, deadlineMs }, (what) => {
      // A consumer may take its time.
      if (intake?.isFull === true && deadlineMs === undefined) watch.moved();
      else this.fail(stalled(this.#stages, what, { stallMs, deadlineMs }));
    });
    return watch;
  }

  #stageOf(job: TasksJob): StageRun {
    const stage = this.#stages.find(({ key }) => key === job.stageKey);
    if (stage === undefined) throw new InternalError(`A job of stage "${job.stage.id}" came to a run without it.`);
    return stage;
  }
}

function foldOf(stage: Stage): Promise<Fold<unknown, unknown>> | undefined {
  return stage.output.kind === "fold" ? loadFold(stage.output.fold.op, stage.output.fold.params) : undefined;
}

function cancelled(reason: unknown): CancelledError {
  return new CancelledError("The run was cancelled.", { cause: reason });
}

function stalled(stages: readonly StageRun[], what: string, limits: JsonObject): StalledError {
  const open = stages.filter((stage) => !stage.reported).map((stage) => stage.stage.id);
  return new StalledError(`${what}; stages not finished: ${open.join(", ")}.`, {
    fields: { ...limits, stages: open },
    fix: "look for a task that waits for ever; timeoutMs limits a task, stallMs and deadlineMs a run.",
  });
}
