import { toArguments, type Argument } from "../callables/arguments.ts";
import { refOf } from "../callables/describe.ts";
import type { CallableRef } from "../callables/reference.ts";
import { encodeArgument } from "../callables/travel.ts";
import { Collection } from "../collections/collection.ts";
import { isHandle } from "../collections/delayed/held.ts";
import type { Given, GivenAll } from "../collections/delayed/types.ts";
import { callOptions } from "../collections/delayed/options.ts";
import { knownKeys, shown, wrong } from "../collections/options.ts";
import { OptionError } from "../errors.ts";
import { encodeValue } from "../values.ts";
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

const OPTIONS = ["pure", "key", "retries", "timeout", "priority"];

/** What the makers of calls need of their client. */
export interface SubmitHost {
  /** Throws where the client is closed. */
  readonly calls: Calls;
  compute(collection: Collection<unknown>): Future<unknown>;
}

/** Submits calls with given options: what `client.with(…)` gives. */
export class Submitter {
  readonly #host: SubmitHost;
  readonly #options: SubmitOptions;
  readonly #callOptions: CallOptions | undefined;

  constructor(host: SubmitHost, options: SubmitOptions = {}) {
    this.#host = host;
    this.#options = options;
    knownKeys(options, OPTIONS, "with(…)");
    this.#callOptions = callOptions(options, "with(…)");
  }

  /** Calls a function on a worker, with arguments that may be futures. It begins at once. */
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: GivenAll<A>): Future<Awaited<R>> {
    const given = new ArgumentMaker(this.#host, "submit(…)");
    const ref = refOf(fn, "submit(…)");
    const [handle] = given.makes((calls) => calls.add([callOf(ref, given.all(args), this.#callOptions)], [0]));
    return new Future(handle);
  }

  /** Calls a function once for each item: a future each, in the items' order. Further arguments are the same for all calls. */
  map<T, X extends unknown[], R>(
    fn: (item: T, ...more: X) => R,
    items: Iterable<Given<T>>,
    ...more: GivenAll<X>
  ): Future<Awaited<R>>[] {
    const given = new ArgumentMaker(this.#host, "map(…)");
    const ref = refOf(fn, "map(…)");
    const graph: GraphCall[] = [];
    const wanted: number[] = [];
    const { key } = this.#options;
    const handles = given.makes((calls) => {
      const shared = given.all(more);
      for (const item of iterable(items)) {
        const options = key === undefined ? this.#callOptions : { ...this.#callOptions, key: `${key}-${graph.length}` };
        wanted.push(graph.length);
        graph.push(callOf(ref, shared.length === 0 ? [given.one(item)] : [given.one(item), ...shared], options));
      }
      return calls.add(graph, wanted);
    });
    return handles.map((handle) => new Future(handle));
  }

  /** Calls a function on every worker thread there is now, and gives what each returned, by the worker's number. */
  async run<A extends unknown[], R>(fn: (...args: A) => R, ...args: GivenAll<A>): Promise<Map<number, Awaited<R>>> {
    const given = new ArgumentMaker(this.#host, "run(…)");
    const ref = refOf(fn, "run(…)");
    const made = given.makes((calls) => calls.everywhere(callOf(ref, given.all(args), this.#callOptions)));
    const handles = [...made];
    try {
      // Of a failure, too, one hears when all have ended: what is run next finds the workers free.
      await Promise.allSettled(handles.map(([, handle]) => handle.result()));
      const values = await Promise.all(handles.map(([, handle]) => handle.result()));
      return new Map(handles.map(([worker], i) => [worker, values[i] as Awaited<R>])); // what the function gave there
    } finally {
      for (const [, handle] of handles) handle.release();
    }
  }
}

/** Makes arguments, and holds for them what is awaited elsewhere, until the calls that need it hold it themselves. */
class ArgumentMaker {
  readonly #host: SubmitHost;
  readonly #what: string;
  readonly #holds = new Map<object, CallHandle>();

  constructor(host: SubmitHost, what: string) {
    this.#host = host;
    this.#what = what;
  }

  all(values: readonly unknown[]): Argument<CallHandle>[] {
    return values.map((value) => this.one(value));
  }

  one(value: unknown): Argument<CallHandle> {
    // What maps have most of needs no search for futures inside.
    if (typeof value === "number") return value;
    if (typeof value === "string") return { value: encodeValue(value) };
    return toArguments([value], this.#find, this.#what)[0];
  }

  /** What the calls are made by: behind it they hold what they need. */
  makes<T>(add: (calls: Calls) => T): T {
    try {
      return add(this.#host.calls);
    } finally {
      for (const handle of this.#holds.values()) handle.release();
    }
  }

  /** The call whose result a value stands for. */
  readonly #find = (value: object): CallHandle | undefined => {
    if (value instanceof Held) {
      const source = sourceOf(value);
      return isHandle(source) ? source : this.#hold(value, source.key, () => source.result());
    }
    if (!(value instanceof Collection)) return undefined;
    return this.#hold(value, `a ${value.kind}`, () => this.#host.compute(value));
  };

  #hold(of: object, what: string, result: () => PromiseLike<unknown>): CallHandle {
    const known = this.#holds.get(of);
    if (known !== undefined) return known;
    const awaited = result();
    // A run that was begun for these calls ends with them.
    const abandon = awaited instanceof Future ? () => awaited.cancel() : undefined;
    const handle = this.#host.calls.hold(awaited, what, abandon);
    this.#holds.set(of, handle);
    return handle;
  }
}

export interface ScatterOptions {
  /** Each thread makes the value once, and all calls there get that same one: cheaper for what many calls read, none may write to it. Default false: a value of its own for each call. */
  readonly broadcast?: boolean;
}

/** Puts a value with the workers: above 4 KiB into memory that all threads share. */
export function scatterValue<T>(calls: Calls, value: T, options: ScatterOptions = {}): Held<T> {
  knownKeys(options, ["broadcast"], "scatter(…)");
  const { broadcast = false } = options;
  if (typeof broadcast !== "boolean") throw wrong("scatter(…) option broadcast", "true or false", broadcast);
  if (value instanceof Held)
    throw new OptionError(`scatter(…) expects a value, found ${describeLazy(value)}.`, {
      fix: "it can be an argument as it is.",
    });
  const data: GraphCall = {
    fn: undefined,
    args: [{ value: encodeArgument(value, "scatter(…)") }],
    options: { broadcast },
  };
  const [handle] = calls.add([data], [0]);
  return new Held<T>(handle);
}

function callOf(fn: CallableRef, args: GraphCall["args"], options: CallOptions | undefined): GraphCall {
  return options === undefined ? { fn, args } : { fn, args, options };
}

function iterable<T>(items: Iterable<T>): Iterable<T> {
  // Texts can be iterated over too, but are mostly given by mistake.
  if (typeof items === "object" && items !== null && Symbol.iterator in items) return items;
  const isAsync = typeof items === "object" && items !== null && Symbol.asyncIterator in items;
  const found = isAsync ? "an async iterable" : shown(items);
  throw new OptionError(`map(…) expects items that can be iterated over, found ${found}.`, {
    fix: isAsync
      ? "fetch its items first: await Array.fromAsync(items)."
      : "pass an array, or anything else with an iterator; for a text [...text].",
  });
}

function describeLazy(value: Held<unknown> | Collection<unknown>): string {
  return value instanceof Held ? `the future ${value.key}` : `a lazy collection (${value.kind})`;
}
