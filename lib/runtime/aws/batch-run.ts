import { adopted } from "../../adopted.ts";
import { takePrinted, whileRecorded } from "../../callables/console.ts";
import type { Ref, Stage, Task } from "../../plan/plan.ts";
import { loadFold } from "../../kernels/registry.ts";
import { taskAt } from "../../plan/rules.ts";
import { delayMs, mayPass, retriesOf, timeoutError } from "../scheduler/failure.ts";
import { bytesOut, orderedTask, runTask, type TaskResult } from "../task.ts";
import { outputKey, partName } from "./keys.ts";
import { Outbox } from "./outbox.ts";
import { OutputReader, checksumOf, commit } from "./outputs.ts";
import { Prefold } from "./prefold.ts";
import { workerOf } from "./manifest.ts";
import type { PartOf, TaskFacts, WorkInput } from "./protocol.ts";
import type { Services } from "./services.ts";

/** Outputs up to this travel in messages, in bytes. */
const INLINE_BYTES = 128 * 1024;
/** Partials are merged before they travel up to this, in bytes. */
const PREFOLD_BYTES = 64 * 2 ** 20;
/** An Express child gives an attempt 100 seconds (cdk/definition.ts): what does not end before this is handed over, in milliseconds. */
const PATIENCE_MS = 80_000;
/** For what comes behind a task: its output, the message. In milliseconds. */
const RESERVE_MS = 10_000;

type Attempted = { readonly result: TaskResult } | { readonly error: Error; readonly attempts: number };

/** One batch, task by task. */
export class BatchRun {
  readonly #input: WorkInput;
  readonly #stage: Stage;
  readonly #services: Services;
  readonly #outbox: Outbox;
  readonly #reader: OutputReader;
  readonly #began: number;
  #prefold: Prefold | undefined;
  /** Of tasks whose partials are being merged. */
  #folded: TaskFacts[] = [];
  #longestMs = 0;

  constructor(input: WorkInput, stage: Stage, services: Services) {
    this.#input = input;
    this.#stage = stage;
    this.#services = services;
    this.#outbox = new Outbox(input, services);
    this.#reader = new OutputReader(services);
    this.#began = services.clock.now();
  }

  /** Ends behind the first task that fails: those behind it are not wanted any more, whatever becomes of those before. */
  async run(): Promise<void> {
    const { batch, run, part } = this.#input;
    const { output } = this.#stage;
    // Of a task that was left to itself: its run is another.
    takePrinted();
    if (output.kind === "fold" && output.enough === undefined)
      this.#prefold = new Prefold(await loadFold(output.fold.op, output.fold.params));
    for (let index = batch.first; index < batch.first + batch.count; index++) {
      if (index > batch.first && this.#isLate()) return this.#handOver(index);
      const task = orderedTask(taskAt(this.#stage, index, partName(run, part)), batch);
      const attempted = await this.#attempt(task);
      this.#outbox.print(index, takePrinted());
      if ("error" in attempted) {
        await this.#flush();
        return this.#outbox.fail(index, attempted.attempts, attempted.error);
      }
      await this.#accept(attempted.result);
    }
    await this.#flush();
    await this.#outbox.send();
  }

  async #attempt(task: Task): Promise<Attempted> {
    const { clock, log } = this.#services;
    for (let attempt = 1; ; attempt++) {
      const began = clock.now();
      try {
        return { result: await this.#runOnce(task, attempt) };
      } catch (thrown) {
        const error = adopted(thrown);
        const again = mayPass(error, this.#stage) && attempt <= retriesOf(this.#stage);
        const { run, stage } = this.#input;
        log(again ? "warn" : "error", error.message, { run, stage, task: task.index, attempt, error: error.name });
        if (!again || clock.remaining() < 2 * RESERVE_MS) return { error, attempts: attempt };
        await clock.sleep(delayMs(attempt));
      } finally {
        this.#longestMs = Math.max(this.#longestMs, clock.now() - began);
      }
    }
  }

  /** With the task's own time limit, and within the function's. */
  async #runOnce(task: Task, attempt: number): Promise<TaskResult> {
    const { store, clock } = this.#services;
    const own = this.#stage.timeoutMs ?? Infinity;
    const left = Math.max(1, clock.remaining() - RESERVE_MS);
    const abort = new AbortController();
    const over = Promise.withResolvers<never>();
    const end = () => {
      const limited = { ...this.#stage, timeoutMs: Math.min(own, left) };
      over.reject(timeoutError(limited, task, attempt));
      abort.abort();
    };
    const timer = Math.min(own, left) < 2 ** 31 ? setTimeout(end, Math.min(own, left)) : undefined;
    const { signal } = abort;
    try {
      const fetch = this.#reader.fetch.bind(this.#reader);
      const context = { store, fetch: (ref: Ref) => fetch(ref, signal), signal, attempt };
      const result = whileRecorded(() => runTask(this.#stage, task, context));
      return await Promise.race([result, over.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #accept(result: TaskResult): Promise<void> {
    const { index, recordsIn, recordsOut, span, body } = result;
    const ms = Math.round(result.ms * 1000) / 1000;
    const facts = { index, recordsIn, recordsOut, bytesOut: bytesOut(result), ms, ...(span && { span }) };
    // What a guess gave that was in doubt is nothing.
    if (span?.doubt !== undefined) return this.#outbox.add([facts]);
    if (this.#prefold === undefined || span !== undefined)
      return this.#outbox.add([facts], await this.#part(index, 0, body));
    this.#prefold.add(index, body);
    this.#folded.push(facts);
    if (this.#prefold.size > PREFOLD_BYTES) await this.#flush();
  }

  /** Gives away what has been merged so far. */
  async #flush(): Promise<void> {
    for (const { first, level, bytes } of this.#prefold?.take() ?? [])
      await this.#outbox.add(this.#folded.splice(0, 2 ** level), await this.#part(first, level, bytes));
  }

  async #part(first: number, level: number, bytes: Uint8Array): Promise<PartOf> {
    const { batch } = this.#input;
    if (this.#stage.output.kind === "fold" && bytes.byteLength <= INLINE_BYTES) {
      const body = Buffer.from(bytes).toString("base64");
      return { first, level, size: bytes.byteLength, checksum: checksumOf(bytes), body };
    }
    const key = outputKey(this.#input, first, batch.from) + (level === 0 ? "" : `^${level}`);
    return { first, level, ...(await commit(this.#services, key, bytes)), key };
  }

  /** Whether another task like those before might not end in time. */
  #isLate(): boolean {
    const { clock } = this.#services;
    const ends = clock.now() - this.#began + this.#longestMs;
    return ends > PATIENCE_MS || clock.remaining() < RESERVE_MS + 2 * this.#longestMs;
  }

  /** Another call of Work does the rest. */
  async #handOver(first: number): Promise<void> {
    const { batch } = this.#input;
    await this.#flush();
    await this.#outbox.send();
    const rest = { ...this.#input, batch: { ...batch, first, count: batch.first + batch.count - first } };
    const { run, stage } = this.#input;
    this.#services.log("info", "The rest of a batch is handed over.", { run, stage, batch: rest.batch });
    await this.#services.startWork(workerOf(this.#stage), rest);
  }
}
