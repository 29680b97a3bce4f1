import { makeWhole } from "./make-local.ts";
import { infoOf } from "./dtype.ts";
import type { ArrayNode, QuantileMethod } from "./nodes.ts";
import { sizeOf } from "./shape.ts";

/** Passes over elements of 8 bytes, and of fewer: each settles 11, 11 or 10 bits. */
const PASSES = { wide: 6, narrow: 3 } as const;

/**
 * Exact quantiles of all elements of an array that need not fit into memory: elements of given ranks are found digit by digit, from the most significant bits on. Each
 * pass counts the elements that share what is known so far by their next digit: a reduction, as a histogram is one.
 */
export function quantilesByPasses(x: ArrayNode, q: readonly number[], method: QuantileMethod): ArrayNode {
  const count = sizeOf(x.shape);
  const ranks = ranksOf(q, count);
  const passes = infoOf(x.dtype).bytes === 8 ? PASSES.wide : PASSES.narrow;
  let found: ArrayNode | undefined;
  for (let pass = 0; pass < passes; pass++) found = makeDigits(x, ranks, pass, found);
  const known = found === undefined ? [] : [found];
  return makeWhole(known, { name: "selected", of: x.dtype, ranks, count, q, method }, 0, [q.length]);
}

function makeDigits(x: ArrayNode, ranks: readonly number[], pass: number, before: ArrayNode | undefined): ArrayNode {
  const shape = [ranks.length, 2];
  const inputs = before === undefined ? [x] : [x, before];
  return { op: "digits", inputs, ranks, pass, shape, dtype: "uint64", chunks: [[ranks.length], [2]] };
}

/** Of the elements that the quantiles lie between, and of the last one, which is NaN if any is. */
function ranksOf(q: readonly number[], count: number): number[] {
  const ranks = new Set([count - 1]);
  for (const one of q) {
    const at = one * (count - 1);
    ranks.add(Math.floor(at));
    ranks.add(Math.ceil(at));
  }
  return [...ranks].sort((a, b) => a - b);
}
