import type { Callable, CallableRef } from "../../callables/reference.ts";
import { moduleRefOf } from "../../callables/registry.ts";
import type { CallHandle, CallOptions } from "../../runtime/calls/calls.ts";
import { Collection } from "../collection.ts";
import { wrong } from "../options.ts";
import { formatCall } from "./format.ts";
import { delayedToJson, type DelayedJson } from "./json.ts";
import { continuationOf } from "./given.ts";
import { countMade, setContinuation } from "./made.ts";
import type { VisualizeOptions } from "./visualize.ts";

/** What all calls of one delayed function share. */
export interface DelayedTask {
  /** As the program's options say. */
  readonly name?: string | undefined;
  /** The function as the program has it, or already as plain data. Undefined: the result is the only argument. */
  readonly fn: Callable | CallableRef | undefined;
  readonly options: CallOptions | undefined;
}

/** What graphs and errors call it. An export goes by that name where the function itself has none. */
export function nameOf({ name, fn }: DelayedTask): string {
  if (name !== undefined) return name;
  if (fn === undefined) return "value";
  const found = fn.name || (typeof fn === "function" && moduleRefOf(fn)?.name);
  return found || "anonymous";
}

/** `get`'s task: what every thread has, so that it travels. */
const GET: DelayedTask = { name: "get", fn: { kind: "builtin", name: "Reflect.get" }, options: undefined };

/** Known by this and not by class: a thread may hold two copies of this library. */
const DELAYED = Symbol.for("abanico.delayed");

export function isDelayed(value: object): value is Delayed<unknown> {
  return DELAYED in value;
}

/**
 * A call to be made, or a value: a node in a graph of calls, made by what `delayed` gives. Nothing runs until `compute`, `persist`, or
 * until a task that was given or has returned it runs.
 *
 * Arguments are read when the graph is computed: until then they are the program's own arrays and objects.
 *
 * It cannot be awaited by itself, other than a Future: `await` in the middle of making a graph would run it, one call at a time.
 * Say `await x.compute()`.
 */
export class Delayed<T> extends Collection<T> {
  readonly task: DelayedTask;
  readonly args: readonly unknown[];
  /** A kept result that this stands for, instead of a call. */
  readonly handle: CallHandle | undefined;
  readonly #number = countMade();
  /** Which walk was here last, and where in its order this is (walk.ts): nodes are too many for a map. */
  walk: object | undefined;
  place = 0;

  constructor(task: DelayedTask, args: readonly unknown[], handle?: CallHandle) {
    super();
    this.task = task;
    this.args = args;
    this.handle = handle;
  }

  get kind(): "delayed" {
    return "delayed";
  }

  /** Names this node in this program: the function's name and a number. */
  get key(): string {
    return this.handle?.key ?? `${nameOf(this.task)}-${this.#number}`;
  }

  /** A member of the result, which has to be an array or object: an item by its index, a property by its name. */
  get<K extends keyof T>(key: K): Delayed<T[K]> {
    if (typeof key !== "string" && typeof key !== "number") throw wrong("get(…)", "a property's name or an index", key);
    return new Delayed(GET, [this, key]);
  }

  /**
   * Draws the graph, and gives the drawing as text: "svg" (laid out by Graphviz), "dot" or "mermaid". With a path it is written there
   * too, whole or not at all; its ending says the format: "graph.svg", "graph.dot", "graph.mermaid" (or .gv, .mmd).
   *
   * @throws OptionError for another ending; GraphError for a cycle.
   */
  visualize(path?: string, options?: VisualizeOptions): Promise<string>;
  visualize(options: VisualizeOptions): Promise<string>;
  async visualize(first?: string | VisualizeOptions, options?: VisualizeOptions): Promise<string> {
    const isOptions = typeof first === "object" && first !== null && options === undefined;
    const [path, more] = isOptions ? [undefined, first] : [first as string | undefined, options ?? {}]; // as the overloads say
    return (await import("./visualize.ts")).visualize([this], path, more);
  }

  /** The graph as JSON, from which `fromJSON` makes it again. @throws PlanError where a function is not an export of a module, or a result is kept by a client. */
  toJSON(): DelayedJson {
    return delayedToJson(this);
  }

  override toString(): string {
    return `Delayed (lazy)\n  ${formatCall(this)}`;
  }

  get [Symbol.toStringTag](): string {
    return "Delayed";
  }

  get [DELAYED](): true {
    return true;
  }
}

setContinuation((result) => continuationOf(result));
