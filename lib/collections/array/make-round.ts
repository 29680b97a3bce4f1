import { OptionError } from "../../errors.ts";
import { infoOf, isFloat, type DType } from "./dtype.ts";
import { makeCast, makeFull } from "./make.ts";
import { makeMap } from "./make-map.ts";
import type { ArrayNode } from "./nodes.ts";

/** 10^22 is the last power of ten that float64 holds exactly; beyond, rounding is by numbers that are rounded themselves, as in NumPy. */
const MOST_DECIMALS = 300;

/** As numpy.round: times 10^decimals, rounded, and back. Whole numbers change only for negative decimals. @throws OptionError */
export function makeRound(input: ArrayNode, decimals: number): ArrayNode {
  if (!Number.isInteger(decimals) || Math.abs(decimals) > MOST_DECIMALS)
    throw new OptionError(`round(…) expects decimals, a whole number from -300 to 300; found ${String(decimals)}.`, {
      fields: { found: String(decimals) },
      fix: "as x.round({ decimals: 2 }).",
    });
  if (!isFloat(input.dtype)) return decimals >= 0 ? input : roundedWhole(input, -decimals);
  if (decimals === 0) return makeMap("rint", [input]);
  const factor = scalarOf(10 ** Math.abs(decimals), input.dtype);
  const [there, back] = decimals > 0 ? (["mul", "div"] as const) : (["div", "mul"] as const);
  return makeMap(back, [makeMap("rint", [makeMap(there, [input, factor])]), factor]);
}

/** To a multiple of 10^places: NumPy computes these in float64, and so loses what that does not hold. */
function roundedWhole(input: ArrayNode, places: number): ArrayNode {
  const { dtype } = input;
  const factor = scalarOf(10 ** places, "float64");
  const rounded = makeMap("mul", [makeMap("rint", [makeMap("div", [makeCast(input, "float64"), factor])]), factor]);
  // What is beyond the dtype wraps, by way of 64 bits.
  return makeCast(infoOf(dtype).kind === "unsigned" ? makeCast(rounded, "uint64") : makeCast(rounded, "int64"), dtype);
}

function scalarOf(value: number, dtype: DType): ArrayNode {
  return makeFull([], value, dtype);
}
