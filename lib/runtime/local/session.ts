import { takePrinted } from "../../callables/console.ts";
import { fromErrorRecord, toErrorRecord } from "../../errors.ts";
import type { TaskContext } from "../../kernels/kernel.ts";
import { loadFold, loadKernel } from "../../kernels/registry.ts";
import type { Ref, Stage, Work } from "../../plan/plan.ts";
import { taskAt } from "../../plan/rules.ts";
import type { StoreOptions } from "../../store/default-store.ts";
import type { Store } from "../../store/store.ts";
import type { CallMemory } from "../calls/run-call.ts";
import type { Located, Order, Outcome } from "../executor.ts";
import { orderedTask, runTask } from "../task.ts";
import {
  ABANDONED_SLOT,
  BATCH_SLOT,
  GARBAGE_SHARE,
  NOTHING,
  TASK_SLOT,
  type FromWorker,
  type ToWorker,
  type WorkerStart,
} from "./messages.ts";
import { Garbage } from "./garbage.ts";
import { Packet } from "./packet.ts";
import { packOutcomes, sharedBody } from "./packing.ts";
import { TaskInputs } from "../task-inputs.ts";
import { weigh, weighFrom } from "../weight.ts";

/** A job that was expected to be short and is not is handed back from here on, so that others can share in it. */
const HAND_BACK_MS = 25;
/** Tiny calls leave little: looking for garbage behind each would cost as much as the call. */
const LOOK_MS = 1;

type Batch = Extract<ToWorker, { type: "tasks" | "calls" | "merge" }>;

interface KnownStage {
  readonly run: string;
  readonly stage: Stage;
  readonly store: StoreOptions;
  opened: Store | undefined;
}

/** What a thread does with its messages: jobs one after the other, in the order they came. */
export class Session {
  readonly #id: number;
  readonly #garbage: Garbage;
  readonly #control: Int32Array;
  readonly #post: (message: FromWorker) => void;
  readonly #stages = new Map<number, KnownStage>();
  readonly #queue: Batch[] = [];
  readonly #fetches = new Map<number, PromiseWithResolvers<Uint8Array>>();
  readonly #locating = new Map<number, PromiseWithResolvers<readonly (Located | undefined)[]>>();
  /** What this thread keeps of users' functions; made with the first of them. */
  #memory: CallMemory | undefined;
  /** Of a batch, what was aborted before it began. */
  readonly #skipped = new Map<number, Set<number>>();
  #abort = new AbortController();
  /** The one task that was aborted; undefined: all of the batch. */
  #abortedTask: number | undefined;
  #fetchIds = 0;
  #current = NOTHING;
  /** When garbage was looked for. */
  #looked = 0;

  constructor({ id, control, garbageBytes }: WorkerStart, post: (message: FromWorker) => void) {
    this.#id = id;
    this.#garbage = new Garbage(garbageBytes);
    weighFrom(GARBAGE_SHARE * garbageBytes);
    this.#control = control;
    this.#post = post;
  }

  receive(message: ToWorker): void {
    switch (message.type) {
      case "stage": {
        const { key, run, stage, store } = message;
        this.#stages.set(key, { run, stage, store, opened: undefined });
        return;
      }
      case "forget":
        this.#stages.delete(message.key);
        return;
      case "prepare":
        // A kernel that cannot be loaded says so when its task comes.
        for (const op of message.ops) loadKernel(op).catch(() => undefined);
        return;
      case "tasks":
      case "calls":
      case "merge":
        this.#queue.push(message);
        if (this.#queue.length === 1) void this.#work();
        return;
      case "abort":
        // Not what runs: then it has ended, or has not begun and is stopped by the shared slot or passed over.
        this.#stop(message);
        return;
      case "fetched":
        this.#fetches.get(message.id)?.resolve(weigh(message.bytes));
        this.#fetches.delete(message.id);
        return;
      case "located":
        this.#locating.get(message.id)?.resolve(message.found);
        this.#locating.delete(message.id);
        return;
      case "not-fetched":
        this.#fetches.get(message.id)?.reject(fromErrorRecord(message.error));
        this.#fetches.delete(message.id);
        return;
    }
  }

  /** The thread ends, with the task that runs: what that has printed comes with no outcome. */
  leave(): void {
    const printed = this.#current === NOTHING ? undefined : takePrinted();
    if (printed === undefined) return;
    this.#post({ type: "printed", batch: this.#current, task: Atomics.load(this.#control, TASK_SLOT), printed });
  }

  async #work(): Promise<void> {
    for (let batch = this.#queue[0]; batch !== undefined; batch = this.#queue[0]) {
      this.#current = batch.batch;
      Atomics.store(this.#control, BATCH_SLOT, batch.batch);
      await this.#one(batch);
      Atomics.store(this.#control, BATCH_SLOT, NOTHING);
      this.#current = NOTHING;
      this.#renew();
      this.#skipped.delete(batch.batch);
      this.#queue.shift();
    }
  }

  #one(batch: Batch): Promise<void> {
    switch (batch.type) {
      case "tasks":
        return this.#tasks(batch);
      case "calls":
        return this.#calls(batch);
      case "merge":
        return this.#merge(batch);
    }
  }

  #stop({ batch, task }: Extract<ToWorker, { type: "abort" }>): void {
    if (task !== undefined && this.#queue.some((queued) => queued.batch === batch)) {
      const skipped = this.#skipped.get(batch);
      if (skipped === undefined) this.#skipped.set(batch, new Set([task]));
      else skipped.add(task);
    }
    if (this.#current !== batch) return;
    if (task !== undefined && Atomics.load(this.#control, TASK_SLOT) !== task) return;
    this.#abortedTask = task;
    this.#abort.abort();
  }

  #renew(): void {
    this.#abortedTask = undefined;
    if (this.#abort.signal.aborted) this.#abort = new AbortController();
  }

  async #tasks({ batch, key, indices, extras, spillTo }: Extract<Batch, { type: "tasks" }>): Promise<void> {
    const stage = this.#stages.get(key);
    // Forgotten meanwhile: the run is over, and no one waits for the outcome.
    if (stage === undefined) {
      this.#send(batch, true, []);
      return;
    }
    let extra = 0;
    // What others read, each from its own thread, is shared.
    await this.#each(batch, indices, stage.stage.output.kind !== "fold", (_, index) => {
      const order = extras[extra]?.index === index ? extras[extra++] : { index, attempt: 1 };
      return this.#run(batch, stage, order, spillTo);
    });
  }

  async #calls({ batch, indices, packed }: Extract<Batch, { type: "calls" }>): Promise<void> {
    const [{ CallMemory, CallRunner }, { resultRef }] = await Promise.all([
      import("../calls/run-call.ts"),
      import("../calls/wire.ts"),
    ]);
    this.#memory ??= new CallMemory();
    const signal = () => this.#abort.signal;
    const runner = new CallRunner(packed, this.#memory, {
      worker: this.#id,
      get signal() {
        return signal();
      },
      fetch: (id) => this.#ask(batch, resultRef(id)),
      progress: (task, fraction) => this.#post({ type: "progress", batch, task, fraction }),
    });
    await this.#each(batch, indices, false, (place, index) => runner.run(place, index));
  }

  /** Runs things one after the other, and sends their outcomes in packets. A thing without an outcome is handed back. */
  async #each(
    batch: number,
    indices: readonly number[] | Int32Array,
    shareAll: boolean,
    run: (position: number, index: number) => Outcome | undefined | Promise<Outcome | undefined>,
  ): Promise<void> {
    const begin = performance.now();
    let now = begin;
    const packet = new Packet(begin, (outcomes, last) => this.#send(batch, last, outcomes, shareAll));
    for (let i = 0; i < indices.length; i++) {
      if (now - begin > HAND_BACK_MS) break;
      Atomics.store(this.#control, TASK_SLOT, indices[i]);
      if (Atomics.load(this.#control, ABANDONED_SLOT) >= batch) break;
      if (this.#skipped.size > 0 && this.#skipped.get(batch)?.has(indices[i]) === true) continue;
      const given = run(i, indices[i]);
      const outcome = given instanceof Promise ? await packet.during(given) : given;
      if (this.#abortedTask !== undefined) this.#renew();
      now = performance.now();
      if (now - this.#looked >= LOOK_MS) {
        this.#garbage.look();
        this.#looked = now;
      }
      if (outcome !== undefined) packet.add(outcome, i + 1 < indices.length, now);
    }
    Atomics.store(this.#control, TASK_SLOT, NOTHING);
    packet.end();
  }

  async #run(batch: number, known: KnownStage, order: Order, spillTo: string | undefined): Promise<Outcome> {
    try {
      known.opened ??= await openStore(known.store);
      const task = orderedTask(taskAt(known.stage, order.index, known.run), order);
      const refs = task.input.kind === "refs" ? task.input.refs : [];
      const inputs = new TaskInputs(refs, order.inputs, {
        locate: (all) => this.#locate(batch, all),
        fetch: (ref) => this.#ask(batch, ref),
      });
      const context: TaskContext = {
        store: known.opened,
        fetch: (ref) => inputs.fetch(ref),
        signal: this.#abort.signal,
        attempt: order.attempt,
      };
      return printedToo(await runTask(known.stage, task, context, spillTo));
    } catch (error) {
      return printedToo({ index: order.index, error: toErrorRecord(error) });
    }
  }

  async #merge({ batch, fold, left, right }: Extract<Batch, { type: "merge" }>): Promise<void> {
    try {
      const bytes = sharedBody(await mergeEncoded(fold, left, right));
      this.#post({ type: "merged", batch, bytes });
    } catch (error) {
      this.#post({ type: "not-merged", batch, error: toErrorRecord(error) });
    }
  }

  #locate(batch: number, refs: readonly Ref[]): Promise<readonly (Located | undefined)[]> {
    const id = this.#fetchIds++;
    const answer = Promise.withResolvers<readonly (Located | undefined)[]>();
    this.#locating.set(id, answer);
    this.#post({ type: "locate", id, batch, refs });
    return answer.promise;
  }

  #ask(batch: number, ref: Ref): Promise<Uint8Array> {
    const id = this.#fetchIds++;
    const answer = Promise.withResolvers<Uint8Array>();
    this.#fetches.set(id, answer);
    this.#post({ type: "fetch", id, batch, ref });
    return answer.promise;
  }

  #send(batch: number, last: boolean, outcomes: readonly Outcome[], shareAll = false): void {
    this.#post({ type: "outcomes", batch, last, packed: packOutcomes(outcomes, shareAll) });
  }
}

/** With what the user's function has printed. */
function printedToo(outcome: Outcome): Outcome {
  const printed = takePrinted();
  return printed === undefined ? outcome : { ...outcome, printed };
}

async function openStore(options: StoreOptions): Promise<Store> {
  const { defaultStore } = await import("../../store/default-store.ts");
  return defaultStore(options);
}

async function mergeEncoded({ op, params }: Work, left: Uint8Array, right: Uint8Array): Promise<Uint8Array> {
  const fold = await loadFold(op, params);
  const merged = await fold.mergeEncoded?.(left, right);
  if (merged !== undefined) return merged;
  // Of copies: a merge may write into its arguments, and if this thread dies the halves have to be whole for the next.
  return fold.encode(fold.merge(fold.decode(left.slice()), fold.decode(right.slice())));
}
