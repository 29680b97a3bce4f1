import { OptionError, ShapeError } from "../../errors.ts";
import { knownKeys } from "../options.ts";
import { ChunkedArray } from "./chunked-array.ts";
import { checkChunks } from "./chunks.ts";
import type { CreateOptions } from "./create.ts";
import { dtypeOf, type DType, type TypedArray } from "./dtype.ts";
import type { Scalar } from "./make.ts";
import { NDArray, isNDArray, makeTyped, type Nested } from "./ndarray.ts";
import { checkShape, sizeOf } from "./shape.ts";

interface FromOptions extends CreateOptions {
  /** Of the array; default: that of the data. */
  readonly shape?: readonly number[];
}

/** An array of numbers in memory: of a typed array, lists in lists (numbers as float64, bigints as int64, booleans as bool) or an NDArray. They are copied. */
export function fromArray<D extends DType>(data: NDArray<D>, options?: Omit<FromOptions, "dtype">): ChunkedArray<D>;
export function fromArray<D extends DType>(
  data: NDArray | TypedArray | Nested<Scalar>,
  options: FromOptions & { readonly dtype: D },
): ChunkedArray<D>;
export function fromArray(data: Float64Array, options?: Omit<FromOptions, "dtype">): ChunkedArray<"float64">;
export function fromArray(data: NDArray | TypedArray | Nested<Scalar>, options?: FromOptions): ChunkedArray;
export function fromArray(data: NDArray | TypedArray | Nested<Scalar>, options: FromOptions = {}): ChunkedArray {
  knownKeys(options, ["dtype", "chunks", "shape"], "fromArray(…)");
  const array = toNDArray(data, options.dtype);
  const shape = options.shape === undefined ? array.shape : checkShape(options.shape, "fromArray(…)");
  if (sizeOf(shape) !== array.size)
    throw new ShapeError(`fromArray(…) cannot make the shape [${shape.join(", ")}] of ${array.size} elements.`, {
      fields: { shapes: [[...array.shape], [...shape]] },
    });
  const view: TypedArray = array.data;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
  return new ChunkedArray({
    op: "data",
    bytes,
    shape,
    dtype: array.dtype,
    chunks: checkChunks(options.chunks, shape, array.dtype),
  });
}

export function toNDArray(data: NDArray | TypedArray | Nested<Scalar>, dtype: DType | undefined): NDArray {
  if (isNDArray(data))
    return dtype === undefined || dtype === data.dtype ? data : convert(data.toArray(), data.shape, dtype);
  if (ArrayBuffer.isView(data)) {
    const view = data as TypedArray; // the only views that the types allow
    const own = dtypeOf(view);
    return dtype === undefined || dtype === own
      ? new NDArray(own, [view.length], view)
      : convert([...view], [view.length], dtype);
  }
  const shape: number[] = [];
  for (
    let level: Nested<Scalar> | undefined = data;
    Array.isArray(level);
    level = level[0] as Nested<Scalar> | undefined
  )
    shape.push(level.length);
  const values: Scalar[] = [];
  flatten(data, shape, 0, values);
  return convert(values, shape, dtype ?? commonDType(values));
}

function flatten(level: Nested<Scalar>, shape: readonly number[], depth: number, into: Scalar[]): void {
  if (depth === shape.length) {
    if (typeof level === "object") throw ragged(shape);
    into.push(level);
    return;
  }
  if (!Array.isArray(level) || level.length !== shape[depth]) throw ragged(shape);
  for (const item of level as readonly Nested<Scalar>[]) flatten(item, shape, depth + 1, into);
}

function ragged(shape: readonly number[]): ShapeError {
  return new ShapeError(
    `fromArray(…) expects lists of equal lengths at each depth; the first ones make the shape [${shape.join(", ")}], others do not.`,
    {
      fields: { shapes: [[...shape]] },
      fix: "fill the shorter lists up.",
    },
  );
}

function commonDType(values: readonly Scalar[]): DType {
  if (values.length > 0 && values.every((value) => typeof value === "boolean")) return "bool";
  return values.some((value) => typeof value === "bigint") && !values.some((value) => typeof value === "number")
    ? "int64"
    : "float64";
}

function convert(values: readonly Scalar[], shape: readonly number[], dtype: DType): NDArray {
  const data = makeTyped(dtype, values.length) as TypedArray;
  const wide = data instanceof BigInt64Array || data instanceof BigUint64Array;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== "number" && typeof value !== "bigint" && typeof value !== "boolean")
      throw new OptionError(
        `fromArray(…) expects numbers, bigints or booleans; found ${String(value)} (element ${i}).`,
        { fields: { element: i } },
      );
    data[i] = wide ? BigInt(value) : dtype === "bool" ? Number(Boolean(value)) : Number(value);
  }
  return new NDArray(dtype, shape, data);
}
