import type { Kernel } from "../kernel.ts";
import type { Flow, MaybePromise } from "./flow.ts";
import { gatherOf } from "./gather.ts";
import type { BagParams } from "./params.ts";
import { countWords } from "./count-words.ts";
import { rangeOf, readItems } from "./read.ts";
import { compileSteps, type Failures } from "./steps.ts";
import { placeOf } from "./user-errors.ts";

/** Items that go through the steps together where only the first few are wanted. */
const FEW = 16;

/** One partition of a bag: reads its items, runs the fused steps on them, gathers what comes out. */
export const runBag: Kernel = async (json, input, context) => {
  const params = json as unknown as BagParams; // as the planner wrote them
  const place = placeOf(input, params.firsts);
  const { source } = params;
  if (source.from === "text" && source.words !== undefined)
    return countWords(params, source, source.words, rangeOf(input), context, place);
  const failures: Failures = [];
  const gather = await gatherOf(params.sink, place, context);
  const compiled = await compileSteps(params.steps, gather, place, failures);
  const limited = params.sink.to === "items" && params.sink.limit !== undefined;
  const flow = limited ? inFews(compiled) : compiled;
  const { recordsIn, span } = await readItems(source, input, context, flow, failures, place);
  const { value, recordsOut } = await gather.finish(failures);
  return { value, recordsIn, recordsOut, ...(span === undefined ? {} : { span }) };
};

/** Pushes a few items at a time, until enough came out below: functions are not called for items that nobody wants. */
function inFews(flow: Flow): Flow {
  const rest = async (items: readonly unknown[], from: number): Promise<void> => {
    for (let at = from; at < items.length && !flow.full; at += FEW) await flow.push(items.slice(at, at + FEW));
  };
  return {
    get full() {
      return flow.full;
    },
    push: (items): MaybePromise<void> => rest(items, 0),
  };
}
