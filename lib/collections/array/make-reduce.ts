import { ShapeError } from "../../errors.ts";
import { isFloat, type DType } from "./dtype.ts";
import { makeCast } from "./make.ts";
import type { ArrayNode, Reduction } from "./nodes.ts";
import { shapeText } from "./shape.ts";

const WIDENED: Partial<Record<DType, DType>> = {
  uint8: "uint64",
  uint16: "uint64",
  uint32: "uint64",
  uint64: "uint64",
};

/** What a reduction gives, as NumPy: sums of integers in 64 bits, means in float64 (of float32 in float32). */
export function reducedDType(fn: Reduction["fn"], dtype: DType): DType {
  switch (fn) {
    case "sum":
    case "prod":
    case "nansum":
      return isFloat(dtype) ? dtype : (WIDENED[dtype] ?? "int64");
    case "mean":
    case "var":
    case "std":
    case "nanmean":
    case "nanvar":
    case "nanstd":
      return isFloat(dtype) ? dtype : "float64";
    case "any":
    case "all":
      return "bool";
    case "argmin":
    case "argmax":
    case "count":
      return "int64";
    default:
      return dtype;
  }
}

const NEEDS_ELEMENTS: ReadonlySet<string> = new Set(["min", "max", "nanmin", "nanmax", "argmin", "argmax"]);

export function makeReduce(input: ArrayNode, reduction: Reduction): ArrayNode {
  const { fn, axes, keepdims } = reduction;
  if (NEEDS_ELEMENTS.has(fn) && axes.some((axis) => input.shape[axis] === 0))
    throw new ShapeError(`${fn} of an axis without elements has no answer; the shape is ${shapeText(input.shape)}.`, {
      fields: { shapes: [[...input.shape]] },
      fix: "check the shape first.",
    });
  const kept = input.shape.map((_, axis) => axis).filter((axis) => keepdims || !axes.includes(axis));
  // A sum of 64 bit integers may not fit in them, where their mean does.
  const wide = (fn === "mean" || fn === "nanmean") && (input.dtype === "int64" || input.dtype === "uint64");
  return {
    op: "reduce",
    inputs: [wide ? makeCast(input, "float64") : input],
    ...reduction,
    shape: kept.map((axis) => (axes.includes(axis) ? 1 : input.shape[axis])),
    dtype: reducedDType(fn, input.dtype),
    chunks: kept.map((axis) => (axes.includes(axis) ? [1] : input.chunks[axis])),
  };
}
