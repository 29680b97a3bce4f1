import { fromErrorRecord, toErrorRecord } from "../../errors.ts";
import { taskAt, taskCount } from "../../plan/rules.ts";
import type { Stage, Task } from "../../plan/plan.ts";
import { Bitset } from "../bitset.ts";
import { ChainGate } from "../chain.ts";
import type { Lane, Loss, Order, Outcome, TasksJob } from "../executor.ts";
import type { StageReport } from "../runtime.ts";
import { bytesOut, orderedTask, type TaskResult } from "../task.ts";
import { Delays } from "./delays.ts";
import { delayMs, finalError, lossError, mayPass, retriesOf } from "./failure.ts";
import { HeldFailure } from "./held-failure.ts";
import { Pace } from "./pace.ts";
import { ReadyList } from "./ready-list.ts";
import type { Sink, StageHost } from "./stage-host.ts";
import { Tally } from "./tally.ts";

/**
 * One stage of a run: which of its tasks may start, and what becomes of each.
 *
 * States of a task. A task has a record from its first start until it is done; before and after it costs one bit.
 *
 *     (unseen) ──▶ running ──▶ gated ──▶ done        gated: it has an output whose start is not proven yet (chain.ts)
 *                   │   ▲        │
 *                   │   │        ▼
 *                   │  ready ◀── repair              the start it had guessed was wrong: again, from the proven one
 *                   ▼   ▲
 *                 waiting                            after a failure that may pass, until its delay is over
 *
 * A task that was lost, or handed back, without having run goes from running to ready, and is not charged an attempt. A failure
 * for good ends the run, but is held (held-failure.ts) until all before it are done, and no task behind it starts: one of them may
 * fail too, or bring enough, and they tell which row of the file it was. So which failure is told does not hang on timing.
 *
 * Invariants.
 *  1. `low` is the lowest task that is not done. No task starts at or beyond `low + window`: what is held out of order is bounded.
 *  2. Each task's output is accepted once: when it becomes done. Counts of records are summed then, and only then.
 *  3. With `enough`, outputs are accepted in ascending order, so that the tree can be cut behind the one that brought enough.
 *  4. A stage is finished when all its tasks are done and its sink has nothing left to do.
 */
interface TaskRecord {
  readonly index: number;
  state: "ready" | "running" | "waiting" | "gated";
  failures: number;
  from?: number;
  lane: number;
  job: TasksJob | undefined;
  result?: TaskResult;
}

/** Only ever counts up: it makes keys unique in the process, and holds nothing of a run. */
let stageKeys = 0;

export class StageRun {
  readonly stage: Stage;
  readonly key = stageKeys++;
  /** A barrier: the stages this one reads must be finished before, but for the first where tasks are fed. Two where two sides of an exchange meet; those beside come last. */
  readonly reads: readonly StageRun[];
  /** How many tasks there are; less than planned once enough is had. */
  count: number;
  reported = false;
  readonly tally = new Tally();

  readonly #host: StageHost;
  readonly #sink: Sink;
  readonly #peakBytes: number;
  readonly #enough: number | undefined;
  readonly #gate: ChainGate | undefined;
  /** For tasks that wait each for one output of another stage. */
  readonly #fed: boolean;
  readonly #producers = new Map<number, number>();
  readonly #pace = new Pace();
  readonly #ready = new ReadyList();
  readonly #again = new ReadyList();
  readonly #records = new Map<number, TaskRecord>();
  readonly #done: Bitset;
  readonly #delays = new Delays();
  #inOrder = new Map<number, { result: TaskResult; lane: number }>();
  #held: HeldFailure | undefined;
  #finished = false;
  #cursor = 0;
  #low = 0;
  #amount = 0;

  constructor(stage: Stage, reads: readonly StageRun[], sink: Sink, host: StageHost) {
    this.stage = stage;
    this.reads = reads;
    this.count = taskCount(stage.tasks);
    this.#host = host;
    this.#sink = sink;
    this.#peakBytes = Object.values(stage.estimate.peakBytes).reduce((sum, bytes) => sum + bytes, 0);
    this.#enough = stage.output.kind === "fold" ? stage.output.enough : undefined;
    this.#gate = stage.tasks.kind === "ranges" ? new ChainGate(stage.tasks) : undefined;
    this.#fed = stage.tasks.kind === "outputs";
    this.#done = new Bitset(this.count);
  }

  get finished(): boolean {
    // Remembered: stages that read many stages, which read many, would be asked about again and again.
    this.#finished ||=
      this.tally.accepted === this.count && this.#sink.done && this.reads.every((read) => read.finished);
    return this.#finished;
  }

  isDone(index: number): boolean {
    return this.#done.has(index);
  }

  /** The output that task `index` reads is there. `lane` made it: that lane may have it in its caches. */
  feed(index: number, lane: number): void {
    if (index >= this.count) return;
    this.#producers.set(index, lane);
    this.#ready.add(index);
  }

  begin(): void {
    if (!this.tally.begin()) return;
    this.#host.emit?.({ type: "stage-started", run: this.#host.run, stage: this.stage.id, tasks: this.count });
  }

  /** A job for a lane; undefined where there is nothing to do now, or nothing for this lane. */
  next(lane: Lane): TasksJob | undefined {
    const timeoutMs = this.stage.timeoutMs;
    const single = timeoutMs !== undefined || this.#enough !== undefined;
    const open = !single && this.#pace.sendsAhead(this.count - this.#cursor, this.#host.threads);
    if (lane.inFlight > 0 && !(lane.open && open && lane.inFlight < 2)) return undefined;
    if (!(this.#fed ? this.reads.slice(1) : this.reads).every((read) => read.finished)) return undefined;
    if (timeoutMs !== undefined && (!lane.ready || lane.inFlight > 0)) return undefined;
    if (!this.#hasTask() || !lane.admits(this.#peakBytes)) return undefined;
    const size = single ? 1 : this.#pace.jobSize(this.count - this.#cursor, this.#host.threads);
    const indices = this.#takeTasks(size, lane.id);
    if (indices.length === 0) return undefined;
    this.begin();
    const job: TasksJob = {
      kind: "tasks",
      run: this.#host.run,
      stage: this.stage,
      stageKey: this.key,
      orders: indices.map((index) => this.#order(index)),
      spillTo: this.#sink.spillTo?.(),
      peakBytes: this.#peakBytes,
      open,
      timeoutMs,
    };
    for (const index of indices) this.#start(index, lane.id, job);
    return job;
  }

  settled(job: TasksJob, outcomes: readonly Outcome[], lane: number): void {
    let ms = 0;
    let results = 0;
    for (const outcome of outcomes) {
      const record = this.#records.get(outcome.index);
      // Late: cut off by an early stop, or run again elsewhere meanwhile.
      if (record === undefined || record.job !== job) continue;
      this.tally.attempts++;
      record.job = undefined;
      this.#tellPrinted(outcome, lane);
      if ("error" in outcome) {
        this.#failed(record, fromErrorRecord(outcome.error));
        continue;
      }
      ms += outcome.ms;
      results++;
      this.tally.busyMs += outcome.ms;
      this.#host.emit?.({
        type: "task-finished",
        run: this.#host.run,
        stage: this.stage.id,
        task: outcome.index,
        worker: lane,
        ms: outcome.ms,
        recordsIn: outcome.recordsIn,
        bytesOut: bytesOut(outcome),
      });
      this.#pass(record, outcome);
    }
    this.#pace.observe(ms, results);
    this.#checkHeld();
  }

  #tellPrinted({ index, printed }: Outcome, worker: number): void {
    const { run, emit } = this.#host;
    for (const piece of printed ?? [])
      emit?.({ type: "printed", run, stage: this.stage.id, task: index, worker, ...piece });
  }

  /** The job is over: tasks that were not run are ready again, uncharged. */
  ended(job: TasksJob): void {
    for (const { index } of job.orders) {
      const record = this.#records.get(index);
      if (record?.job === job) this.#makeReady(record);
    }
  }

  lost(job: TasksJob, loss: Loss): void {
    for (const { index } of job.orders) {
      const record = this.#records.get(index);
      if (record?.job !== job) continue;
      if (index !== loss.running) {
        this.#makeReady(record);
        continue;
      }
      record.job = undefined;
      this.tally.attempts++;
      this.#failed(record, lossError(loss, this.stage, this.#taskOf(record), record.failures + 1));
    }
    this.#checkHeld();
  }

  /** Ends all waiting. */
  close(): void {
    this.#delays.cancel();
  }

  report(): StageReport {
    return this.tally.report(this.stage.id);
  }

  #hasTask(): boolean {
    return (
      this.#again.size > 0 ||
      (this.#fed ? (this.#ready.lowest ?? Infinity) < this.#limit() : this.#cursor < this.#end())
    );
  }

  /** Where the cursor has to stop for now, exclusive. */
  #end(): number {
    // Those that may turn out not to be needed are not run far ahead.
    const window = this.#enough === undefined ? this.#pace.window(this.#host.threads) : this.#host.threads;
    const end = Math.min(this.count, this.#low + window, this.#limit());
    return this.#held === undefined ? end : Math.min(end, this.#held.task);
  }

  #limit(): number {
    return this.#host.limit?.() ?? Infinity;
  }

  #takeTasks(size: number, lane: number): number[] {
    const taken: number[] = [];
    const matters = (index: number) => this.#held?.matters(index) ?? true;
    while (taken.length < size) {
      const index = this.#again.take() ?? (this.#fed ? this.#takeFed(lane) : this.#advance());
      if (index === undefined) break;
      if (matters(index)) taken.push(index);
    }
    return taken;
  }

  #takeFed(lane: number): number | undefined {
    const limit = this.#limit();
    if ((this.#ready.lowest ?? Infinity) >= limit) return undefined;
    const index = this.#ready.take((candidate) => candidate < limit && this.#producers.get(candidate) === lane);
    if (index !== undefined) this.#producers.delete(index);
    return index;
  }

  #advance(): number | undefined {
    return this.#cursor < this.#end() ? this.#cursor++ : undefined;
  }

  #order(index: number): Order {
    const record = this.#records.get(index);
    const attempt = (record?.failures ?? 0) + 1;
    const from = record?.from === undefined ? {} : { from: record.from };
    const { kind } = this.stage.tasks;
    if (kind !== "outputs" && kind !== "refs" && kind !== "sections" && kind !== "union")
      return { index, attempt, ...from };
    const { input } = taskAt(this.stage, index, this.#host.run);
    const inputs = input.kind === "refs" ? this.#host.inputsOf(input.refs) : undefined;
    return { index, attempt, ...(inputs === undefined ? {} : { inputs }) };
  }

  #start(index: number, lane: number, job: TasksJob): void {
    let record = this.#records.get(index);
    if (record === undefined) {
      record = { index, state: "running", failures: 0, lane, job };
      this.#records.set(index, record);
    }
    record.state = "running";
    record.lane = lane;
    record.job = job;
    this.#host.emit?.({
      type: "task-started",
      run: this.#host.run,
      stage: this.stage.id,
      task: index,
      attempt: record.failures + 1,
      worker: lane,
    });
  }

  #makeReady(record: TaskRecord): void {
    record.state = "ready";
    record.job = undefined;
    this.#again.add(record.index);
  }

  #taskOf(record: TaskRecord): Task {
    return orderedTask(taskAt(this.stage, record.index, this.#host.run), record);
  }

  /** An output has come: through the gate where its start was guessed, straight on otherwise. */
  #pass(record: TaskRecord, result: TaskResult): void {
    if (this.#gate === undefined || result.span === undefined) {
      this.#finish(record, result);
      return;
    }
    record.state = "gated";
    record.result = result;
    const verdict = this.#gate.offer(record.index, result.span, result.recordsIn, record.from);
    for (const index of verdict.released) {
      const released = this.#records.get(index);
      if (released?.result !== undefined) this.#finish(released, released.result);
    }
    for (const { task, from } of verdict.repairs) {
      const wrong = this.#records.get(task);
      if (wrong === undefined) continue;
      this.tally.repaired++;
      delete wrong.result;
      wrong.from = from;
      this.#makeReady(wrong);
      this.#host.emit?.({ type: "task-repaired", run: this.#host.run, stage: this.stage.id, task, from });
    }
  }

  #finish(record: TaskRecord, result: TaskResult): void {
    this.#records.delete(record.index);
    if (this.#enough === undefined) {
      this.#accept(result, record.lane);
      return;
    }
    this.#inOrder.set(result.index, { result, lane: record.lane });
    for (;;) {
      const following = this.#inOrder.get(this.#low);
      if (following === undefined) return;
      this.#inOrder.delete(this.#low);
      this.#amount += this.#sink.amountOf(following.result.body);
      const enough = this.#amount >= this.#enough;
      this.#accept(following.result, following.lane);
      if (enough) this.#cut(following.result.index + 1);
    }
  }

  #accept(result: TaskResult, lane: number): void {
    const { index, body, file } = result;
    this.#done.add(index);
    this.tally.accept(result);
    while (this.#low < this.count && this.#done.has(this.#low)) this.#low++;
    this.#sink.accept(index, body, file);
    this.#host.onDone(index, lane);
  }

  /** Enough is had with the first `count` tasks: the others are as if they had never been. */
  #cut(count: number): void {
    if (count >= this.count) return;
    this.count = count;
    this.#cursor = Math.min(this.#cursor, count);
    this.#inOrder = new Map();
    this.#again.retain((index) => index < count);
    for (const index of this.#records.keys()) if (index >= count) this.#records.delete(index);
    this.#held = undefined;
    this.#sink.truncate(count);
  }

  #failed(record: TaskRecord, error: Error): void {
    record.failures++;
    const charged = record.failures;
    const willRetry = mayPass(error, this.stage) && charged <= retriesOf(this.stage);
    this.#host.emit?.({
      type: "task-failed",
      run: this.#host.run,
      stage: this.stage.id,
      task: record.index,
      attempt: charged,
      error: toErrorRecord(error),
      willRetry,
    });
    if (willRetry) {
      this.#retryLater(record);
      return;
    }
    const final = finalError(error, this.stage, this.#taskOf(record), charged);
    if (this.#held?.matters(record.index) ?? true) this.#held = new HeldFailure(record.index, final);
  }

  #retryLater(record: TaskRecord): void {
    record.state = "waiting";
    this.#delays.after(delayMs(record.failures), () => {
      this.#host.guard(() => {
        if (record.state !== "waiting" || this.#records.get(record.index) !== record) return;
        this.#makeReady(record);
        this.#host.wake();
      });
    });
  }

  /** Throws the held failure once everything before it is done. */
  #checkHeld(): void {
    if (this.#held !== undefined && this.#low >= this.#held.task) throw this.#held.completed(this.#gate);
  }
}
