import { format, inspect } from "node:util";
import { continuationOf } from "../../kernels/call/continuation.ts";
import { takePrinted } from "../../callables/console.ts";
import { runWithContext, type TaskInfo } from "../../callables/context.ts";
import { loadCallable, loadedCallable, type Loaded } from "../../callables/load.ts";
import { nameImporter } from "../../callables/missing-import.ts";
import type { CallableRef } from "../../callables/reference.ts";
import { sourceLineOf } from "../../callables/source-line.ts";
import { encodeResult } from "../../callables/travel.ts";
import { InternalError, toErrorRecord } from "../../errors.ts";
import { decodeValue } from "../../values.ts";
import type { Outcome } from "../executor.ts";
import { CallReader, type PackedCalls, type ReadCall } from "./wire.ts";

/** What a thread gives the calls of a job. */
export interface CallHost {
  readonly worker: number;
  /** Of the call that runs. */
  readonly signal: AbortSignal;
  fetch(id: number): Promise<Uint8Array>;
  progress(index: number, fraction: number): void;
}

/** What a thread keeps from job to job. */
export class CallMemory {
  /** Functions that it has been told of. */
  readonly functions = new Map<number, CallableRef>();
  readonly #broadcast = new Map<number, WeakRef<object>>();
  readonly #gone = new FinalizationRegistry<number>((id) => {
    if (this.#broadcast.get(id)?.deref() === undefined) this.#broadcast.delete(id);
  });

  /** Decoded once, and kept for as long as there is memory to spare or a call uses it. */
  broadcast(id: number, bytes: Uint8Array): unknown {
    const known = this.#broadcast.get(id)?.deref();
    if (known !== undefined) return known;
    const value = decodeValue(bytes);
    if (typeof value !== "object" || value === null) return value;
    this.#broadcast.set(id, new WeakRef(value));
    this.#gone.register(value, id);
    return value;
  }
}

/** Makes the calls of one job, one after the other: the same on a thread and inline. */
export class CallRunner {
  readonly #memory: CallMemory;
  readonly #host: CallHost;
  readonly #reader: CallReader;
  /** Results that later calls of the job need, by place. */
  readonly #results: (Uint8Array | undefined)[] = [];
  /** When the call before ended: the next begins then. */
  #lap = performance.now();

  constructor(packed: PackedCalls, memory: CallMemory, host: CallHost) {
    for (const [id, ref] of packed.functions) memory.functions.set(id, ref);
    this.#memory = memory;
    this.#host = host;
    this.#reader = new CallReader(packed, {
      earlier: (place) => this.#results[place],
      fetch: (id) => host.fetch(id),
      broadcast: (id, bytes) => memory.broadcast(id, bytes),
    });
  }

  /** Undefined: it needs an earlier call of this job that gave no result; it is handed back. Nothing is thrown. */
  run(place: number, index: number): Outcome | undefined | Promise<Outcome | undefined> {
    let call: ReadCall | undefined;
    try {
      call = this.#reader.read(place);
      if (call === undefined) return undefined;
      const { args } = call;
      const ref = this.#functionOf(call.fn);
      const fn = loadedCallable(ref);
      if (fn === undefined || args instanceof Promise) return this.#runSlowly(ref, call, place, index);
      const result = runWithContext(new CallInfo(ref, call, index, this.#host), () => fn(...args));
      if (isPromise(result)) return this.#whenSettled(result, call, place, index);
      return this.#given(result, call, place, index);
    } catch (error) {
      return this.#failed(error, call, index);
    }
  }

  /** What a call of the job is called. */
  key(place: number, index: number): string {
    const { fn, key } = this.#reader.head(place);
    return key === "" ? `${nameOf(this.#memory.functions.get(fn))}-${index}` : key;
  }

  /** What the function of a call of the job is called. */
  name(place: number): string {
    return nameOf(this.#memory.functions.get(this.#reader.head(place).fn));
  }

  async #runSlowly(ref: CallableRef, call: ReadCall, place: number, index: number): Promise<Outcome> {
    try {
      const [fn, args]: [Loaded, unknown[]] = await Promise.all([loadCallable(ref), call.args]);
      // Loading is not what the next call of this function will take.
      this.#lap = performance.now();
      const value: unknown = await runWithContext(new CallInfo(ref, call, index, this.#host), () => fn(...args));
      return this.#given(value, call, place, index);
    } catch (error) {
      return this.#failed(error, call, index);
    }
  }

  async #whenSettled(result: PromiseLike<unknown>, call: ReadCall, place: number, index: number): Promise<Outcome> {
    try {
      return this.#given(await result, call, place, index);
    } catch (error) {
      return this.#failed(error, call, index);
    }
  }

  #given(value: unknown, call: ReadCall, place: number, index: number): Outcome {
    let body: Uint8Array;
    try {
      const more = continuationOf(value);
      body = more ?? encodeResult(value, nameOf(this.#memory.functions.get(call.fn)));
      if (call.kept && more === undefined) this.#results[place] = body;
    } catch (error) {
      return this.#failed(error, call, index);
    }
    const printed = takePrinted();
    const ms = this.#taken();
    return printed === undefined
      ? { index, body, recordsIn: 1, recordsOut: 1, ms }
      : { index, body, recordsIn: 1, recordsOut: 1, ms, printed };
  }

  #failed(thrown: unknown, call: ReadCall | undefined, index: number): Outcome {
    const ref = call === undefined ? undefined : this.#memory.functions.get(call.fn);
    nameImporter(thrown, ref);
    const record = toErrorRecord(thrown);
    const printed = takePrinted();
    const error = {
      ...record,
      stack: `${record.stack ?? `${record.name}: ${record.message}`}${whereabouts(thrown, ref, call, index)}`,
    };
    this.#taken();
    return printed === undefined ? { index, error } : { index, error, printed };
  }

  /** Since the call before ended, in milliseconds. */
  #taken(): number {
    const now = performance.now();
    const ms = now - this.#lap;
    this.#lap = now;
    return ms;
  }

  #functionOf(id: number): CallableRef {
    const ref = this.#memory.functions.get(id);
    if (ref === undefined) throw new InternalError(`A call names function ${id}, which this worker was not told of.`);
    return ref;
  }
}

/** What `taskContext()` gives: made for each call, so nothing is worked out before it is asked for. */
class CallInfo implements TaskInfo {
  readonly #ref: CallableRef;
  readonly #call: ReadCall;
  readonly #index: number;
  readonly #host: CallHost;
  readonly signal: AbortSignal;

  constructor(ref: CallableRef, call: ReadCall, index: number, host: CallHost) {
    this.#ref = ref;
    this.#call = call;
    this.#index = index;
    this.#host = host;
    this.signal = host.signal;
  }

  get attempt(): number {
    return this.#call.attempt;
  }

  get worker(): number {
    return this.#host.worker;
  }

  get key(): string {
    return keyOf(this.#ref, this.#call, this.#index);
  }

  get name(): string {
    return this.#ref.name;
  }

  log(...values: unknown[]): void {
    process.stdout.write(`${format(...values)}\n`);
  }

  progress(fraction: number): void {
    this.#host.progress(this.#index, fraction);
  }
}

/** What the stack of a user's error says besides: which call it was, with what, and the line of its source. */
function whereabouts(thrown: unknown, ref: CallableRef | undefined, call: ReadCall | undefined, index: number): string {
  if (ref === undefined || call === undefined) return "";
  const args = call.args instanceof Promise ? "…" : call.args.map(preview).join(", ");
  const line = sourceLineOf(thrown, ref);
  const again = call.attempt === 1 ? "" : `, attempt ${call.attempt}`;
  const at = line === undefined ? "" : `\n    at its ${line}`;
  return `\n    in task ${keyOf(ref, call, index)}: ${nameOf(ref)}(${args})${again}${at}`;
}

/** An argument, or as much of it as fits a line. */
function preview(value: unknown): string {
  try {
    const text = inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 4, maxStringLength: 60 });
    return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
  } catch {
    return "…"; // a getter of the user's threw: the argument is only shown
  }
}

function keyOf(ref: CallableRef, call: ReadCall, index: number): string {
  return call.key === "" ? `${nameOf(ref)}-${index}` : call.key;
}

function nameOf(ref: CallableRef | undefined): string {
  return ref === undefined || ref.name === "" ? "anonymous" : ref.name;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
