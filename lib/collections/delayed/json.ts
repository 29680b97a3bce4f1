import type { Argument } from "../../callables/arguments.ts";
import { fill } from "../../callables/holes.ts";
import type { CallableRef } from "../../callables/reference.ts";
import { CallableError, PlanError } from "../../errors.ts";
import type { CallOptions } from "../../runtime/calls/calls.ts";
import { valueFromJson, valueToJson, type ValueJson } from "../../values-json.ts";
import { decodeValue } from "../../values.ts";
import { arrayAt, objectAt, oneOfAt, refuse, textAt, wholeAt, type PlainObject } from "../plain.ts";
import { Delayed, nameOf } from "./delayed.ts";
import { buildGraph, referenceOf, type NodeCall } from "./graph.ts";
import { heldSource } from "./held.ts";
import { walk } from "./walk.ts";

/** A graph of calls as plain JSON: what a pipeline file holds, and what travels to where it runs. */
export interface DelayedJson {
  readonly abanico: typeof DELAYED_VERSION;
  readonly delayed: {
    /** Each names only calls before it. */
    readonly calls: readonly CallJson[];
    /** Whose result it is about. */
    readonly root: number;
  };
}

interface CallJson {
  /** Absent: the result is the only argument. */
  readonly fn?: CallableRef;
  readonly args: readonly ArgumentJson[];
  readonly options?: CallOptions;
}

type ArgumentJson =
  | { readonly call: number }
  | (ValueJson & {
      readonly holes?: readonly { readonly path: readonly (string | number)[]; readonly call: number }[];
    });

export const DELAYED_VERSION = 1;

/** @throws PlanError where a function is not an export of a module, or a result is kept by a client. */
export function delayedToJson(root: Delayed<unknown>): DelayedJson {
  const walked = walk([root]);
  for (const node of walked.order) refuseUnsendable(node);
  if (walked.others.size > 0)
    throw new PlanError("A graph with other collections among its arguments cannot be JSON.", {
      fix: "compute them first, and give their results.",
    });
  const { calls, wanted } = buildGraph([root], walked, heldSource);
  return { abanico: DELAYED_VERSION, delayed: { calls: calls.map(callToJson), root: wanted[0] } };
}

function refuseUnsendable(node: Delayed<unknown>): void {
  if (node.handle !== undefined) throw kept();
  const { task } = node;
  let cause: unknown;
  let ref: CallableRef | undefined;
  try {
    ref = referenceOf(task);
  } catch (error) {
    if (!(error instanceof CallableError)) throw error;
    cause = error;
  }
  if (ref?.kind !== "inline" && cause === undefined) return;
  throw new PlanError(`The graph calls ${nameOf(task)}, a function of this program, which cannot be JSON.`, {
    fields: { name: nameOf(task) },
    fix: "put it into a module, export it from there, and load that by fromModule.",
    cause,
  });
}

function kept(): PlanError {
  return new PlanError("The graph starts from a result that a client keeps, which cannot be JSON.", {
    fix: "call toJSON() on what it was before persist(), and give no Future as an argument.",
  });
}

function callToJson({ fn, args, options }: NodeCall<unknown>): CallJson {
  return {
    ...(fn === undefined ? {} : { fn }),
    args: args.map(argumentToJson),
    ...(options === undefined ? {} : { options }),
  };
}

function argumentToJson(argument: Argument<unknown>): ArgumentJson {
  if (typeof argument === "number") return valueToJson(argument);
  if (argument.value === undefined) return { call: indexOf(argument.ref) };
  const value = valueToJson(decodeValue(argument.value));
  if (argument.holes === undefined) return value;
  return { ...value, holes: argument.holes.map(({ path, ref }) => ({ path, call: indexOf(ref) })) };
}

function indexOf(ref: unknown): number {
  if (typeof ref === "number") return ref;
  throw kept();
}

/** The Delayed of a description as `toJSON` gives it (an object; parse text first). @throws PlanError whose `fields.path` says where it is not well formed. */
export function delayedFromJson(json: unknown): Delayed<unknown> {
  const document = objectAt(json, "", ["abanico", "delayed"]);
  if (document["abanico"] !== DELAYED_VERSION)
    refuse("abanico", `the version ${DELAYED_VERSION} of pipelines`, document["abanico"]);
  const graph = objectAt(document["delayed"], "delayed", ["calls", "root"]);
  const nodes: Delayed<unknown>[] = [];
  for (const [i, call] of arrayAt(graph["calls"], "delayed.calls").entries())
    nodes.push(nodeAt(call, `delayed.calls[${i}]`, nodes));
  return earlier(graph["root"], "delayed.root", nodes);
}

function nodeAt(json: unknown, path: string, nodes: readonly Delayed<unknown>[]): Delayed<unknown> {
  const call = objectAt(json, path, ["fn", "args", "options"]);
  const fn = call["fn"] === undefined ? undefined : referenceAt(call["fn"], `${path}.fn`);
  const options = call["options"] === undefined ? undefined : optionsAt(call["options"], `${path}.options`);
  const args = arrayAt(call["args"], `${path}.args`).map((one, i) => argumentAt(one, `${path}.args[${i}]`, nodes));
  if (fn === undefined && args.length !== 1) refuse(`${path}.args`, "one argument, where there is no function", args);
  return new Delayed({ fn, options }, args);
}

function referenceAt(json: unknown, path: string): CallableRef {
  const ref = objectAt(json, path);
  const kind = oneOfAt(ref["kind"], `${path}.kind`, ["module", "builtin"]);
  const name = textAt(ref["name"], `${path}.name`);
  if (kind === "builtin") return { kind, name };
  const cloud = ref["cloud"] === undefined ? {} : { cloud: textAt(ref["cloud"], `${path}.cloud`) };
  return {
    kind,
    bundle: textAt(ref["bundle"], `${path}.bundle`),
    hash: textAt(ref["hash"], `${path}.hash`),
    name,
    ...cloud,
  };
}

function optionsAt(json: unknown, path: string): CallOptions {
  const options = objectAt(json, path, ["pure", "retries", "timeoutMs", "priority"]);
  const number = (key: string): number => {
    const value = options[key];
    return typeof value === "number" && Number.isFinite(value) ? value : refuse(`${path}.${key}`, "a number", value);
  };
  return {
    ...(options["pure"] === true ? { pure: true } : {}),
    ...(options["retries"] === undefined ? {} : { retries: wholeAt(options["retries"], `${path}.retries`) }),
    ...(options["timeoutMs"] === undefined ? {} : { timeoutMs: number("timeoutMs") }),
    ...(options["priority"] === undefined ? {} : { priority: number("priority") }),
  };
}

function argumentAt(json: unknown, path: string, nodes: readonly Delayed<unknown>[]): unknown {
  const argument = objectAt(json, path, ["call", "json", "value", "holes"]);
  if (argument["call"] !== undefined) return earlier(argument["call"], `${path}.call`, nodes);
  const value = valueAt(argument, path);
  if (argument["holes"] === undefined) return value;
  for (const [i, one] of arrayAt(argument["holes"], `${path}.holes`).entries()) {
    const at = `${path}.holes[${i}]`;
    const hole = objectAt(one, at, ["path", "call"]);
    const steps = arrayAt(hole["path"], `${at}.path`).map((step) =>
      typeof step === "string" || typeof step === "number" ? step : refuse(`${at}.path`, "keys and indices", step),
    );
    fillHole(value, steps, earlier(hole["call"], `${at}.call`, nodes), at);
  }
  return value;
}

function valueAt(argument: PlainObject, path: string): unknown {
  if (argument["json"] !== undefined) return valueFromJson({ json: argument["json"] as never }); // it came as JSON
  return valueFromJson({ value: textAt(argument["value"], `${path}.value`) });
}

function fillHole(value: unknown, steps: readonly (string | number)[], node: Delayed<unknown>, path: string): void {
  let at = value;
  for (const step of steps.slice(0, -1)) at = typeof at === "object" && at !== null ? Reflect.get(at, step) : undefined;
  if (steps.length === 0 || typeof at !== "object" || at === null)
    refuse(`${path}.path`, "the way to a place in the value", steps.join("."));
  fill(value, steps, node);
}

function earlier(index: unknown, path: string, nodes: readonly Delayed<unknown>[]): Delayed<unknown> {
  const found = typeof index === "number" ? nodes[index] : undefined;
  return found ?? refuse(path, `the index of a call before it (of ${nodes.length})`, index);
}
