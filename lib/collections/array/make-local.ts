import type { AnyArray, ChunkedArray } from "./chunked-array.ts";
import type { Chunks } from "./chunks.ts";
import { isFloat, type DType } from "./dtype.ts";
import type { ArrayNode, LocalFunction, WholeFunction } from "./nodes.ts";
import type { Shape } from "./shape.ts";

/** Nodes whose chunks are made of chunks, and nodes that are made in one place. */

export interface LocalMeta {
  readonly dtype: DType;
  readonly chunks: Chunks;
  /** In a stage of its own. */
  readonly apart?: true;
}

export function makeLocal(inputs: readonly ArrayNode[], fn: LocalFunction, meta: LocalMeta): ArrayNode {
  const shape = meta.chunks.map((axis) => axis.reduce((sum, length) => sum + length, 0));
  return { op: "local", inputs, fn, shape, ...meta };
}

/** Output `output` of a function of whole arrays, float64. */
export function makeWhole(inputs: readonly ArrayNode[], fn: WholeFunction, output: number, shape: Shape): ArrayNode {
  return { op: "whole", inputs, fn, output, shape, dtype: "float64", chunks: shape.map((length) => [length]) };
}

/** In float64, in which matrices are worked on. */
export function asFloat64(x: AnyArray): ChunkedArray<"float64"> {
  return x.astype("float64");
}

/** What comes of an array: of float32 that again, of all else float64. */
export function likeFloats(x: AnyArray, dtypes: readonly DType[]): ChunkedArray<"float64"> {
  const narrow = dtypes.every((dtype) => dtype === "float32");
  return x.astype(narrow ? "float32" : "float64") as ChunkedArray<"float64">; // float32 where all are: both are read as numbers
}

/** What means, quantiles and their like of a dtype are. */
export function floatOf(dtype: DType): DType {
  return isFloat(dtype) ? dtype : "float64";
}
