import { hash } from "node:crypto";
import { toArguments, type Argument } from "../../callables/arguments.ts";
import { refOf } from "../../callables/describe.ts";
import type { CallableRef } from "../../callables/reference.ts";
import { InternalError } from "../../errors.ts";
import type { CallHandle, GraphCall } from "../../runtime/calls/calls.ts";
import { nameOf, type Delayed, type DelayedTask } from "./delayed.ts";
import type { Walked } from "./walk.ts";

/** Delayed values as calls: what a runtime takes, and what travels from a task that returns a Delayed. */
export interface Graph<H> {
  /** Each call names only calls before it. */
  readonly calls: NodeCall<H>[];
  /** Where each root is, in their order. */
  readonly wanted: number[];
  /** How many nodes are a call that was there already, since an equal one of a pure function is the same. */
  readonly merged: number;
}

/** A call in a graph: a `GraphCall` where what is held is held by handles. */
export interface NodeCall<H> extends Pick<GraphCall, "fn" | "options"> {
  readonly args: readonly Argument<Ref<H>>[];
}

/** A call's index in the graph, or a result that is held already. */
type Ref<H> = number | CallHandle | H;

/**
 * Makes the calls of what `walk` found. Arguments are copied now. Each node becomes one call, but for equal calls of pure functions,
 * which are one, and for kept results, which need none.
 *
 * `held` says of a Future, or of a collection of another kind, what holds its result.
 *
 * @throws CallableError for a function or an argument that cannot travel; it names the call.
 */
export function buildGraph<H extends Keyed>(
  roots: readonly Delayed<unknown>[],
  walked: Walked,
  held: (value: object) => H | undefined,
): Graph<H> {
  const builder = new Builder(walked, held);
  const { order } = walked;
  for (let i = 0; i < order.length; i++) builder.add(order[i]);
  const wanted = roots.map((root) => builder.root(root));
  return { calls: builder.calls, wanted, merged: builder.merged };
}

interface Keyed {
  readonly key: string;
}

class Builder<H extends Keyed> {
  readonly calls: NodeCall<H>[] = [];
  merged = 0;
  readonly #placeOf: Walked["placeOf"];
  readonly #held: (value: object) => H | undefined;
  /** By the nodes' places. */
  readonly #refs: Ref<H>[] = [];
  readonly #pure = new Map<string, number>();

  constructor({ placeOf }: Walked, held: (value: object) => H | undefined) {
    this.#placeOf = placeOf;
    this.#held = held;
  }

  /** Nodes come in the order of the walk. */
  add(node: Delayed<unknown>): void {
    this.#refs.push(node.handle ?? this.#call(node));
  }

  /** A kept result that is asked for becomes a call that passes it on. */
  root(node: Delayed<unknown>): number {
    const ref = this.#find(node);
    if (typeof ref === "number") return ref;
    if (ref === undefined) throw new InternalError("A root is not among the nodes that were walked.");
    return this.calls.push({ fn: undefined, args: [{ ref }] }) - 1;
  }

  #call({ task, args }: Delayed<unknown>): number {
    const fn = referenceOf(task);
    const { options } = task;
    const encoded = areNumbers(args) ? args : args.map((argument) => this.#argument(argument, task));
    const call: NodeCall<H> = options === undefined ? { fn, args: encoded } : { fn, args: encoded, options };
    return options?.pure === true ? this.#pureCall(call) : this.calls.push(call) - 1;
  }

  #pureCall(call: NodeCall<H>): number {
    const content = contentOf(call);
    const known = this.#pure.get(content);
    if (known !== undefined) {
      this.merged++;
      return known;
    }
    const index = this.calls.push(call) - 1;
    this.#pure.set(content, index);
    return index;
  }

  /** What graphs have most of, numbers and other nodes, is done here: it needs no search for what is inside. */
  #argument(argument: unknown, task: DelayedTask): Argument<Ref<H>> {
    if (typeof argument === "number") return argument;
    if (typeof argument === "object" && argument !== null) {
      const ref = this.#find(argument);
      if (ref !== undefined) return { ref };
    }
    return toArguments([argument], this.#find, `${nameOf(task)}(…)`)[0];
  }

  readonly #find = (value: object): Ref<H> | undefined => {
    const place = this.#placeOf(value);
    if (place !== undefined) return this.#refs[place];
    return this.#held(value);
  };
}

/** Then they are arguments as they are. */
function areNumbers(args: readonly unknown[]): args is readonly number[] {
  for (let i = 0; i < args.length; i++) if (typeof args[i] !== "number") return false;
  return true;
}

const references = new WeakMap<DelayedTask, CallableRef>();

/** Asked for late: the exports of a module are known only once all of it has run. */
export function referenceOf(task: DelayedTask): CallableRef | undefined {
  if (typeof task.fn !== "function") return task.fn;
  const known = references.get(task);
  if (known !== undefined) return known;
  const found = refOf(task.fn, "delayed(…)");
  const ref = found.kind === "inline" && task.name !== undefined ? { ...found, name: task.name } : found;
  references.set(task, ref);
  return ref;
}

/** Longer arguments than this, in bytes, are told apart by their SHA-256. */
const SHORT = 64;

/** Equal for calls of the same function with the same arguments. Each part says how long it is, or ends where no other can. */
function contentOf<H extends Keyed>({ fn, args }: NodeCall<H>): string {
  let content = functionContent(fn);
  for (let i = 0; i < args.length; i++) {
    const argument = args[i];
    if (typeof argument === "number") content += Object.is(argument, -0) ? "|-0" : `|${argument}`;
    else if (argument.value === undefined) content += `|${refContent(argument.ref)}`;
    else {
      const { value: bytes, holes = [] } = argument;
      content += `|v${holes.length},${bytes.length}:${bytesContent(bytes)}`;
      for (const { path, ref } of holes) content += `|${JSON.stringify(path)}${refContent(ref)}`;
    }
  }
  return content;
}

/** References are one object a function. */
const functions = new WeakMap<CallableRef, string>();

function functionContent(ref: CallableRef | undefined): string {
  if (ref === undefined) return "";
  let content = functions.get(ref);
  if (content === undefined) functions.set(ref, (content = JSON.stringify(ref)));
  return content;
}

function refContent(ref: Ref<Keyed>): string {
  return typeof ref === "number" ? `#${ref}` : `h${JSON.stringify(ref.key)}`;
}

function bytesContent(bytes: Uint8Array): string {
  if (bytes.length > SHORT) return hash("sha256", bytes, "base64");
  return String.fromCharCode(...bytes);
}
