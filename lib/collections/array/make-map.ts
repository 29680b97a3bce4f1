import { OptionError } from "../../errors.ts";
import type { Chunks } from "./chunks.ts";
import { holds, isFloat, promote, promoteWithScalar, type DType } from "./dtype.ts";
import { makeCast, makeFull, type Scalar } from "./make.ts";
import type { ArrayNode } from "./nodes.ts";
import { broadcastShapes, type Shape } from "./shape.ts";
import { takesAnyNumber, ufuncOf, type UfuncName } from "./ufuncs.ts";

/** A plain number beside arrays: as wide as they make it. */
function scalarNode(value: Scalar, beside: readonly DType[], takesAny: boolean): ArrayNode {
  if (typeof value === "boolean") return makeFull([], value, "bool");
  if (beside.length === 0) return makeFull([], value, typeof value === "bigint" ? "int64" : "float64");
  const dtype = promoteWithScalar(beside.reduce(promote), value);
  return makeFull([], value, takesAny && !holds(dtype, value) ? "float64" : dtype);
}

const COMPARISONS: ReadonlySet<UfuncName> = new Set(["lt", "le", "gt", "ge", "eq", "ne"]);

/** An element-wise function. Plain numbers may stand among the arrays. */
export function makeMap(fn: UfuncName, operands: readonly (ArrayNode | Scalar)[]): ArrayNode {
  const dtypes = operands.filter((operand) => typeof operand === "object").map(({ dtype }) => dtype);
  // What a condition is of does not show in what is chosen.
  const beside = fn === "where" ? chosenDTypes(operands.slice(1)) : dtypes;
  const inputs = operands.map((operand) =>
    typeof operand === "object" ? operand : scalarNode(operand, beside, takesAnyNumber(fn)),
  );
  if (COMPARISONS.has(fn) && inputs.length === 2) {
    const mixed = compareWide(fn, inputs[0], inputs[1]);
    if (mixed !== undefined) return mixed;
  }
  const ufunc = ufuncOf(fn);
  if (fn === "pow") refuseNegativePower(operands[1], ufunc.resolve(inputs.map(({ dtype }) => dtype)).output);
  const { output } = ufunc.resolve(inputs.map(({ dtype }) => dtype));
  const shape = broadcastShapes(
    inputs.map((input) => input.shape),
    `${fn}(…)`,
  );
  return { op: "map", fn, inputs, shape, dtype: output, chunks: chunksTogether(inputs, shape) };
}

function chosenDTypes(choices: readonly (ArrayNode | Scalar)[]): DType[] {
  const dtypes = choices.filter((choice) => typeof choice === "object").map(({ dtype }) => dtype);
  return dtypes.length > 0 ? dtypes : ["bool"];
}

const MIRRORED = { lt: "gt", le: "ge", gt: "lt", ge: "le", eq: "eq", ne: "ne" } as const;

/** int64 with uint64: their common dtype, float64, holds neither; so the sign is asked first. */
function compareWide(fn: UfuncName, a: ArrayNode, b: ArrayNode): ArrayNode | undefined {
  if (a.dtype === "uint64" && b.dtype === "int64") return compareWide(MIRRORED[fn as keyof typeof MIRRORED], b, a); // a comparison
  if (a.dtype !== "int64" || b.dtype !== "uint64") return undefined;
  const asWhole = makeMap(fn, [makeCast(a, "uint64"), b]);
  return fn === "lt" || fn === "le" || fn === "ne"
    ? makeMap("logicalor", [makeMap("lt", [a, 0]), asWhole])
    : makeMap("logicaland", [makeMap("ge", [a, 0]), asWhole]);
}

function refuseNegativePower(exponent: ArrayNode | Scalar, output: DType): void {
  if (typeof exponent === "object" || isFloat(output) || Number(exponent) >= 0) return;
  throw new OptionError(`pow(…) expects an exponent of at least 0 for ${output}; found ${String(exponent)}.`, {
    fields: { dtype: output, found: String(exponent) },
    fix: `cast first: x.astype("float64").pow(${String(exponent)}).`,
  });
}

/** The chunks of inputs that are broadcast together: of the first that is as large as the whole, else axis by axis. */
function chunksTogether(inputs: readonly ArrayNode[], shape: Shape): Chunks {
  const rank = shape.length;
  const whole = inputs.find(
    (input) => input.shape.length === rank && input.shape.every((length, axis) => length === shape[axis]),
  );
  if (whole !== undefined) return whole.chunks;
  return shape.map((length, axis) => {
    for (const input of inputs) {
      const own = axis - rank + input.shape.length;
      if (own >= 0 && input.shape[own] === length) return input.chunks[own];
    }
    return [length];
  });
}
