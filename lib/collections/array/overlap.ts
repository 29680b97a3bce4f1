import type { Callable } from "../../callables/reference.ts";
import { OptionError } from "../../errors.ts";
import { describedFunction, describedValue } from "../bag/describe.ts";
import { knownKeys } from "../options.ts";
import { ChunkedArray, type AnyArray } from "./chunked-array.ts";
import { checkDType, holds, isFloat, type DType } from "./dtype.ts";
import type { Boundary } from "./nodes.ts";
import { shapeText } from "./shape.ts";

export interface MapOverlapOptions<D extends DType = DType> {
  /** How many elements of its neighbours each block gets on either side: of every axis, or axis by axis. */
  readonly depth: number | readonly number[];
  /**
   * What lies beyond the array's edges. "reflect" (default): its elements mirrored, the outermost twice; "periodic": those of the other end; "nearest": the
   * outermost; a number: that; "none": nothing, blocks at an edge are smaller.
   */
  readonly boundary?: Boundary;
  /** What the function gives. Default: as the array. */
  readonly dtype?: D;
  readonly args?: readonly unknown[];
}

/** A function of blocks that see some of their neighbours. It gives a block of the shape it got; what was added is cut off again. */
export function mapOverlap<D extends DType = DType>(
  fn: Callable,
  array: AnyArray,
  options: MapOverlapOptions<D>,
): ChunkedArray<D> {
  const what = "mapOverlap(…)";
  knownKeys(options, ["depth", "boundary", "dtype", "args"], what);
  const { boundary = "reflect" } = options;
  const { shape, chunks } = array;
  const dtype = checkDType(options.dtype ?? array.dtype, `${what} option dtype`);
  checkBoundary(boundary, array.dtype, what);
  return new ChunkedArray({
    op: "blocks",
    inputs: [array.node],
    fn: describedFunction(fn, what),
    args: (options.args ?? []).map((arg) => describedValue(arg, what)),
    depth: depthOf(options.depth, shape, what),
    boundary,
    shape,
    dtype,
    chunks,
  });
}

const BOUNDARIES: readonly unknown[] = ["none", "reflect", "periodic", "nearest"] satisfies Boundary[];

function checkBoundary(boundary: unknown, dtype: DType, what: string): void {
  if (BOUNDARIES.includes(boundary)) return;
  if (typeof boundary === "number" && Number.isFinite(boundary) && (isFloat(dtype) || holds(dtype, boundary))) return;
  throw new OptionError(
    `${what} option boundary expects ${BOUNDARIES.map((name) => `"${String(name)}"`).join(", ")} or a finite number that ${dtype} holds; found ${String(boundary)}.`,
  );
}

function depthOf(depth: number | readonly number[], shape: readonly number[], what: string): number[] {
  const list = typeof depth === "number" ? shape.map(() => depth) : [...depth];
  if (
    list.length !== shape.length ||
    !list.every((one, axis) => Number.isInteger(one) && one >= 0 && one <= shape[axis])
  )
    throw new OptionError(
      `${what} option depth expects a whole number for each axis, at most its length; found ${JSON.stringify(depth)} for the shape ${shapeText(shape)}.`,
    );
  return list;
}
