import type { CallableRef } from "../callables/reference.ts";
import { OptionError, toErrorRecord } from "../errors.ts";
import type { TaskContext } from "../kernels/kernel.ts";
import type { Ref, Task } from "../plan/plan.ts";
import { taskAt } from "../plan/rules.ts";
import type { Store } from "../store/store.ts";
import { runtimeOver } from "./core.ts";
import { resultRef } from "./calls/wire.ts";
import type { CallsJob, Executor, Lane, Order, OrdersJob, Outcome, TasksJob, WorkSource } from "./executor.ts";
import type { Runtime } from "./runtime.ts";
import { timeoutError } from "./scheduler/failure.ts";
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

class InlineExecutor implements Executor {
  readonly name = "inline";
  readonly threads = 1;
  readonly offloadsMerges = false;
  readonly #store: Store;
  readonly #sources = new Set<WorkSource>();
  /** One a source, aborted when it leaves. */
  readonly #aborts = new Map<WorkSource, AbortController>();
  readonly #functions = new Map<number, CallableRef>();
  /** The call that is being made. */
  #current: { readonly job: CallsJob; readonly index: number; readonly abort: AbortController } | undefined;
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

  wake(): void {
    this.#woken = true;
    if (!this.#busy) void this.#work();
  }

  lanes(): readonly number[] {
    return [LANE.id];
  }

  cancel(_source: WorkSource, job: OrdersJob, index: number): void {
    if (this.#current?.job === job && this.#current.index === index) this.#current.abort.abort();
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
    this.#busy = true;
    let turn = performance.now();
    while (this.#woken) {
      this.#woken = false;
      for (const source of this.#sources) {
        const job = source.next(LANE);
        if (job === undefined || job.kind === "merge") continue;
        this.#woken = true;
        const compute =
          job.kind === "tasks" ? (order: Order) => this.#outcome(source, job, order) : await this.#calls(source, job);
        for (const [position, order] of job.orders.entries()) {
          if (!this.#sources.has(source)) break;
          const outcome = await compute(order, position);
          if (outcome !== undefined) source.settled(job, [outcome], LANE.id);
          if (performance.now() - turn < TURN_MS) continue;
          await new Promise(setImmediate);
          turn = performance.now();
        }
        source.ended(job);
      }
    }
    this.#busy = false;
  }

  /** How the calls of a job are made. */
  async #calls(
    source: WorkSource,
    job: CallsJob,
  ): Promise<(order: Order, position: number) => Promise<Outcome | undefined>> {
    const { CallRunner } = await import("./calls/run-call.ts");
    const runner = new CallRunner(job.packed, this.#functions);
    const fetch = (id: number) => source.fetch(resultRef(id));
    return async ({ index }, position) => {
      const abort = new AbortController();
      this.#current = { job, index, abort };
      const left = this.#aborts.get(source)?.signal;
      const signal = left === undefined ? abort.signal : AbortSignal.any([left, abort.signal]);
      const outcome = runner.run(position, index, { worker: LANE.id, signal, fetch });
      if (job.timeoutMs === undefined || !(outcome instanceof Promise)) return outcome;
      return this.#inTime(source, job, index, abort, outcome, job.timeoutMs);
    };
  }

  /** What does not end in time is left to itself: there is no thread to stop. */
  async #inTime(
    source: WorkSource,
    job: CallsJob,
    index: number,
    abort: AbortController,
    outcome: Promise<Outcome | undefined>,
    timeoutMs: number,
  ): Promise<Outcome | undefined> {
    const over = Promise.withResolvers<"over">();
    const timer = setTimeout(() => over.resolve("over"), timeoutMs);
    try {
      const first = await Promise.race([outcome, over.promise]);
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
        return await runTask(job.stage, task, this.#context(source, order, abort.signal));
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
      const context = this.#context(source, order, AbortSignal.any([signal, limit.signal]));
      return await Promise.race([runTask(job.stage, task, context), over.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #context(source: WorkSource, { attempt }: Order, signal: AbortSignal): TaskContext {
    return { store: this.#store, fetch: (ref: Ref) => source.fetch(ref), signal, attempt };
  }
}
