import { toArguments, type Argument } from "../callables/arguments.ts";
import { refOf } from "../callables/describe.ts";
import type { Callable } from "../callables/reference.ts";
import { encodeArgument } from "../callables/travel.ts";
import { Collection } from "../collections/collection.ts";
import { parseMilliseconds } from "../collections/delayed/options.ts";
import { knownKeys, wholeNumber } from "../collections/options.ts";
import { OptionError } from "../errors.ts";
import type { CallHandle, CallOptions, Calls, GraphCall } from "../runtime/calls/calls.ts";
import { Future, Held, sourceOf } from "./future.ts";

/** How calls of a function are run. */
export interface SubmitOptions {
  /** Equal calls (same function, same arguments) are one call, as long as its result is held. Only for functions whose result depends on nothing else. Default false. */
  readonly pure?: boolean;
  /** Names the call (with `map`: its prefix, a number follows). A key that is held already names that very call: nothing is run. Default: the function's name and a number. */
  readonly key?: string;
  /** How often it may run again after it threw. Default 0. (After the death of its worker it may run again twice in any case.) */
  readonly retries?: number;
  /** Of one attempt: milliseconds, or a text like "30s". A call that takes longer is stopped, its worker replaced. Default: none. */
  readonly timeout?: number | string;
  /** Higher goes first. Default 0. */
  readonly priority?: number;
}

/** What may stand for an argument: the value, a future of it, or an array or plain object with such inside. */
export type Argued<T> = T | Held<T> | Collection<T> | (T extends readonly (infer E)[] ? readonly Argued<E>[] : never);

export type ArguedAll<A extends readonly unknown[]> = { readonly [K in keyof A]: Argued<A[K]> };

const OPTIONS = ["pure", "key", "retries", "timeout", "priority"];

/** What the makers of calls need of their client. */
export interface SubmitHost {
  readonly calls: Calls;
  compute(collection: Collection<unknown>): PromiseLike<unknown>;
}

/** Submits calls with given options: what `client.with(…)` gives. */
export class Submitter {
  readonly #host: () => SubmitHost;
  readonly #options: SubmitOptions;
  readonly #callOptions: CallOptions | undefined;

  constructor(host: () => SubmitHost, options: SubmitOptions = {}) {
    this.#host = host;
    this.#options = options;
    this.#callOptions = callOptions(options);
  }

  /** Calls a function on a worker, with arguments that may be futures. It begins at once. */
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: ArguedAll<A>): Future<Awaited<R>> {
    const { calls } = this.#host();
    const call = this.#call(fn, this.#arguments(args, "submit(…)"), "submit(…)", this.#callOptions);
    const [handle] = calls.add([call], [0]);
    return new Future(handle);
  }

  /** Calls a function once for each item: a future each, in the items' order. Further arguments are the same for all calls. */
  map<T, X extends unknown[], R>(
    fn: (item: T, ...more: X) => R,
    items: Iterable<Argued<T>>,
    ...more: ArguedAll<X>
  ): Future<Awaited<R>>[] {
    const { calls } = this.#host();
    if (typeof items !== "object" || items === null || !(Symbol.iterator in items))
      throw new OptionError(`map(…) expects items that can be iterated over, found ${describe(items)}.`, {
        fix: "pass an array, or anything else with an iterator.",
      });
    const shared = this.#arguments(more, "map(…)");
    const graph: GraphCall[] = [];
    const { key } = this.#options;
    for (const item of items) {
      const options = key === undefined ? this.#callOptions : { ...this.#callOptions, key: `${key}-${graph.length}` };
      graph.push(this.#call(fn, [...this.#arguments([item], "map(…)"), ...shared], "map(…)", options));
    }
    return calls
      .add(
        graph,
        graph.map((_, i) => i),
      )
      .map((handle) => new Future(handle));
  }

  /** Calls a function on every worker thread there is now, and gives what each returned, by the worker's number. */
  async run<A extends unknown[], R>(fn: (...args: A) => R, ...args: ArguedAll<A>): Promise<Map<number, Awaited<R>>> {
    const call = this.#call(fn, this.#arguments(args, "run(…)"), "run(…)", this.#callOptions);
    const handles = [...this.#host().calls.everywhere(call)];
    try {
      const values = await Promise.all(handles.map(([, handle]) => handle.result()));
      return new Map(handles.map(([worker], i) => [worker, values[i] as Awaited<R>])); // what the function gave there
    } finally {
      for (const [, handle] of handles) handle.release();
    }
  }

  #call(fn: Callable, args: GraphCall["args"], what: string, options: CallOptions | undefined): GraphCall {
    const ref = refOf(fn, what);
    return options === undefined ? { fn: ref, args } : { fn: ref, args, options };
  }

  #arguments(args: readonly unknown[], what: string): Argument<CallHandle>[] {
    return toArguments(args, (value) => this.#handleOf(value), what);
  }

  /** The call whose result a value stands for. */
  #handleOf(value: object): CallHandle | undefined {
    const { calls, compute } = this.#host();
    if (value instanceof Held) {
      const source = sourceOf(value);
      return isHandle(source) ? source : calls.hold(source.result(), source.key);
    }
    return value instanceof Collection ? calls.hold(compute(value), `a ${value.kind}`) : undefined;
  }
}

/** Puts a value with the workers. `broadcast`: in the memory that all of them share, decoded once on each. */
export function scatterValue<T>(calls: Calls, value: T): Held<T> {
  const data: GraphCall = { fn: undefined, args: [{ value: encodeArgument(value, "scatter(…)") }] };
  const [handle] = calls.add([data], [0]);
  return new Held<T>(handle);
}

function isHandle(source: object): source is CallHandle {
  return "share" in source;
}

function callOptions(options: SubmitOptions): CallOptions | undefined {
  knownKeys(options, OPTIONS, "with(…)");
  const { pure, key, retries, timeout, priority } = options;
  if (priority !== undefined && !Number.isFinite(priority))
    throw new OptionError(`Option priority expects a number, found ${String(priority)}.`, {
      fields: { priority: String(priority) },
    });
  if (key !== undefined && (typeof key !== "string" || key === ""))
    throw new OptionError(`Option key expects a text, found ${describe(key)}.`, {});
  if (pure !== undefined && typeof pure !== "boolean")
    throw new OptionError(`Option pure expects true or false, found ${describe(pure)}.`, {});
  const made: CallOptions = {
    ...(pure === true ? { pure } : {}),
    ...(key === undefined ? {} : { key }),
    ...(retries === undefined ? {} : { retries: wholeNumber(retries, "option retries", 0) }),
    ...(timeout === undefined ? {} : { timeoutMs: parseMilliseconds(timeout, "option timeout") }),
    ...(priority === undefined ? {} : { priority }),
  };
  return Object.keys(made).length === 0 ? undefined : made;
}

function describe(value: unknown): string {
  return value === null ? "null" : `a ${typeof value}`;
}
