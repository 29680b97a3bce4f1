import { format, inspect } from "node:util";
import { continuationOf } from "../../kernels/call/continuation.ts";
import { takePrinted } from "../../callables/console.ts";
import { runWithContext, type TaskInfo } from "../../callables/context.ts";
import { loadCallable, loadedCallable, type Loaded } from "../../callables/load.ts";
import type { CallableRef } from "../../callables/reference.ts";
import { sourceLineOf } from "../../callables/source-line.ts";
import { encodeResult } from "../../callables/travel.ts";
import { InternalError, toErrorRecord } from "../../errors.ts";
import type { Outcome } from "../executor.ts";
import { CallReader, type PackedCalls, type ReadCall } from "./wire.ts";

/** What a thread gives a call. */
export interface CallHost {
  readonly worker: number;
  readonly signal: AbortSignal;
  fetch(id: number): Promise<Uint8Array>;
}

/** Makes the calls of one job, one after the other: the same on a thread and inline. */
export class CallRunner {
  readonly #functions: Map<number, CallableRef>;
  readonly #reader: CallReader;
  readonly #results = new Map<number, Uint8Array>();

  /** `functions`: what this thread has been told of; those that came with the job are added. */
  constructor(packed: PackedCalls, functions: Map<number, CallableRef>) {
    for (const [id, ref] of packed.functions) functions.set(id, ref);
    this.#functions = functions;
    this.#reader = new CallReader(packed);
  }

  /** Undefined: it needs an earlier call of this job that gave no result; it is handed back. Nothing is thrown. */
  run(position: number, index: number, host: CallHost): Outcome | undefined | Promise<Outcome | undefined> {
    const begin = performance.now();
    let call: ReadCall | undefined;
    try {
      call = this.#reader.read(position, { earlier: (at) => this.#results.get(at), fetch: (id) => host.fetch(id) });
      if (call === undefined) return undefined;
      const ref = this.#functionOf(call.fn);
      const fn = loadedCallable(ref);
      if (fn === undefined || call.args instanceof Promise) return this.#runSlowly(ref, call, index, host, begin);
      const result = runWithContext(infoOf(ref, call, index, host), () => fn(...(call?.args as unknown[]))); // no promise: just seen
      if (isPromise(result))
        return Promise.resolve(result).then(
          (value) => this.#given(value, call, index, begin),
          (error: unknown) => this.#failed(error, call, index, begin),
        );
      return this.#given(result, call, index, begin);
    } catch (error) {
      return this.#failed(error, call, index, begin);
    }
  }

  async #runSlowly(ref: CallableRef, call: ReadCall, index: number, host: CallHost, begin: number): Promise<Outcome> {
    try {
      const [fn, args]: [Loaded, unknown[]] = await Promise.all([loadCallable(ref), call.args]);
      const value: unknown = await runWithContext(infoOf(ref, call, index, host), () => fn(...args));
      return this.#given(value, call, index, begin);
    } catch (error) {
      return this.#failed(error, call, index, begin);
    }
  }

  #given(value: unknown, call: ReadCall | undefined, index: number, begin: number): Outcome {
    let body: Uint8Array;
    try {
      const more = continuationOf(value);
      body = more ?? encodeResult(value, nameOf(call === undefined ? undefined : this.#functions.get(call.fn)));
      if (more === undefined) this.#results.set(index, body);
    } catch (error) {
      return this.#failed(error, call, index, begin);
    }
    const printed = takePrinted();
    const ms = performance.now() - begin;
    return { index, body, recordsIn: 1, recordsOut: 1, ms, ...(printed === undefined ? {} : { printed }) };
  }

  #failed(thrown: unknown, call: ReadCall | undefined, index: number, begin: number): Outcome {
    const ref = call === undefined ? undefined : this.#functions.get(call.fn);
    const record = toErrorRecord(thrown);
    const printed = takePrinted();
    return {
      index,
      error: { ...record, stack: `${record.stack ?? ""}${whereabouts(thrown, ref, call, index)}` },
      ms: performance.now() - begin,
      ...(printed === undefined ? {} : { printed }),
    };
  }

  #functionOf(id: number): CallableRef {
    const ref = this.#functions.get(id);
    if (ref === undefined) throw new InternalError(`A call names function ${id}, which this worker was not told of.`);
    return ref;
  }
}

/** What the stack of a user's error says besides: which call it was, with what, and the line of its source. */
function whereabouts(thrown: unknown, ref: CallableRef | undefined, call: ReadCall | undefined, index: number): string {
  if (ref === undefined || call === undefined) return "";
  const args = call.args instanceof Promise ? "…" : call.args.map(preview).join(", ");
  const line = sourceLineOf(thrown, ref);
  const key = call.key === "" ? `${nameOf(ref)}-${index}` : call.key;
  const again = call.attempt === 1 ? "" : `, attempt ${call.attempt}`;
  return `\n    in task ${key}: ${nameOf(ref)}(${args})${again}${line === undefined ? "" : `\n    at its ${line}`}`;
}

function preview(value: unknown): string {
  const text = inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 4, maxStringLength: 60 });
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}

function infoOf(ref: CallableRef, call: ReadCall, index: number, host: CallHost): TaskInfo {
  return {
    attempt: call.attempt,
    worker: host.worker,
    key: call.key === "" ? `${nameOf(ref)}-${index}` : call.key,
    name: ref.name,
    signal: host.signal,
    log: (...values) => void process.stdout.write(`${format(...values)}\n`),
    progress: () => undefined,
  };
}

function nameOf(ref: CallableRef | undefined): string {
  return ref === undefined || ref.name === "" ? "anonymous" : ref.name;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
