import { OptionError, WorkerDiedError } from "../../errors.ts";
import type { StoreOptions } from "../../store/default-store.ts";
import type { Executor, OrdersJob, WorkSource } from "../executor.ts";
import type { RunEvent } from "../runtime.ts";
import { weighFrom } from "../weight.ts";
import { GARBAGE_SHARE } from "./messages.ts";
import { WorkerHandle, type HandleHost } from "./worker-handle.ts";

/**
 * The pool: as many threads as were asked for, each given work when it has room.
 *
 * Threads that die are replaced at once. Sources (runs) take turns. A thread that has just come free is asked for first, so that a
 * task whose input it has made tends to run where that input is in its caches; no thread ever waits for that.
 *
 * Admission: the projected peaks of what runs, one a thread (the largest of its jobs), stay within the memory limit; where nothing
 * runs, one job may always start.
 */
export interface PoolOptions {
  readonly threads: number;
  /** A thread's share of the memory limit, in bytes: they use it together. */
  readonly memoryBytesPerThread: number;
  /** Heap of a thread's JavaScript, in MiB. */
  readonly heapMb: number;
  readonly storeOptions: () => StoreOptions;
}

/** Deaths in a row, of threads that never came to be ready, after which no more are started. */
const START_FAILURES = 3;

export class Pool implements Executor {
  readonly name = "local";
  readonly offloadsMerges = true;
  readonly #options: PoolOptions;
  readonly #host: HandleHost;
  readonly #lanes: WorkerHandle[] = [];
  /** Gone from `lanes`, not yet from the process. */
  readonly #leaving = new Set<WorkerHandle>();
  #sources: WorkSource[] = [];
  #threads: number;
  #ids = 0;
  #failedStarts = 0;
  #closed = false;
  #wakes = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#threads = checkThreads(options.threads);
    weighFrom(options.memoryBytesPerThread);
    this.#host = {
      storeOptions: options.storeOptions,
      maxOldGenerationSizeMb: options.heapMb,
      maxYoungGenerationSizeMb: youngMb(options.memoryBytesPerThread),
      garbageBytes: options.memoryBytesPerThread / GARBAGE_SHARE,
      admits: (lane, peakBytes) => this.#admits(lane, peakBytes),
      onRoom: (lane) => this.#serve(lane),
      onStarted: (lane) => this.#started(lane),
      onGone: (lane, reason, tasks) => this.#gone(lane, reason, tasks),
    };
    this.#fill();
  }

  get threads(): number {
    return this.#threads;
  }

  add(source: WorkSource): void {
    this.#sources.push(source);
    this.#fill();
    this.wake();
  }

  remove(source: WorkSource): void {
    this.#sources = this.#sources.filter((other) => other !== source);
    for (const lane of this.#lanes) lane.abandon(source);
    for (const lane of this.#leaving) lane.abandon(source);
  }

  /** Once a turn of the event loop is enough, however many ask for it. */
  wake(): void {
    if (this.#wakes) return;
    this.#wakes = true;
    queueMicrotask(() => {
      this.#wakes = false;
      // In rounds: a second job for one lane only when all have a first.
      let lanes: readonly WorkerHandle[] = [...this.#lanes];
      while (lanes.length > 0) lanes = lanes.filter((lane) => this.#serveOne(lane));
    });
  }

  lanes(): readonly number[] {
    return this.#lanes.map(({ id }) => id);
  }

  cancel(_source: WorkSource, job: OrdersJob, index: number): void {
    for (const lane of this.#lanes) lane.cancel(job, index);
    for (const lane of this.#leaving) lane.cancel(job, index);
  }

  prepare(ops: readonly string[]): void {
    for (const lane of this.#lanes) lane.prepare(ops);
  }

  async scale(threads: number): Promise<void> {
    this.#threads = checkThreads(threads);
    // Those that do nothing go first.
    const byLoad = [...this.#lanes].sort((a, b) => a.inFlight - b.inFlight);
    for (const lane of byLoad.slice(0, Math.max(0, byLoad.length - threads))) {
      this.#leave(lane);
      lane.retire();
    }
    this.#fill();
    this.wake();
  }

  /** Ends when the threads that were there are gone; those in their place start meanwhile. */
  async restart(): Promise<void> {
    const old = [...this.#lanes];
    for (const lane of old) {
      this.#leave(lane);
      lane.replace("its client was restarted");
    }
    this.#fill();
    await Promise.all(old.map((lane) => lane.exited));
  }

  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#lanes, ...this.#leaving];
    for (const lane of all) lane.stop("its client was closed");
    await Promise.all(all.map((lane) => lane.exited));
  }

  #fill(): void {
    while (!this.#closed && this.#lanes.length < this.#threads && this.#failedStarts < START_FAILURES)
      this.#lanes.push(new WorkerHandle(this.#ids++, this.#host));
  }

  /** Gives a lane what it has room for. */
  #serve(lane: WorkerHandle): void {
    while (this.#serveOne(lane));
  }

  /** One job, where it has room and there is any. */
  #serveOne(lane: WorkerHandle): boolean {
    if (lane.state === "retiring" || lane.state === "gone") return false;
    for (const source of this.#sources) {
      const job = source.next(lane);
      if (job === undefined) continue;
      lane.send(source, job);
      // The next turn begins with another source.
      if (this.#sources.length > 1) this.#sources = [...this.#sources.filter((other) => other !== source), source];
      return true;
    }
    return false;
  }

  #admits(lane: WorkerHandle, peakBytes: number): boolean {
    let others = 0;
    for (const other of this.#lanes) if (other !== lane) others += other.peakBytes;
    for (const other of this.#leaving) others += other.peakBytes;
    const own = Math.max(lane.peakBytes, peakBytes);
    return others === 0 ? true : others + own <= this.#threads * this.#options.memoryBytesPerThread;
  }

  #started(lane: WorkerHandle): void {
    this.#failedStarts = 0;
    this.#tell({ type: "worker-started", worker: lane.id });
  }

  #gone(lane: WorkerHandle, reason: string, tasks: readonly number[]): void {
    if (lane.neverReady && !this.#closed && !this.#leaving.has(lane)) this.#failedStarts++;
    this.#leave(lane);
    this.#leaving.delete(lane);
    if (this.#closed) return;
    this.#tell({ type: "worker-died", worker: lane.id, reason, tasks });
    this.#fill();
    this.wake();
    if (this.#lanes.length === 0) this.#giveUp(reason);
  }

  /** No thread can be started: waiting would be for ever. */
  #giveUp(reason: string): void {
    const error = new WorkerDiedError(`No worker thread can be started: ${reason}.`, {
      fields: { reason, attempts: this.#failedStarts },
      fix: "see the reason; a memoryLimit that is too small for a thread to start is a common one.",
    });
    for (const source of this.#sources) source.fail(error);
    // The next run may try again.
    this.#failedStarts = 0;
  }

  #leave(lane: WorkerHandle): void {
    const at = this.#lanes.indexOf(lane);
    if (at < 0) return;
    this.#lanes.splice(at, 1);
    this.#leaving.add(lane);
  }

  #tell(event: RunEvent): void {
    for (const source of this.#sources) source.notice(event);
  }
}

/**
 * Of a thread's young generation, in MiB. V8's own bound is 48, and it takes that for good, also where nearly all in it is garbage: with
 * 16, counting the words of 1 GB peaks at 270 MB and not 520, and no benchmark takes more processor time.
 */
const LARGEST_YOUNG_MB = 16;
const SMALLEST_YOUNG_MB = 6;

/** An eighth of the thread's memory, where that is less. */
function youngMb(memoryBytes: number): number {
  const share = Math.floor(memoryBytes / 8 / 2 ** 20);
  return Math.min(LARGEST_YOUNG_MB, Math.max(SMALLEST_YOUNG_MB, share));
}

function checkThreads(threads: number): number {
  if (Number.isInteger(threads) && threads >= 1) return threads;
  throw new OptionError(`A pool needs at least one thread, a whole number; found ${threads}.`, { fields: { threads } });
}
