import { OptionError, toErrorRecord } from "../errors.ts";
import type { TaskContext } from "../kernels/kernel.ts";
import type { Ref, Task } from "../plan/plan.ts";
import { taskAt } from "../plan/rules.ts";
import type { Store } from "../store/store.ts";
import { runtimeOver } from "./core.ts";
import type { CallMemory } from "./calls/run-call.ts";
import { resultRef } from "./calls/wire.ts";
import { indicesOf } from "./executor.ts";
import type { CallsJob, Executor, Lane, Order, OrdersJob, Outcome, TasksJob, WorkSource } from "./executor.ts";
import type { Runtime } from "./runtime.ts";
import { timeoutError } from "./scheduler/failure.ts";
import { TaskInputs } from "./task-inputs.ts";
import { orderedTask, runTask } from "./task.ts";

/**
 * No threads: tasks run one after the other where the program runs. For tests, for debugging with breakpoints, and where
 * starting threads is not wanted. A task's time limit aborts its signal and stops waiting for it; a busy loop it cannot stop.
 */
export interface InlineOptions {
  readonly store: Store;
  /** Per task, in bytes. Default: no limit. */
  readonly memoryLimitBytes?: number;
  /** Kept outputs beyond this go to disk, in bytes. Default 1 GiB. */
  readonly vaultBytes?: number;
}

export function createInlineRuntime({ store, memoryLimitBytes, vaultBytes }: InlineOptions): Runtime {
  return runtimeOver({
    executor: new InlineExecutor(store),
    taskLimitBytes: memoryLimitBytes ?? Infinity,
    taskBytes: memoryLimitBytes ?? Infinity,
    vaultBytes: vaultBytes ?? 2 ** 30,
  });
}

/** So often others get their turn between tasks: timers, signals, a server in the same process. In milliseconds. */
const TURN_MS = 10;

const LANE: Lane = { id: 0, inFlight: 0, open: false, ready: true, admits: () => true };

/** A call that is cancelled and does not end is left to itself after this: there is no thread to stop. In milliseconds. */
const GRACE_MS = 200;

interface CurrentCall {
  readonly job: CallsJob;
  readonly index: number;
  readonly abort: AbortController;
  /** Who waits for it waits no more. */
  readonly left: PromiseWithResolvers<undefined>;
}

class InlineExecutor implements Executor {
  readonly name = "inline";
  readonly threads = 1;
  readonly offloadsMerges = false;
  readonly #store: Store;
  readonly #sources = new Set<WorkSource>();
  /** One a source, aborted when it leaves. */
  readonly #aborts = new Map<WorkSource, AbortController>();
  #memory: CallMemory | undefined;
  /** The call that is being made. */
  #current: CurrentCall | undefined;
  /** Calls of the job at hand that were cancelled before they began. */
  readonly #skipped = new Set<number>();
  #busy = false;
  /** Someone may have work that was not there when last asked. */
  #woken = false;

  constructor(store: Store) {
    this.#store = store;
  }

  add(source: WorkSource): void {
    this.#sources.add(source);
    this.#aborts.set(source, new AbortController());
    this.wake();
  }

  remove(source: WorkSource): void {
    this.#sources.delete(source);
    this.#aborts.get(source)?.abort();
    this.#aborts.delete(source);
  }

  /** Later: who wakes may be in the middle of something. */
  wake(): void {
    this.#woken = true;
    if (this.#busy) return;
    this.#busy = true;
    queueMicrotask(() => void this.#work());
  }

  lanes(): readonly number[] {
    return [LANE.id];
  }

  cancel(_source: WorkSource, job: OrdersJob, index: number): void {
    const current = this.#current;
    if (current?.job !== job) return;
    if (current.index !== index) {
      this.#skipped.add(index);
      return;
    }
    current.abort.abort();
    setTimeout(() => current.left.resolve(undefined), GRACE_MS).unref();
  }

  prepare(): void {
    // The code is loaded by the first task, on this very thread.
  }

  async scale(threads: number): Promise<void> {
    if (threads === 1) return;
    throw new OptionError(`The inline runtime has one thread of execution, and cannot have ${threads}.`, {
      fields: { threads },
      fix: "use a local client for more.",
    });
  }

  async close(): Promise<void> {
    for (const source of this.#sources) this.remove(source);
  }

  /** Until no source has work. Sources take turns. */
  async #work(): Promise<void> {
    let turn = performance.now();
    while (this.#woken) {
      this.#woken = false;
      for (const source of this.#sources) {
        const job = source.next(LANE);
        if (job === undefined || job.kind === "merge") continue;
        this.#woken = true;
        const compute = job.kind === "tasks" ? this.#tasks(source, job) : await this.#calls(source, job);
        const count = indicesOf(job).length;
        for (let place = 0; place < count; place++) {
          if (!this.#sources.has(source)) break;
          const outcome = await compute(place);
          if (outcome !== undefined) source.settled(job, [outcome], LANE.id);
          if (performance.now() - turn < TURN_MS) continue;
          await new Promise(setImmediate);
          turn = performance.now();
        }
        this.#skipped.clear();
        source.ended(job);
      }
    }
    this.#busy = false;
  }

  #tasks(source: WorkSource, job: TasksJob): (place: number) => Promise<Outcome> {
    return (place) => this.#outcome(source, job, job.orders[place]);
  }

  /** How the calls of a job are made. */
  async #calls(source: WorkSource, job: CallsJob): Promise<(place: number) => Promise<Outcome | undefined>> {
    const { CallMemory, CallRunner } = await import("./calls/run-call.ts");
    this.#memory ??= new CallMemory();
    const left = this.#aborts.get(source)?.signal;
    let signal = new AbortController().signal;
    const runner = new CallRunner(job.packed, this.#memory, {
      worker: LANE.id,
      get signal() {
        return signal;
      },
      fetch: (id) => source.fetch(resultRef(id)),
      progress: (task, fraction) =>
        source.notice({ type: "task-progress", run: "calls", stage: "calls", task, worker: LANE.id, fraction }),
    });
    return async (place) => {
      const index = job.indices[place];
      if (this.#skipped.has(index)) return undefined;
      const current = { job, index, abort: new AbortController(), left: Promise.withResolvers<undefined>() };
      this.#current = current;
      signal = left === undefined ? current.abort.signal : AbortSignal.any([left, current.abort.signal]);
      const outcome = runner.run(place, index);
      if (!(outcome instanceof Promise)) return outcome;
      return this.#inTime(source, current, outcome);
    };
  }

  /** What does not end in time is left to itself: there is no thread to stop. */
  async #inTime(
    source: WorkSource,
    { job, index, abort, left }: CurrentCall,
    outcome: Promise<Outcome | undefined>,
  ): Promise<Outcome | undefined> {
    const over = Promise.withResolvers<"over">();
    const timer = job.timeoutMs === undefined ? undefined : setTimeout(() => over.resolve("over"), job.timeoutMs);
    try {
      const first = await Promise.race([outcome, over.promise, left.promise]);
      if (first !== "over") return first;
      abort.abort();
      source.lost(job, { reason: "time limit", timedOut: true, running: index });
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  async #outcome(source: WorkSource, job: TasksJob, order: Order): Promise<Outcome> {
    const abort = this.#aborts.get(source);
    if (abort === undefined) return { index: order.index, error: toErrorRecord(new Error("abandoned")) };
    try {
      const task = orderedTask(taskAt(job.stage, order.index, job.run), order);
      if (job.timeoutMs === undefined)
        return await runTask(job.stage, task, this.#context(source, task, order, abort.signal));
      return await this.#limited(source, job, order, task, job.timeoutMs, abort.signal);
    } catch (error) {
      return { index: order.index, error: toErrorRecord(error) };
    }
  }

  async #limited(
    source: WorkSource,
    job: TasksJob,
    order: Order,
    task: Task,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const limit = new AbortController();
    const over = Promise.withResolvers<Outcome>();
    const timer = setTimeout(() => {
      limit.abort();
      over.resolve({ index: order.index, error: toErrorRecord(timeoutError(job.stage, task, order.attempt)) });
    }, timeoutMs);
    try {
      const context = this.#context(source, task, order, AbortSignal.any([signal, limit.signal]));
      return await Promise.race([runTask(job.stage, task, context), over.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #context(source: WorkSource, { input }: Task, { attempt }: Order, signal: AbortSignal): TaskContext {
    const inputs = new TaskInputs(input.kind === "refs" ? input.refs : [], undefined, {
      locate: (refs) => source.locate?.(refs) ?? [],
      fetch: (ref) => source.fetch(ref),
    });
    return { store: this.#store, fetch: (ref: Ref) => inputs.fetch(ref), signal, attempt };
  }
}
