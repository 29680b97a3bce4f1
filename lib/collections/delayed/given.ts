import type { Argument } from "../../callables/arguments.ts";
import type { Collection } from "../collection.ts";
import { travellingOf } from "../travelling.ts";
import { isCollection } from "./collections.ts";
import { Delayed, isDelayed } from "./delayed.ts";
import { buildGraph, type NodeCall } from "./graph.ts";
import type { GivenGraph } from "./made.ts";
import { needsOf, walk } from "./walk.ts";

/** Stands for another collection while the graph is built: by its place among them. */
interface Other {
  readonly key: string;
  readonly place: number;
}

/**
 * The calls behind a task's result, where that is a Delayed, or an array or plain object with collections inside. Those of other kinds come
 * first, as what the client computes.
 */
export function continuationOf(result: object): GivenGraph | undefined {
  const root = isDelayed(result) ? result : holderOf(result);
  if (root === undefined) return undefined;
  const walked = walk([root]);
  const others = new Map<object, Other>();
  for (const one of walked.others) others.set(one, { key: `a ${one.kind}`, place: others.size });
  const { calls, wanted } = buildGraph([root], walked, (value) => others.get(value));
  const before = [...walked.others].map((one: Collection<unknown>) => ({
    fn: undefined,
    args: [],
    collection: travellingOf(one),
  }));
  const behind = calls.map((call) => ({ ...call, args: call.args.map((argument) => placed(argument, before.length)) }));
  return { graph: [...before, ...behind], root: before.length + wanted[0] };
}

/** Results are named by their place: calls behind `by` collections. */
function placed(argument: NodeCall<Other>["args"][number], by: number): Argument<number> {
  const placeOf = (ref: unknown): number => {
    if (typeof ref === "number") return by + ref;
    return (ref as Other).place; // futures are a client's: no task has any
  };
  if (typeof argument === "number") return argument;
  if (argument.value === undefined) return { ref: placeOf(argument.ref) };
  const { value, holes } = argument;
  return holes === undefined
    ? { value }
    : { value, holes: holes.map(({ path, ref }) => ({ path, ref: placeOf(ref) })) };
}

/** A node whose value the result is, where it holds collections. */
function holderOf(result: object): Delayed<unknown> | undefined {
  if (isCollection(result)) return undefined;
  const holder = new Delayed({ fn: undefined, options: undefined }, [result]);
  const others = new Set<Collection<unknown>>();
  return needsOf(holder, others).length === 0 && others.size === 0 ? undefined : holder;
}
