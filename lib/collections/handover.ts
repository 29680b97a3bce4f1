import { ShapeError } from "../errors.ts";
import { checkDType, type DType } from "./array/dtype.ts";
import { shapeText, type Shape } from "./array/shape.ts";
import { columnNames } from "./dataframe/operations.ts";
import { OptionError } from "../errors.ts";
import { knownKeys } from "./options.ts";

/** How images become an array. */
export interface ToArrayOptions<D extends DType = DType> {
  /** Of the array. Default: of images uint8; of a frame the dtype that holds all columns. */
  readonly dtype?: D;
  /** Cancels the run: it fails with `CancelledError`. */
  readonly signal?: AbortSignal;
}

/** How a frame becomes an array. */
export interface FrameToArrayOptions<D extends DType = DType> extends ToArrayOptions<D> {
  /** Which columns, in this order. Default: all. */
  readonly columns?: readonly string[];
}

/** How an array becomes a frame. */
export interface ToDataFrameOptions {
  /** Names of the columns. Default "0", "1", … */
  readonly columns?: readonly string[];
  /** Cancels the run: it fails with `CancelledError`. */
  readonly signal?: AbortSignal;
}

/** What an array is to be made of, checked. */
export interface AskedArray {
  readonly columns?: readonly string[];
  readonly dtype?: DType;
}

/** @throws OptionError */
export function askedArray(options: FrameToArrayOptions, known: readonly string[]): AskedArray {
  knownKeys(options, [...known, "dtype", "signal"], "toArray(…)");
  const { columns, dtype } = options;
  return {
    ...(columns === undefined ? {} : { columns: columnNames(listed(columns, "toArray(…)"), "toArray(…)") }),
    ...(dtype === undefined ? {} : { dtype: checkDType(dtype, "toArray(…): dtype") }),
  };
}

/** The names of the columns that an array of this shape makes. @throws OptionError, ShapeError */
export function frameNames(shape: Shape, options: ToDataFrameOptions): string[] {
  knownKeys(options, ["columns", "signal"], "toDataFrame(…)");
  const width = shape.length === 1 ? 1 : shape[1];
  if (shape.length < 1 || shape.length > 2 || width === 0)
    throw new ShapeError(
      `toDataFrame(…) expects an array of one axis, or of rows and at least one column; found ${shapeText(shape)}.`,
      { fields: { shapes: [[...shape]] }, fix: "reshape it to two axes first: x.reshape(rows, -1)." },
    );
  if (options.columns === undefined) return Array.from({ length: width }, (_, i) => String(i));
  const names = columnNames(listed(options.columns, "toDataFrame(…)"), "toDataFrame(…)");
  if (names.length === width) return names;
  throw new OptionError(
    `toDataFrame(…) option columns expects ${width} ${width === 1 ? "name" : "names"}, one for each column of the shape ${shapeText(shape)}; found ${names.length}.`,
    { fields: { expected: width, found: names.length }, fix: "name each column once." },
  );
}

/** The signal alone, as executors take it. */
export function signalIn({ signal }: { readonly signal?: AbortSignal }): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function listed(names: unknown, where: string): readonly unknown[] {
  if (Array.isArray(names)) return names as readonly unknown[]; // just checked
  throw new OptionError(`${where} option columns expects a list of names.`, { fix: 'write { columns: ["x", "y"] }.' });
}
