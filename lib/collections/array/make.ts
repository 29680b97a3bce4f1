import { OptionError, ShapeError } from "../../errors.ts";
import {
  CHUNK_BYTES,
  checkChunks,
  equalChunks,
  evenly,
  largestChunk,
  type Chunks,
  type ChunksOption,
} from "./chunks.ts";
import { holds, infoOf, isFloat, promote, promoteWithScalar, type DType } from "./dtype.ts";
import type { ArrayNode, Reduction } from "./nodes.ts";
import { broadcastShapes, reshapedTo, shapeText, sizeOf, type Shape } from "./shape.ts";
import { takesAnyNumber, ufuncOf, type UfuncName } from "./ufuncs.ts";

/** Makes nodes: checks what they are made of, and finds shape, dtype and chunks. */

export type Scalar = number | bigint | boolean;

export function makeFull(shape: Shape, value: Scalar, dtype: DType, chunks?: ChunksOption): ArrayNode {
  if (typeof value !== "boolean" && !isFloat(dtype) && dtype !== "bool" && !holds(dtype, value))
    throw new OptionError(`${dtype} does not hold ${String(value)}.`, {
      fields: { dtype, value: String(value) },
      fix: `give a whole number in its range, or cast: x.astype("float64").`,
    });
  // What JSON has no number for goes as text.
  const exact = typeof value === "boolean" || (Number.isFinite(value) && !Object.is(value, -0));
  const plain = exact ? (value as number | boolean) : Object.is(value, -0) ? "-0" : String(value); // no bigint is finite to Number.isFinite
  return { op: "full", value: plain, shape, dtype, chunks: checkChunks(chunks, shape, dtype) };
}

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

export function makeCast(input: ArrayNode, dtype: DType): ArrayNode {
  return input.dtype === dtype
    ? input
    : { op: "cast", inputs: [input], shape: input.shape, dtype, chunks: input.chunks };
}

/** Of a transposed array one transpose, or the array itself. */
export function makeTranspose(input: ArrayNode, axes: readonly number[]): ArrayNode {
  if (input.op === "transpose") {
    const inner = input.axes;
    return makeTranspose(
      input.inputs[0],
      axes.map((axis) => inner[axis]),
    );
  }
  if (axes.every((axis, i) => axis === i)) return input;
  return {
    op: "transpose",
    inputs: [input],
    axes,
    shape: axes.map((axis) => input.shape[axis]),
    dtype: input.dtype,
    chunks: axes.map((axis) => input.chunks[axis]),
  };
}

/** One -1 among the lengths is found from the others. @throws ShapeError */
export function makeReshape(input: ArrayNode, lengths: readonly number[]): ArrayNode {
  const shape = reshapedTo(lengths, input.shape);
  if (shape.length === input.shape.length && shape.every((length, axis) => length === input.shape[axis])) return input;
  const rows = inStretches(input);
  return { op: "reshape", inputs: [rows], shape, dtype: input.dtype, chunks: reshapedChunks(rows, shape) };
}

/** In chunks that are stretches of the elements in C order: a part of the first axis that is longer than 1, all of the others. */
function inStretches(input: ArrayNode): ArrayNode {
  const { shape, chunks } = input;
  const axis = shape.findIndex((length) => length > 1);
  if (chunks.every((lengths, i) => i <= axis || lengths.length === 1)) return input;
  const row = Math.max(1, sizeOf(shape.slice(axis + 1)));
  const rows = Math.max(1, Math.floor(Math.max(1, largestChunk(chunks)) / row));
  return makeRechunk(
    input,
    shape.map((_, i) => (i === axis ? rows : -1)),
  );
}

/** Cuts along the first axis that is longer than 1, so that a chunk is one stretch of the elements. */
function reshapedChunks(input: ArrayNode, shape: Shape): Chunks {
  const axis = shape.findIndex((length) => length > 1);
  if (axis < 0) return shape.map((length) => [length]);
  const row = Math.max(1, sizeOf(shape.slice(axis + 1)));
  const rows = Math.max(1, Math.floor(Math.max(1, largestChunk(input.chunks)) / row));
  return shape.map((length, i) => (i === axis ? evenly(length, rows) : [length]));
}

export function makeBroadcast(input: ArrayNode, shape: Shape): ArrayNode {
  const rank = shape.length;
  const fits =
    input.shape.length <= rank &&
    input.shape.every((length, axis) => length === 1 || length === shape[axis - input.shape.length + rank]);
  if (!fits)
    throw new ShapeError(`broadcastTo(…) cannot stretch ${shapeText(input.shape)} to ${shapeText(shape)}.`, {
      fields: { shapes: [[...input.shape], [...shape]] },
      fix: "only axes of length 1, and new ones in front, stretch.",
    });
  const option = shape.map((length, axis) => {
    const own = axis - rank + input.shape.length;
    return own >= 0 && input.shape[own] === length ? input.chunks[own] : ("auto" as const);
  });
  return {
    op: "broadcast",
    inputs: [input],
    shape,
    dtype: input.dtype,
    chunks: checkChunks(option, shape, input.dtype),
  };
}

export function makeConcat(inputs: readonly ArrayNode[], axis: number, dtype: DType): ArrayNode {
  const [first] = inputs;
  for (const other of inputs.slice(1))
    if (
      other.shape.length !== first.shape.length ||
      other.shape.some((length, i) => i !== axis && length !== first.shape[i])
    )
      throw new ShapeError(
        `concatenate(…) expects arrays that differ only along the axis ${axis}; found ${shapeText(first.shape)} and ${shapeText(other.shape)}.`,
        { fields: { shapes: [[...first.shape], [...other.shape]], axis }, fix: "make their other lengths equal." },
      );
  const shape = first.shape.map((length, i) =>
    i === axis ? inputs.reduce((sum, one) => sum + one.shape[i], 0) : length,
  );
  const joined = inputs.flatMap((one) => one.chunks[axis]).filter((length) => length > 0);
  const chunks = first.chunks.map((own, i) => (i === axis ? (joined.length > 0 ? joined : [0]) : own));
  return { op: "concat", axis, inputs: inputs.map((one) => makeCast(one, dtype)), shape, dtype, chunks };
}

export function makeTake(input: ArrayNode, axis: number, indices: readonly number[]): ArrayNode {
  const length = input.shape[axis];
  const places = indices.map((index) => {
    if (Number.isInteger(index) && index >= -length && index < length) return index < 0 ? index + length : index;
    throw new OptionError(`take(…) expects indices from ${-length} to ${length - 1} on axis ${axis}; found ${index}.`, {
      fields: { axis, length, found: String(index) },
    });
  });
  const shape = input.shape.map((own, i) => (i === axis ? places.length : own));
  const chunks = input.chunks.map((own, i) => (i === axis ? evenly(places.length, Math.max(1, ...own)) : own));
  return { op: "take", inputs: [input], axis, indices: places, shape, dtype: input.dtype, chunks };
}

export function makeRechunk(input: ArrayNode, option: ChunksOption): ArrayNode {
  const chunks = checkChunks(option, input.shape, input.dtype);
  if (equalChunks(chunks, input.chunks)) return input;
  return { op: "rechunk", inputs: [input], shape: input.shape, dtype: input.dtype, chunks };
}

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

/** The same array with one axis in a single chunk. */
export function withWholeAxis(input: ArrayNode, axis: number): ArrayNode {
  return withWholeAxes(input, [axis]);
}

/** The same array with some axes in a single chunk each. */
export function withWholeAxes(input: ArrayNode, axes: readonly number[]): ArrayNode {
  const { chunks, shape, dtype } = input;
  if (axes.every((axis) => chunks[axis].length === 1)) return input;
  // The other axes are cut finer, so that a chunk stays about as large as it was.
  const target = Math.max(1, Math.min(largestChunk(chunks), CHUNK_BYTES / infoOf(dtype).bytes));
  let room = Math.max(1, Math.floor(target / Math.max(1, sizeOf(axes.map((axis) => shape[axis])))));
  const sizes = shape.map((_, i) => {
    if (axes.includes(i)) return -1;
    const size = Math.min(room, Math.max(1, ...chunks[i]));
    room = Math.max(1, Math.floor(room / size));
    return size;
  });
  return makeRechunk(input, sizes);
}

/** Matrices [m, k] and [k, n]. @throws ShapeError */
export function makeMatmul(a: ArrayNode, b: ArrayNode, dtype: DType): ArrayNode {
  if (a.shape.length !== 2 || b.shape.length !== 2 || a.shape[1] !== b.shape[0])
    throw new ShapeError(
      `matmul expects matrices (m, k) and (k, n); found ${shapeText(a.shape)} and ${shapeText(b.shape)}.`,
      { fields: { shapes: [[...a.shape], [...b.shape]] }, fix: "transpose one of them: x.T." },
    );
  const gram = gramOf(a, b, dtype);
  if (gram !== undefined) return gram;
  return {
    op: "matmul",
    inputs: [makeCast(a, dtype), makeCast(b, dtype)],
    shape: [a.shape[0], b.shape[1]],
    dtype,
    chunks: [a.chunks[0], b.chunks[1]],
  };
}

/** The widest matrix whose Gram matrix is made in one piece. */
const GRAM_COLUMNS = 4096;

/** xᵀ x: half the work, since it is symmetric. Undefined where the product is of another kind. */
function gramOf(a: ArrayNode, b: ArrayNode, dtype: DType): ArrayNode | undefined {
  const x = b;
  // Either of them may be what is transposed: of y yᵀ, x is yᵀ.
  const isOwn = (a.op === "transpose" && a.inputs[0] === x) || (x.op === "transpose" && x.inputs[0] === a);
  return isOwn && dtype === "float64" && x.shape[1] <= GRAM_COLUMNS ? makeGram(x, false) : undefined;
}

/** Of x [n, d] float64 the sums of x xᵀ over n; centred: of its deviations from the means. `divisor`: what they are divided by. */
export function makeGram(x: ArrayNode, centred: boolean, divisor?: number): ArrayNode {
  const d = x.shape[1];
  const divided = divisor === undefined ? {} : { divisor };
  return { op: "gram", inputs: [x], centred, ...divided, shape: [d, d], dtype: "float64", chunks: [[d], [d]] };
}
