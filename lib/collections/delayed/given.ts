import { PlanError } from "../../errors.ts";
import type { CallHandle } from "../../runtime/calls/calls.ts";
import { isCollection } from "./collections.ts";
import { Delayed, isDelayed } from "./delayed.ts";
import { buildGraph } from "./graph.ts";
import type { GivenGraph } from "./made.ts";
import { needsOf, walk } from "./walk.ts";

/** The calls behind a task's result, where that is a Delayed, or an array or plain object with such inside. */
export function continuationOf(result: object): GivenGraph | undefined {
  const root = isDelayed(result) ? result : holderOf(result);
  if (root === undefined) return undefined;
  const walked = walk([root]);
  for (const { kind } of walked.others)
    throw new PlanError(
      `A call that a task gave has a collection of kind "${kind}" as an argument, which a task cannot compute.`,
      {
        fields: { kind },
        fix: "return that collection from a task of its own, and give its Delayed as the argument.",
      },
    );
  const { calls, wanted } = buildGraph([root], walked, noneHeld);
  return { graph: calls, root: wanted[0] };
}

function holderOf(result: object): Delayed<unknown> | undefined {
  if (isCollection(result)) return undefined;
  const holder = new Delayed({ fn: undefined, options: undefined }, [result]);
  return needsOf(holder).length === 0 ? undefined : holder;
}

/** Futures are a client's: no task can give one. */
function noneHeld(): CallHandle | undefined {
  return undefined;
}
