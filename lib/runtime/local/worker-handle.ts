import { Worker } from "node:worker_threads";
import { toErrorRecord } from "../../errors.ts";
import type { StoreOptions } from "../../store/default-store.ts";
import { indicesOf, type CallsJob, type Job, type Lane, type Loss } from "../executor.ts";
import type { MergeJob, OrdersJob, TasksJob, WorkSource } from "../executor.ts";
import { Control, flightOf, type Flight } from "./flight.ts";
import { CONTROL_SLOTS, NOTHING, type FromWorker, type ToWorker, type WorkerStart } from "./messages.ts";
import { unpackOutcomes } from "./packing.ts";

/**
 * One thread, seen from the pool.
 *
 *     starting ──▶ ready ──▶ retiring ──▶ gone
 *         └──────────┴──────────┴──────────▲        dies, or is stopped, at any point
 *
 * A flight is a job that is out. Jobs are answered in the order they were sent. A flight whose run has left is abandoned: it
 * still occupies the thread until answered, but no one hears of it.
 *
 * Invariants.
 *  1. A thread with no flight is unreferenced: it does not keep the process alive.
 *  2. When a thread goes, every flight is told once, `lost`, and at most one task is named as running: none where it was replaced.
 *  3. What does not come back in time is stopped: a task over its limit, and a cancelled call that runs on, `GRACE_MS` after its
 *     signal was aborted; an abandoned flight after `STUCK_MS`.
 *  4. Calls behind one that takes long do not wait for it: after `RECALL_MS` they are given back, for others to make.
 */
const GRACE_MS = 200;
const STUCK_MS = 1_000;
const RECALL_MS = 100;

export interface HandleHost {
  readonly storeOptions: () => StoreOptions;
  readonly maxOldGenerationSizeMb: number;
  readonly maxYoungGenerationSizeMb: number;
  readonly garbageBytes: number;
  admits(lane: WorkerHandle, peakBytes: number): boolean;
  /** It has room (again). */
  onRoom(lane: WorkerHandle): void;
  onStarted(lane: WorkerHandle): void;
  onGone(lane: WorkerHandle, reason: string, tasks: readonly number[]): void;
}

export class WorkerHandle implements Lane {
  readonly id: number;
  state: "starting" | "ready" | "retiring" | "gone" = "starting";
  readonly #host: HandleHost;
  readonly #worker: Worker;
  readonly #control = new Control(new Int32Array(new SharedArrayBuffer(4 * CONTROL_SLOTS)).fill(NOTHING));
  readonly #known = new Map<number, WorkSource>();
  readonly #flights: Flight[] = [];
  readonly #exited = Promise.withResolvers<void>();
  #batches = 0;
  /** It has not said yet that it runs. */
  neverReady = true;
  #reason: string | undefined;
  #blameless = false;

  constructor(id: number, host: HandleHost) {
    this.id = id;
    this.#host = host;
    const start: WorkerStart = { id, control: this.#control.slots, garbageBytes: host.garbageBytes };
    this.#worker = new Worker(workerUrl(), {
      workerData: start,
      resourceLimits: {
        maxOldGenerationSizeMb: host.maxOldGenerationSizeMb,
        maxYoungGenerationSizeMb: host.maxYoungGenerationSizeMb,
      },
      name: `abanico-${id}`,
      // A thread inherits the process's options, and will not start with one that is meant for the text of --eval.
      ...(process.execArgv.some((option) => option.startsWith("--input-type")) ? { execArgv: [] } : {}),
    });
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (error: unknown) => (this.#reason ??= reasonOf(error)));
    this.#worker.on("exit", (code) => this.#gone(code));
    // Behind the listeners: to listen for messages is to be referenced again.
    this.#worker.unref();
  }

  get inFlight(): number {
    return this.#flights.length;
  }

  get open(): boolean {
    return this.#flights.every(({ job, abandoned, recalled }) => job.open && !abandoned && !recalled);
  }

  get ready(): boolean {
    return this.state === "ready";
  }

  /** The largest projected peak of its jobs, in bytes: they run one after the other. */
  get peakBytes(): number {
    return this.#flights.reduce((peak, { job }) => Math.max(peak, job.peakBytes), 0);
  }

  admits(peakBytes: number): boolean {
    return this.#host.admits(this, peakBytes);
  }

  send(source: WorkSource, job: Job): void {
    const flight = flightOf(this.#batches++, job, source);
    this.#flights.push(flight);
    this.#worker.ref();
    if (job.kind === "merge") this.#sendMerge(flight, job);
    else if (job.kind === "calls") this.#sendCalls(flight, job);
    else this.#sendTasks(flight, job);
    const { timeoutMs } = job;
    if (timeoutMs !== undefined) flight.timer = setTimeout(() => this.#overTime(flight), timeoutMs);
  }

  /** The source has left: its flights are not to be heard of again, and are stopped if they do not end soon. */
  abandon(source: WorkSource): void {
    for (const [key, owner] of this.#known) {
      if (owner !== source) continue;
      this.#known.delete(key);
      this.#post({ type: "forget", key });
    }
    const mine = this.#flights.filter((flight) => flight.source === source && !flight.abandoned);
    for (const flight of mine) {
      flight.abandoned = true;
      clearTimeout(flight.timer);
      this.#control.abandon(flight.batch);
      this.#post({ type: "abort", batch: flight.batch });
      flight.timer = setTimeout(() => this.stop("its task did not end when the run was over"), STUCK_MS);
      flight.timer.unref();
    }
  }

  /** One thing of a job is not wanted any more. Where it runs on regardless, the thread goes; what has not begun yet does not begin. */
  cancel(job: OrdersJob, index: number): void {
    const flight = this.#flights.find((candidate) => candidate.job === job);
    if (flight === undefined || flight.abandoned) return;
    const { batch, cancelled } = flight;
    this.#post({ type: "abort", batch, task: index });
    cancelled.add(index);
    if (cancelled.size > 1) return;
    flight.suspect = this.#control.running(batch);
    this.#watch(flight, GRACE_MS, () => this.#stopCancelled(flight));
  }

  prepare(ops: readonly string[]): void {
    this.#post({ type: "prepare", ops });
  }

  /** Ends when what it holds is done. */
  retire(): void {
    if (this.state === "gone") return;
    this.state = "retiring";
    if (this.#flights.length === 0) this.stop("it was not needed any more");
  }

  /** Ends now. */
  stop(reason: string): void {
    this.#reason ??= reason;
    void this.#worker.terminate();
  }

  /** Ends now, through no fault of what runs: none of it is charged. */
  replace(reason: string): void {
    this.state = "retiring";
    this.#blameless = true;
    this.stop(reason);
  }

  get exited(): Promise<void> {
    return this.#exited.promise;
  }

  #sendMerge({ batch }: Flight, { fold, left, right }: MergeJob): void {
    this.#post({ type: "merge", batch, fold, left, right });
  }

  #sendCalls(flight: Flight, { indices, packed }: CallsJob): void {
    const { batch } = flight;
    this.#post({ type: "calls", batch, indices, packed });
    if (indices.length > 1 || this.#flights.length > 1) this.#watch(flight, RECALL_MS, () => this.#recall(flight));
  }

  #sendTasks({ batch, source }: Flight, { stage, stageKey: key, run, orders, spillTo }: TasksJob): void {
    if (!this.#known.has(key)) {
      this.#known.set(key, source);
      this.#post({ type: "stage", key, run, stage, store: this.#host.storeOptions() });
    }
    const indices = orders.map(({ index }) => index);
    const extras = orders.filter(
      ({ attempt, from, inputs }) => attempt > 1 || from !== undefined || inputs !== undefined,
    );
    this.#post({ type: "tasks", batch, key, indices, extras, ...(spillTo === undefined ? {} : { spillTo }) });
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "ready":
        this.neverReady = false;
        if (this.state === "starting") this.state = "ready";
        this.#host.onStarted(this);
        this.#host.onRoom(this);
        return;
      case "outcomes":
        this.#outcomes(message);
        return;
      case "merged":
        this.#merged(message.batch, message.bytes);
        return;
      case "not-merged":
        this.#merged(message.batch, message.error);
        return;
      case "fetch":
        void this.#fetch(message);
        return;
      case "locate": {
        const { id, batch, refs } = message;
        const source = this.#flights.find((flight) => flight.batch === batch)?.source;
        this.#post({ type: "located", id, found: source?.locate?.(refs) ?? [] });
        return;
      }
      case "progress":
        this.#progress(message);
        return;
      case "printed":
        this.#printed(message);
        return;
    }
  }

  #outcomes({ batch, last, packed }: Extract<FromWorker, { type: "outcomes" }>): void {
    const flight = this.#flights.find((candidate) => candidate.batch === batch);
    if (flight === undefined || flight.job.kind === "merge") return;
    const { job, source, abandoned, timedOut } = flight;
    if (last) this.#land(flight);
    if (!abandoned) {
      const outcomes = unpackOutcomes(packed);
      // A task that failed because its signal was aborted at its time limit: that is its failure.
      const late = timedOut ? outcomes.find((outcome) => "error" in outcome) : undefined;
      if (late === undefined) source.settled(job, outcomes, this.id);
      else source.lost(job, { reason: "time limit", timedOut: true, running: late.index });
      if (last) source.ended(job);
    }
    if (last) this.#host.onRoom(this);
  }

  #merged(batch: number, outcome: Parameters<WorkSource["merged"]>[1]): void {
    const flight = this.#flights.find((candidate) => candidate.batch === batch);
    if (flight === undefined || flight.job.kind !== "merge") return;
    this.#land(flight);
    if (!flight.abandoned) flight.source.merged(flight.job, outcome);
    this.#host.onRoom(this);
  }

  async #fetch({ id, batch, ref }: Extract<FromWorker, { type: "fetch" }>): Promise<void> {
    const flight = this.#flights.find((candidate) => candidate.batch === batch);
    if (flight === undefined) return;
    try {
      this.#post({ type: "fetched", id, bytes: await flight.source.fetch(ref) });
    } catch (error) {
      this.#post({ type: "not-fetched", id, error: toErrorRecord(error) });
    }
  }

  #progress({ batch, task, fraction }: Extract<FromWorker, { type: "progress" }>): void {
    const source = this.#flights.find((flight) => flight.batch === batch && !flight.abandoned)?.source;
    source?.notice({ type: "task-progress", run: "calls", stage: "calls", task, worker: this.id, fraction });
  }

  #printed({ batch, task, printed }: Extract<FromWorker, { type: "printed" }>): void {
    const { source, job } = this.#flights.find((flight) => flight.batch === batch && !flight.abandoned) ?? {};
    const [run, stage] = job?.kind === "tasks" ? [job.run, job.stage.id] : ["calls", "calls"];
    for (const piece of printed) source?.notice({ type: "printed", run, stage, task, worker: this.id, ...piece });
  }

  /** Until the flight has landed; one watch at a time. */
  #watch(flight: Flight, ms: number, body: () => void): void {
    clearTimeout(flight.watch);
    flight.watch = setTimeout(body, ms);
    flight.watch.unref();
  }

  /** A cancelled call that was seen running twice had its time to end. */
  #stopCancelled(flight: Flight): void {
    const runs = this.#control.running(flight.batch);
    const stays = runs !== undefined && flight.cancelled.has(runs);
    if (stays && runs === flight.suspect) {
      this.stop("its task was cancelled, and did not end");
      return;
    }
    // It may have begun since it was told.
    if (stays) this.#post({ type: "abort", batch: flight.batch, task: runs });
    flight.suspect = stays ? runs : undefined;
    this.#watch(flight, GRACE_MS, () => this.#stopCancelled(flight));
  }

  /** The first flight takes long: what has not begun, of it and of those behind it, is given back. `flight`: one of them. */
  #recall(flight: Flight): void {
    const [first] = this.#flights;
    const onlyCalls = this.#flights.every(({ job }) => job.kind === "calls");
    // What has not begun at all is about to: the thread is still starting.
    if (!onlyCalls || this.#control.running(first.batch) === undefined) {
      this.#watch(flight, RECALL_MS, () => this.#recall(flight));
      return;
    }
    this.#control.abandon(this.#batches - 1);
    for (const one of [...this.#flights]) {
      const { job, source, batch } = one;
      one.recalled = true;
      if (job.kind !== "calls" || one.abandoned) continue;
      // Asked behind that: from here on nothing more begins.
      const left = one === first ? this.#control.notBegun(batch, job) : job.indices;
      if (left !== undefined) source.returned?.(job, left);
    }
  }

  #land(flight: Flight): void {
    clearTimeout(flight.timer);
    clearTimeout(flight.watch);
    this.#flights.splice(this.#flights.indexOf(flight), 1);
    if (this.#flights.length > 0) return;
    // One that is stopped keeps the process until it has gone: someone waits for that.
    if (this.#reason === undefined) this.#worker.unref();
    if (this.state === "retiring") this.stop("it was not needed any more");
  }

  #overTime(flight: Flight): void {
    // Its time begins when it does: the thread may still have been loading what it runs with.
    if (flight.job.kind === "calls" && this.#control.current() === undefined) {
      flight.timer = setTimeout(() => this.#overTime(flight), flight.job.timeoutMs);
      return;
    }
    flight.timedOut = true;
    this.#post({ type: "abort", batch: flight.batch });
    flight.timer = setTimeout(() => this.stop("its task ran over its time limit"), GRACE_MS);
  }

  #gone(code: number): void {
    this.state = "gone";
    const reason = this.#reason ?? `the thread ended with exit code ${code}`;
    const running = this.#runningTask();
    const flights = this.#flights.splice(0);
    const tasks: number[] = [];
    for (const { timer, watch, job } of flights) {
      clearTimeout(timer);
      clearTimeout(watch);
      if (job.kind !== "merge") tasks.push(...indicesOf(job));
    }
    this.#host.onGone(this, reason, tasks);
    for (const flight of flights) {
      if (flight.abandoned) continue;
      const mine = flight.batch === running?.batch ? running.task : undefined;
      flight.source.lost(flight.job, { reason, timedOut: flight.timedOut, running: mine } satisfies Loss);
    }
    this.#exited.resolve();
  }

  /** What it was at when it went; if it does not say, the first task it held: a death must be charged to someone to come to an end. */
  #runningTask(): { readonly batch: number; readonly task: number } | undefined {
    if (this.#blameless) return undefined;
    const current = this.#control.current();
    if (current !== undefined) return current;
    const [first] = this.#flights;
    if (first === undefined || first.job.kind === "merge") return undefined;
    return { batch: first.batch, task: indicesOf(first.job)[0] };
  }
}

/** The entry beside this file: .ts from source, .js from the package. (The compiler rewrites imports, not URLs.) */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : undefined;
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return "it ran out of memory";
  return `${error.name}: ${error.message}`;
}
