import { OptionError, toErrorRecord } from "../errors.ts";
import type { TaskContext } from "../kernels/kernel.ts";
import type { Ref, Task } from "../plan/plan.ts";
import { taskAt } from "../plan/rules.ts";
import type { Store } from "../store/store.ts";
import { runtimeOver } from "./core.ts";
import type { Executor, Lane, Order, Outcome, TasksJob, WorkSource } from "./executor.ts";
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
        if (job === undefined || job.kind !== "tasks") continue;
        this.#woken = true;
        for (const order of job.orders) {
          if (!this.#sources.has(source)) break;
          source.settled(job, [await this.#outcome(source, job, order)], 0);
          if (performance.now() - turn < TURN_MS) continue;
          await new Promise(setImmediate);
          turn = performance.now();
        }
        source.ended(job);
      }
    }
    this.#busy = false;
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
