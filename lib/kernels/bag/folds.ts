import { types } from "node:util";
import { loadCallable } from "../../callables/load.ts";
import { formatCallable } from "../../collections/bag/format.ts";
import type { BagResults } from "../../collections/bag/bag-item.ts";
import type { CallableRef } from "../../callables/reference.ts";
import { OptionError, fromErrorRecord, type JsonObject } from "../../errors.ts";
import { valueFromJson } from "../../values-json.ts";
import { decodeValue, encodeValue } from "../../values.ts";
import type { Fold } from "../kernel.ts";
import { mergeRanked, type Ranked } from "./best.ts";
import { countItems, readChunks } from "./chunks.ts";
import { isThenable } from "./flow.ts";
import { mergeMoments, mergeSums, noMoments, noSum, stdOf, sumValue, type Moments, type Sum } from "./numbers.ts";
import type { BagFold } from "./params.ts";
import { emptySchema, mergeSchemas, schemaOf, type SchemaPartial } from "./schema.ts";
import { userError } from "./user-errors.ts";

/** The folds of bags. All partials but the collected ones travel as values (values.ts). */
export async function bagFold(params: JsonObject): Promise<Fold<unknown, unknown>> {
  const fold = params as unknown as BagFold; // as the planner wrote it
  // Each fold knows its own partials.
  switch (fold.do) {
    case "collect":
      return collectFold(fold) as Fold<unknown, unknown>;
    case "count":
      return ofValues<number>({ empty: () => 0, merge: (a, b) => a + b, finish: (count) => count });
    case "sum":
    case "mean":
      return ofValues<Sum>({
        empty: noSum,
        merge: (left, right) => mergeSums(left, right, fold.do),
        finish: (sum) => (fold.do === "sum" ? sumValue(sum) : Number(sumValue(sum)) / sum.count),
      });
    case "std":
      return ofValues<Moments>({ empty: noMoments, merge: mergeMoments, finish: (m) => stdOf(m, fold.ddof) });
    case "best":
      return ofValues<Ranked>({
        empty: () => ({ keys: [], items: [] }),
        merge: (left, right) => mergeRanked(left, right, fold.count, fold.least),
        finish: ({ items }) => (fold.one ? items[0] : items),
      });
    case "schema":
      return ofValues<SchemaPartial>({ empty: emptySchema, merge: mergeSchemas, finish: schemaOf });
    case "fold": {
      const initial = () => valueFromJson(fold.fold.initial);
      return usersFold(await combining(fold.fold.combine, "fold"), initial);
    }
    case "reduce":
      return usersFold(await combining(fold.fn, "reduce"), () => undefined);
  }
}

function ofValues<P>(fold: Pick<Fold<P, unknown>, "empty" | "merge" | "finish">): Fold<unknown, unknown> {
  const whole: Fold<P, unknown> = {
    ...fold,
    encode: encodeValue,
    decode: (bytes) => decodeValue(bytes) as P, // as `encode` had it
  };
  return whole as Fold<unknown, unknown>; // a fold of its own partials
}

/** Bodies of chunks in partition order; nothing is decoded before the end. */
function collectFold({
  results = false,
  limit = Infinity,
}: Extract<BagFold, { do: "collect" }>): Fold<readonly Uint8Array[], unknown> {
  return {
    appends: true,
    empty: () => [],
    merge: (left, right) => [...left, ...right],
    finish: (bodies) => collected(bodies, limit, results),
    encode: (bodies) => (bodies.length === 1 ? bodies[0] : new Uint8Array(Buffer.concat(bodies))),
    decode: (bytes) => [bytes],
    amount: (bodies) => bodies.reduce((sum, body) => sum + countItems(body), 0),
  };
}

function collected(bodies: readonly Uint8Array[], limit: number, results: boolean): unknown {
  const values: unknown[] = [];
  const failures: BagResults<unknown>["failed"][number][] = [];
  for (const body of bodies)
    for (const { list, failed } of readChunks(body)) {
      for (const item of list) if (values.length < limit) values.push(item);
      if (results) for (const { error, ...rest } of failed) failures.push({ ...rest, error: fromErrorRecord(error) });
    }
  return results ? ({ values, failed: failures } satisfies BagResults<unknown>) : values;
}

/**
 * A partial of a user's fold. Where `combine` is an async function, merging cannot wait for it, since merging is synchronous: then the two
 * halves stay side by side, and `finish` combines along the same tree.
 */
type Folded = { readonly none: true } | { readonly value: unknown } | { readonly left: Folded; readonly right: Folded };

interface Combining {
  readonly isAsync: boolean;
  call(left: unknown, right: unknown): unknown;
}

async function combining(ref: CallableRef, what: string): Promise<Combining> {
  const fn = await loadCallable(ref);
  const step = `${what}(${formatCallable(ref)})`;
  const failed = (error: unknown, item: unknown) =>
    userError(error, { step, ref, item, index: 0, place: { part: 0, partition: "the partitions' results" } });
  return {
    isAsync: types.isAsyncFunction(fn),
    call: (left, right) => {
      let result: unknown;
      try {
        result = fn(left, right);
      } catch (error) {
        throw failed(error, right);
      }
      if (!isThenable(result)) return result;
      return Promise.resolve(result).catch((error: unknown) => {
        throw failed(error, right);
      });
    },
  };
}

function usersFold(combine: Combining, initial: () => unknown): Fold<unknown, unknown> {
  const finish = async (partial: Folded): Promise<unknown> => {
    if ("none" in partial) return initial();
    if ("value" in partial) return partial.value;
    const left = await finish(partial.left);
    return combine.call(left, await finish(partial.right));
  };
  const merge = (left: Folded, right: Folded): Folded => {
    if ("none" in left) return right;
    if ("none" in right) return left;
    if (combine.isAsync || !("value" in left) || !("value" in right)) return { left, right };
    const value = combine.call(left.value, right.value);
    if (!isThenable(value)) return { value };
    // Its outcome is not looked at.
    Promise.resolve(value).catch(() => undefined);
    throw new OptionError(
      "The function that combines two partitions' results gave a promise, but is not declared async.",
      {
        fix: "declare it so: async (left, right) => …",
      },
    );
  };
  return ofValues<Folded>({ empty: () => ({ none: true }), merge, finish });
}
