import { inspect } from "node:util";
import { InternalError, OptionError, fromErrorRecord, toErrorRecord, type ErrorRecord } from "../errors.ts";
import type { Frame } from "../kernels/frame/encode.ts";
import { loadFold } from "../kernels/registry.ts";
import type { Plan } from "../plan/plan.ts";
import { taskCount } from "../plan/rules.ts";
import { attemptName, newestAttempt } from "../runtime/aws/attempts.ts";
import type { Cloud } from "../runtime/aws/cloud.ts";
import { partName, planKey, progressKey } from "../runtime/aws/keys.ts";
import { resultOfPart } from "../runtime/aws/part-result.ts";
import { reportOfRun, stopRun } from "../runtime/aws/plan-run.ts";
import type { RunOutcome, StageProgress } from "../runtime/aws/protocol.ts";
import { bytesAt, doneOf, outcomeOf, planOf, requestOf, sizeAt } from "../runtime/aws/run-objects.ts";
import { awaitOutcome, endOf } from "../runtime/aws/watch.ts";
import { withLogs } from "../runtime/aws/worker-logs.ts";
import type { RunReport } from "../runtime/runtime.ts";
import { decodeSoon } from "../values.ts";
import { toArrow } from "./arrow.ts";

/** How far a run of a stack is. */
export interface RunStatus {
  readonly id: string;
  readonly state: "running" | "succeeded" | "failed" | "cancelled";
  /** The latest, from 1: more than one of a run that was resumed. What follows is of that one. */
  readonly attempt: number;
  /** Of the plan that runs, or ran last; a run may need several, one after the other. */
  readonly stages: readonly StageStatus[];
  /** Milliseconds since 1970, where Step Functions says so. */
  readonly startedAt?: number;
  readonly wallMs?: number;
  readonly error?: ErrorRecord;
}

export interface StageStatus {
  readonly stage: string;
  readonly tasks: number;
  /** Tasks that have ended, as far as is known. */
  readonly done: number;
  readonly over: boolean;
}

/** A run of a stack, which goes on whatever becomes of this handle: what `client.start` and `client.attach` give. */
export class CloudRun<T> {
  readonly id: string;
  readonly #cloud: Cloud;

  constructor(cloud: Cloud, id: string) {
    this.#cloud = cloud;
    this.id = id;
  }

  async status(): Promise<RunStatus> {
    const at = await newestAttempt(this.#cloud, this.id);
    const [outcome, execution] = await Promise.all([
      outcomeOf(this.#cloud, this.id, at.attempt),
      this.#cloud.executionOf(attemptName(at)),
    ]);
    const stages = await this.#stages();
    const { startedAt } = execution;
    const common = { id: this.id, attempt: at.attempt, ...(startedAt === undefined ? {} : { startedAt }) };
    if (outcome?.ok === true)
      return { ...common, state: "succeeded", wallMs: outcome.wallMs, stages: stagesIn(outcome) };
    if (outcome?.ok === false) {
      const state = outcome.error.tag === "Cancelled" ? "cancelled" : "failed";
      return { ...common, state, wallMs: outcome.wallMs, stages, error: outcome.error };
    }
    if (execution.status === "running" || execution.status === "missing")
      return { ...common, state: "running", stages };
    const error = toErrorRecord(await endOf(this.#cloud, at, execution));
    return { ...common, state: error.tag === "Cancelled" ? "cancelled" : "failed", stages, error };
  }

  /**
   * Waits for its end, and gives its result. Of a run of `compute`, that is what its plan's last stage came to: of frames and bags the result, of others what would be
   * put together from there.
   *
   * @throws what the run failed with
   */
  async result({ signal }: { readonly signal?: AbortSignal } = {}): Promise<T> {
    const outcome = await awaitOutcome(this.#cloud, this.id, signal === undefined ? {} : { signal });
    if (!outcome.ok) throw await withLogs(this.#cloud, this.id, fromErrorRecord(outcome.error));
    const { what } = await requestOf(this.#cloud, this.id);
    const value = what.kind === "plan" ? this.#folded(what.plan, outcome) : this.#stored(outcome);
    return (await value) as T; // what the collection gives
  }

  /** What it took, when it is over. @throws what the run failed with */
  async report(): Promise<RunReport> {
    const outcome = await awaitOutcome(this.#cloud, this.id);
    if (!outcome.ok) throw fromErrorRecord(outcome.error);
    return reportOfRun(partName(this.id, outcome.part), outcome, this.#cloud);
  }

  /** Nothing happens where it is over. `client.resume` lets it go on. */
  async cancel(reason = "The run was cancelled."): Promise<void> {
    const { attempt } = await newestAttempt(this.#cloud, this.id);
    if ((await outcomeOf(this.#cloud, this.id, attempt)) === undefined) await stopRun(this.#cloud, this.id, reason);
  }

  [inspect.custom](): string {
    return `<CloudRun: ${this.id}>`;
  }

  async #stored({ result = "", run }: RunOutcome & { readonly ok: true }): Promise<unknown> {
    if (result === "") throw new InternalError(`The run ${run} is over, and says nothing of its result.`);
    return decodeSoon(await this.#cloud.store.get(result));
  }

  async #folded(plan: Plan, outcome: RunOutcome & { readonly ok: true }): Promise<unknown> {
    const output = plan.stages.at(-1)?.output;
    if (output?.kind !== "fold")
      throw new OptionError(`The run ${this.id} keeps its outputs for the client that started it: it has no result.`, {
        fields: { run: this.id },
        fix: "compute in place of persist, or start(…) the whole collection.",
      });
    const { partial } = await resultOfPart(this.#cloud, outcome.run, outcome.part, plan, outcome.stages);
    const fold = await loadFold(output.fold.op, output.fold.params);
    const value = await fold.finish(partial);
    return isFrame(value) ? toArrow(value) : value;
  }

  /** Of the latest plan. */
  async #stages(): Promise<StageStatus[]> {
    const plan = await this.#latestPlan();
    if (plan === undefined) return [];
    const { stages } = plan.plan;
    return Promise.all(stages.map(({ id, tasks }) => this.#stage(plan.part, id, taskCount(tasks))));
  }

  async #latestPlan(): Promise<{ readonly part: number; readonly plan: Plan } | undefined> {
    let part = 0;
    while ((await sizeAt(this.#cloud, planKey(this.id, part))) !== undefined) part++;
    return part === 0 ? undefined : { part: part - 1, plan: await planOf(this.#cloud, this.id, part - 1) };
  }

  async #stage(part: number, stage: string, tasks: number): Promise<StageStatus> {
    const place = { run: this.id, part, stage };
    const done = await doneOf(this.#cloud, place);
    if (done !== undefined) return { stage, tasks, done: done.tasks, over: true };
    const bytes = await bytesAt(this.#cloud, progressKey(place));
    const progress = bytes === undefined ? undefined : (JSON.parse(new TextDecoder().decode(bytes)) as StageProgress); // Collect's
    return { stage, tasks, done: progress?.done ?? 0, over: false };
  }
}

function stagesIn({ stages }: RunOutcome & { readonly ok: true }): StageStatus[] {
  return stages.map(({ stage, tasks }) => ({ stage, tasks, done: tasks, over: true }));
}

/** What folds of frames finish as; no other fold gives an object with a batch and a schema. */
function isFrame(value: unknown): value is Frame {
  return typeof value === "object" && value !== null && "schema" in value && "batch" in value;
}
