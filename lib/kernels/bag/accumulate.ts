import { loadCallable, type Loaded } from "../../callables/load.ts";
import { formatCallable } from "../../collections/bag/format.ts";
import type { FoldFunctions } from "../../collections/bag/nodes.ts";
import type { CallableRef } from "../../callables/reference.ts";
import { valueFromJson } from "../../values-json.ts";
import { userError, type Place } from "./user-errors.ts";

/** The functions of a fold, ready to call; what they throw names the item. */
export interface Accumulate {
  initial(): unknown;
  step(accumulator: unknown, item: unknown, index: number): unknown;
  combine(left: unknown, right: unknown): unknown;
}

export async function accumulateOf(fold: FoldFunctions, what: string, place: Place): Promise<Accumulate> {
  const [step, combine] = await Promise.all([loadCallable(fold.step), loadCallable(fold.combine)]);
  const guarded = (fn: Loaded, ref: CallableRef) => (left: unknown, right: unknown, index: number) => {
    const failed = (error: unknown) =>
      userError(error, { step: `${what}(${formatCallable(ref)})`, ref, item: right, index, place });
    let result: unknown;
    try {
      result = fn(left, right);
    } catch (error) {
      throw failed(error);
    }
    return result instanceof Promise
      ? result.catch((error: unknown) => {
          throw failed(error);
        })
      : result;
  };
  const combined = guarded(combine, fold.combine);
  return {
    initial: () => valueFromJson(fold.initial),
    step: guarded(step, fold.step),
    combine: (left, right) => combined(left, right, 0),
  };
}
