import { OptionError, ShapeError } from "../../errors.ts";
import { ChunkedArray, operandOf, type Operand } from "./chunked-array.ts";
import { checkChunks, type ChunksOption } from "./chunks.ts";
import { checkDType, dtypeOf, promote, type DType, type TypedArray } from "./dtype.ts";
import { makeBroadcast, makeConcat, makeFull, makeMap, type Scalar } from "./make.ts";
import { NDArray, isNDArray, makeTyped, type Nested } from "./ndarray.ts";
import { checkAxis, checkShape, shapeText, sizeOf } from "./shape.ts";

export interface CreateOptions<D extends DType = DType> {
  /** Default "float64". */
  readonly dtype?: D;
  /** How the array is cut; default "auto": about 16 MiB a chunk. */
  readonly chunks?: ChunksOption;
}

/** An array of zeros. */
export function zeros<D extends DType = "float64">(
  shape: number | readonly number[],
  options: CreateOptions<D> = {},
): ChunkedArray<D> {
  return full(shape, 0, options);
}

/** An array of ones. */
export function ones<D extends DType = "float64">(
  shape: number | readonly number[],
  options: CreateOptions<D> = {},
): ChunkedArray<D> {
  return full(shape, 1, options);
}

/** An array of one value. @throws OptionError where the dtype does not hold it */
export function full<D extends DType = "float64">(
  shape: number | readonly number[],
  value: Scalar,
  options: CreateOptions<D> = {},
): ChunkedArray<D> {
  const dtype = dtypeIn(options, "full(…)");
  return new ChunkedArray(makeFull(checkShape(shape, "full(…)"), value, dtype, options.chunks));
}

/** Numbers from `start` (default 0) up to, without, `stop`, `step` (default 1) apart. `arange(stop)`, `arange(start, stop, step, options)`. */
export function arange<D extends DType = "float64">(
  startOrStop: number,
  stop?: number | CreateOptions<D>,
  step?: number | CreateOptions<D>,
  options?: CreateOptions<D>,
): ChunkedArray<D> {
  const given = [stop, step, options].find((one) => typeof one === "object") ?? {};
  const [from, to] = typeof stop === "number" ? [startOrStop, stop] : [0, startOrStop];
  const by = typeof step === "number" ? step : 1;
  if (![from, to, by].every(Number.isFinite) || by === 0)
    throw new OptionError(`arange(…) expects finite numbers, and a step other than 0; found ${from}, ${to}, ${by}.`, {
      fix: "as arange(0, 10, 2).",
    });
  const length = Math.max(0, Math.ceil((to - from) / by));
  // NumPy's steps are as far apart as the second number is from the first, which may differ from `step` in the last bit.
  return affine(from, from + by - from, length, given as CreateOptions<D>, "arange(…)"); // the one that is an object
}

/** `count` numbers from `start` to `stop`, both included, equally far apart. Default 50. */
export function linspace(
  start: number,
  stop: number,
  count = 50,
  options: Pick<CreateOptions, "chunks"> = {},
): ChunkedArray<"float64"> {
  const [length] = checkShape(count, "linspace(…)");
  const step = length > 1 ? (stop - start) / (length - 1) : 0;
  const line = affine(start, step, length, { ...options, dtype: "float64" }, "linspace(…)");
  // The last is `stop` to the bit, whatever the steps come to.
  return length > 1
    ? (concatenate([line.slice([0, -1]), full([1], stop)]).rechunk(line.chunks) as ChunkedArray<"float64">)
    : line; // of two float64
}

function affine<D extends DType>(
  start: number,
  step: number,
  length: number,
  options: CreateOptions<D>,
  what: string,
): ChunkedArray<D> {
  const dtype = dtypeIn(options, what);
  if (dtype === "bool")
    throw new OptionError(`${what} makes numbers, no bools.`, { fix: "compare them: arange(10).gt(4)." });
  const shape = [length];
  return new ChunkedArray({
    op: "affine",
    start,
    step,
    shape,
    dtype,
    chunks: checkChunks(options.chunks, shape, dtype),
  });
}

/** Ones on the k-th diagonal, of n rows and m (default n) columns. */
export function eye<D extends DType = "float64">(
  n: number,
  m: number = n,
  options: CreateOptions<D> & { readonly k?: number } = {},
): ChunkedArray<D> {
  const shape = checkShape([n, m], "eye(…)");
  const dtype = dtypeIn(options, "eye(…)");
  return new ChunkedArray({
    op: "eye",
    k: options.k ?? 0,
    shape,
    dtype,
    chunks: checkChunks(options.chunks, shape, dtype),
  });
}

/** The one dtype that all have; of several, whichever holds them. */
type Alike<D extends DType, All = D> = D extends unknown ? ([All] extends [D] ? D : DType) : never;

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

/** Joined along an axis that there is; the dtype holds all of them. @throws ShapeError */
export function concatenate<D extends DType>(
  arrays: readonly ChunkedArray<D, unknown>[],
  options: { readonly axis?: number } = {},
): ChunkedArray<Alike<D>> {
  const [first] = arrays;
  if (first === undefined)
    throw new OptionError("concatenate(…) expects at least one array.", { fix: "give a list of arrays." });
  const dtype = arrays.map((array): DType => array.dtype).reduce(promote);
  return new ChunkedArray(
    makeConcat(
      arrays.map(({ node }) => node),
      checkAxis(options.axis ?? 0, first.ndim, "concatenate(…)"),
      dtype,
    ),
  );
}

/** Joined along a new axis. @throws ShapeError where the shapes differ */
export function stack<D extends DType>(
  arrays: readonly ChunkedArray<D, unknown>[],
  options: { readonly axis?: number } = {},
): ChunkedArray<Alike<D>> {
  const axis = options.axis ?? 0;
  for (const { shape } of arrays)
    if (shapeText(shape) !== shapeText(arrays[0].shape))
      throw new ShapeError(
        `stack(…) expects arrays of one shape; found ${shapeText(arrays[0].shape)} and ${shapeText(shape)}.`,
        { fields: { shapes: [[...arrays[0].shape], [...shape]] }, fix: "broadcast or slice them first." },
      );
  return concatenate(
    arrays.map((array) => array.expandDims(axis)),
    { axis },
  );
}

/** Where the condition is other than 0 elements of `a`, elsewhere those of `b`; shapes broadcast. */
export function where(condition: Operand, a: Operand, b: Operand): ChunkedArray {
  return new ChunkedArray(makeMap("where", [operandOf(condition), operandOf(a), operandOf(b)]));
}

/** Stretches axes of length 1, and new ones in front. */
export function broadcastTo<D extends DType>(
  array: ChunkedArray<D, unknown>,
  shape: readonly number[],
): ChunkedArray<D> {
  return new ChunkedArray(makeBroadcast(array.node, checkShape(shape, "broadcastTo(…)")));
}

function dtypeIn<D extends DType>(options: CreateOptions<D>, what: string): D {
  if (options.dtype === undefined) return "float64" as D; // the default of the type parameter
  checkDType(options.dtype, `${what}: dtype`);
  return options.dtype;
}
