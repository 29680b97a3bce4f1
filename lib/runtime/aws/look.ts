import type { Plan, Stage } from "../../plan/plan.ts";
import { taskCount } from "../../plan/rules.ts";
import type { RunEvent, StageReport } from "../runtime.ts";
import { progressKey } from "./keys.ts";
import type { StageDone, StageProgress } from "./protocol.ts";
import { bytesAt, doneOf, type Bucket } from "./run-objects.ts";

/**
 * Tells of a run's stages by what its functions write: `progress.json`, which may be missing or late, and `done.json`, which is not. Stages run one after the
 * other, so that one is looked at at a time. However often it looks, each stage is told of once, and in order.
 */
export class StageLook {
  readonly #bucket: Bucket;
  readonly #run: string;
  readonly #part: number;
  readonly #name: string;
  readonly #stages: readonly Stage[];
  readonly #emit: (event: RunEvent) => void;
  /** The stage that runs. */
  #at = 0;
  #started = false;
  #done = 0;
  /** Pieces of what it printed that were told of. */
  #printed = 0;

  /** `name`: what events call the run. */
  constructor(
    bucket: Bucket,
    { run, part, name }: { readonly run: string; readonly part: number; readonly name: string },
    plan: Plan,
    emit: (event: RunEvent) => void,
  ) {
    this.#bucket = bucket;
    this.#run = run;
    this.#part = part;
    this.#name = name;
    this.#stages = plan.stages;
    this.#emit = emit;
  }

  /** Whether anything was told. */
  async look(): Promise<boolean> {
    let moved = false;
    for (let stage = this.#stages[this.#at]; stage !== undefined; stage = this.#stages[this.#at]) {
      const place = { run: this.#run, part: this.#part, stage: stage.id };
      const [progress, done] = await Promise.all([this.#progressOf(place), doneOf(this.#bucket, place)]);
      if (progress !== undefined) moved = this.#progressed(stage, progress) || moved;
      if (done === undefined) return moved;
      this.#finished(stage, done);
      moved = true;
    }
    return moved;
  }

  /** The stages that an outcome tells of and that were not told of yet. */
  finish(stages: readonly (StageDone & { readonly stage: string })[]): void {
    for (let stage = this.#stages[this.#at]; stage !== undefined; stage = this.#stages[this.#at]) {
      const done = stages.find((one) => one.stage === stage.id);
      if (done === undefined) return;
      this.#finished(stage, done);
    }
  }

  async #progressOf(place: Parameters<typeof progressKey>[0]): Promise<StageProgress | undefined> {
    const bytes = await bytesAt(this.#bucket, progressKey(place));
    return bytes === undefined ? undefined : (JSON.parse(new TextDecoder().decode(bytes)) as StageProgress); // Collect's
  }

  #progressed(stage: Stage, progress: StageProgress): boolean {
    this.#start(stage);
    for (const { task, stream, text } of this.#newlyPrinted(progress))
      this.#emit({ type: "printed", run: this.#name, stage: stage.id, task, worker: 0, stream, text });
    if (progress.done <= this.#done) return false;
    this.#done = progress.done;
    const { tasks, done, recordsIn, bytesOut, busyMs } = progress;
    this.#emit({
      type: "stage-progress",
      run: this.#name,
      stage: stage.id,
      tasks,
      done,
      recordsIn,
      bytesOut,
      busyMs,
    });
    return true;
  }

  #newlyPrinted({ printed = [], printedBefore = 0 }: StageProgress) {
    const fresh = printed.slice(Math.max(0, this.#printed - printedBefore));
    this.#printed = Math.max(this.#printed, printedBefore + printed.length);
    return fresh;
  }

  #finished(stage: Stage, done: StageDone): void {
    this.#start(stage);
    for (const [task, from] of Object.entries(done.repaired))
      this.#emit({ type: "task-repaired", run: this.#name, stage: stage.id, task: Number(task), from });
    this.#emit({ type: "stage-finished", run: this.#name, report: reportOf(stage.id, done) });
    this.#at++;
    this.#started = false;
    this.#done = 0;
    this.#printed = 0;
  }

  #start(stage: Stage): void {
    if (this.#started) return;
    this.#started = true;
    this.#emit({ type: "stage-started", run: this.#name, stage: stage.id, tasks: taskCount(stage.tasks) });
  }
}

export function reportOf(stage: string, done: StageDone): StageReport {
  const { tasks, attempts, recordsIn, recordsOut, bytesOut, busyMs, wallMs, repaired } = done;
  return {
    stage,
    tasks,
    attempts,
    repaired: Object.keys(repaired).length,
    recordsIn,
    recordsOut,
    bytesOut,
    busyMs,
    wallMs,
    spilledBytes: 0,
  };
}
