import type { CallableRef } from "../../callables/reference.ts";
import { InternalError, fromErrorRecord, toErrorRecord } from "../../errors.ts";
import type { CallsJob, Executor, Job, Lane, OrdersJob, Outcome, WorkSource } from "../executor.ts";
import { delayMs } from "../scheduler/failure.ts";
import type { BundleUploads } from "./bundle-uploads.ts";
import { CallCargo } from "./call-cargo.ts";
import type { CallAnswer } from "./call-protocol.ts";
import type { Cloud, Invoked } from "./cloud.ts";
import { Congestion } from "./congestion.ts";
import { callKey, objectUrl } from "./keys.ts";

/**
 * Single calls by invocations of a stack's function `call`. A lane is an invocation that is out; how many there are at a time is found out (congestion.ts).
 *
 *     taken ──▶ sent ──▶ answered ──▶ ended                what was not run is handed back
 *                ▲ │ └──▶ died: calls one by one, until the one is known that it died of ──▶ lost
 *                └─┴──── refused (throttled), or its answer lost: sent again after a while
 *
 * Invariants.
 *  1. A job is ended or lost once, whatever happens to its invocations. A call may run more than once (an answer was lost), as on threads (a worker died).
 *  2. A cancelled call's invocation is left alone: its lane is free at once, and a marker in S3 tells the function, which then gives up.
 *  3. An invocation knows nothing of those before: whatever its calls name comes with it.
 */
export interface CallExecutorOptions {
  readonly cloud: Cloud;
  /** Names this client in the bucket. */
  readonly client: string;
  readonly bundles: BundleUploads;
  readonly concurrency: number;
  /** Hash of this library's code. */
  readonly bundle?: string;
}

/** An invocation takes tens of milliseconds by itself. */
const CALLS_MS = 200;
/** Answers that were lost, in a row, after which the function counts as dead. */
const LOST_ANSWERS = 3;
/** A time limit is the function's to keep; where it does not answer for so long after it, it never will. In milliseconds. */
const GRACE_MS = 30_000;

/**
 * What the graph of calls sees of all invocations: it tells a lane of each function once, and what it was told is remembered here. A lane for each would be remembered
 * there for ever.
 */
const LANE: Lane = { id: 0, inFlight: 0, open: false, ready: true, admits: () => true };

interface Flight {
  /** Numbers those that are out at a time, from 0. */
  readonly worker: number;
  readonly source: WorkSource;
  readonly job: CallsJob;
  /** Names it in S3. */
  readonly name: string;
  /** Aborted when nobody waits for it any more. */
  readonly abort: AbortController;
  readonly cancelled: Set<number>;
}

export class CallExecutor implements Executor {
  readonly name = "aws";
  readonly offloadsMerges = false;
  readonly callsMs = CALLS_MS;
  readonly #options: CallExecutorOptions;
  readonly #cargo: CallCargo;
  readonly #congestion: Congestion;
  readonly #sources = new Set<WorkSource>();
  readonly #flights = new Set<Flight>();
  readonly #functions = new Map<number, CallableRef>();
  readonly #free: number[] = [];
  #jobs = 0;
  #pumping = false;
  #closed = false;

  constructor(options: CallExecutorOptions) {
    this.#options = options;
    this.#cargo = new CallCargo(options);
    this.#congestion = new Congestion(options.concurrency);
  }

  /** How many calls share the work, as far as is known now. */
  get threads(): number {
    return this.#congestion.window;
  }

  /** The most that may be out at a time. */
  get concurrency(): number {
    return this.#congestion.limit;
  }

  set concurrency(limit: number) {
    this.#congestion.limit = limit;
    this.wake();
  }

  add(source: WorkSource): void {
    this.#sources.add(source);
    this.wake();
  }

  remove(source: WorkSource): void {
    this.#sources.delete(source);
    for (const flight of this.#flights) if (flight.source === source) this.#leave(flight);
  }

  wake(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  /** Lambda's workers come and go: no call can be for one of them. */
  lanes(): readonly number[] {
    return [];
  }

  cancel(_source: WorkSource, job: OrdersJob, index: number): void {
    for (const flight of this.#flights) {
      if (flight.job !== job) continue;
      flight.cancelled.add(index);
      if (flight.job.indices.every((one) => flight.cancelled.has(one))) this.#leave(flight);
    }
  }

  prepare(): void {
    // A function loads its code when it is first called.
  }

  async scale(threads: number): Promise<void> {
    this.concurrency = threads;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const source of [...this.#sources]) this.remove(source);
  }

  #pump(): void {
    while (!this.#closed && this.#flights.size < this.#congestion.window) {
      const taken = this.#take();
      if (taken === undefined) return;
      this.#flights.add(taken);
      void this.#fly(taken);
    }
  }

  #take(): Flight | undefined {
    for (const source of this.#sources) {
      const job: Job | undefined = source.next(LANE);
      if (job === undefined) continue;
      if (job.kind !== "calls") throw new InternalError(`A ${job.kind} job came to the function for calls.`);
      for (const [id, ref] of job.packed.functions) this.#functions.set(id, ref);
      const name = `${this.#jobs++}-${crypto.randomUUID().slice(0, 8)}`;
      const worker = this.#free.pop() ?? this.#flights.size;
      return { worker, source, job, name, abort: new AbortController(), cancelled: new Set() };
    }
    return undefined;
  }

  /** Nobody waits for it any more. */
  #leave(flight: Flight): void {
    if (flight.abort.signal.aborted) return;
    flight.abort.abort();
    this.#land(flight);
    const { client, cloud } = this.#options;
    const marker = objectUrl(cloud, callKey(client, `stop/${flight.name}`));
    // Without it the call runs to its end: that costs money, and harms nothing.
    if (!this.#closed) cloud.store.put(marker, new Uint8Array(0)).catch(() => undefined);
    if (this.#sources.has(flight.source)) flight.source.ended(flight.job);
    this.wake();
  }

  #land(flight: Flight): void {
    this.#flights.delete(flight);
    this.#free.push(flight.worker);
  }

  async #fly(flight: Flight): Promise<void> {
    const { job, source, abort } = flight;
    const every = job.indices.length === 1 ? [0] : [...job.indices.keys()];
    try {
      await this.#send(flight, every);
      if (abort.signal.aborted) return;
      this.#land(flight);
      source.ended(job);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#land(flight);
      this.#fails(flight, error);
    } finally {
      this.wake();
    }
  }

  /** Sends the calls at some places, and what is left of them one by one where the function died of one. @throws LostError */
  async #send(flight: Flight, places: readonly number[]): Promise<void> {
    const answer = await this.#answer(flight, places);
    if (flight.abort.signal.aborted) return;
    if (!("reason" in answer)) return this.#settle(flight, answer);
    if (places.length === 1) throw new LostError(answer.reason, answer.timedOut, flight.job.indices[places[0]]);
    for (const place of places) {
      if (flight.abort.signal.aborted) return;
      if (!flight.cancelled.has(flight.job.indices[place])) await this.#send(flight, [place]);
    }
  }

  async #settle(flight: Flight, answer: CallAnswer): Promise<void> {
    const { job, source, worker } = flight;
    if (answer.refused !== undefined) throw fromErrorRecord(answer.refused);
    const outcomes: Outcome[] = [];
    for (const told of answer.outcomes) outcomes.push(await this.#cargo.outcomeOf(told));
    if (flight.abort.signal.aborted) return;
    for (const { index, fraction } of answer.outcomes)
      if (fraction !== undefined)
        source.notice({ type: "task-progress", run: "calls", stage: "calls", task: index, worker, fraction });
    source.settled(job, outcomes, worker);
    if (answer.timedOut !== undefined) throw new LostError("time limit", true, answer.timedOut);
  }

  /** The answer, or how the function died. Passing faults are waited out. */
  async #answer(flight: Flight, places: readonly number[]): Promise<CallAnswer | Died> {
    const { cloud } = this.#options;
    const { signal } = flight.abort;
    const payload = await this.#cargo.payloadOf(flight, places, this.#functions);
    let lost = 0;
    for (let attempt = 1; ; attempt++) {
      const sentAt = cloud.clock.now();
      const invoked = await this.#invoke(flight, payload);
      if (signal.aborted) return { outcomes: [] };
      switch (invoked.kind) {
        case "answered":
          this.#congestion.succeeded();
          return JSON.parse(invoked.payload) as CallAnswer; // the function's
        case "died":
          return { reason: withLog(invoked), timedOut: false };
        case "late":
          return { reason: "time limit", timedOut: true };
        case "throttled":
          this.#congestion.refused(sentAt, cloud.clock.now());
          break;
        case "lost":
          if (++lost >= LOST_ANSWERS)
            return { reason: `its answer was lost ${lost} times: ${invoked.reason}`, timedOut: false };
      }
      await cloud.clock.sleep(delayMs(attempt), signal);
      if (signal.aborted) return { outcomes: [] };
    }
  }

  /** "late": a call with a time limit, of which nothing was heard long after. */
  async #invoke({ job: { timeoutMs }, abort }: Flight, payload: string): Promise<Invoked | { readonly kind: "late" }> {
    const { cloud } = this.#options;
    if (timeoutMs === undefined) return cloud.invoke(payload, abort.signal);
    const patience = new AbortController();
    const late = cloud.clock.sleep(timeoutMs + GRACE_MS, patience.signal).then(() => ({ kind: "late" as const }));
    try {
      return await Promise.race([cloud.invoke(payload, AbortSignal.any([abort.signal, patience.signal])), late]);
    } finally {
      patience.abort();
    }
  }

  #fails({ source, job, worker }: Flight, error: unknown): void {
    if (error instanceof LostError) {
      const { message: reason, timedOut, running } = error;
      source.lost(job, { reason, timedOut, running });
      return;
    }
    // Credentials, permissions, a function that is not there: every call of the job fails of it.
    const record = toErrorRecord(error);
    const outcomes = [...job.indices].map((index) => ({ index, error: record }));
    source.settled(job, outcomes, worker);
    source.ended(job);
  }
}

interface Died {
  readonly reason: string;
  readonly timedOut: boolean;
}

/** The function died of one call. */
class LostError extends Error {
  readonly timedOut: boolean;
  readonly running: number;

  constructor(reason: string, timedOut: boolean, running: number) {
    super(reason);
    this.timedOut = timedOut;
    this.running = running;
  }
}

function withLog({ reason, log }: Extract<Invoked, { kind: "died" }>): string {
  const lines = (log ?? "").split("\n").filter((line) => line.trim() !== "");
  return lines.length === 0 ? reason : `${reason}\n  log of the function:\n    ${lines.slice(-8).join("\n    ")}\n `;
}
