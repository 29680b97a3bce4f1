import type { Dataset, File } from "h5wasm/node";
import type { ScalarType } from "../../collections/schema.ts";
import { FormatError, InternalError } from "../../errors.ts";
import type { Source } from "../../plan/plan.ts";
import { castColumn } from "../frame/cast.ts";
import type { Batch, Column } from "../frame/column.ts";
import { inSlices } from "../frame/slice.ts";
import { ByteDictionary } from "../frame/byte-dictionary.ts";
import { entityOf, withHdf5 } from "./hdf5-file.ts";
import { jsonText } from "./json-text.ts";
import { narrowed, tooLarge } from "./parquet-values.ts";
import { fileItem, type ReadBatches } from "./sources.ts";

/** Datasets of HDF5 files, some rows a task. */
export interface Hdf5Format {
  readonly format: "hdf5";
  readonly columns: readonly Hdf5Column[];
}

/** Where a column is: a dataset, or one column or member of it. */
export interface Hdf5Column {
  readonly name: string;
  readonly type: ScalarType;
  readonly path: string;
  readonly part: "all" | "column" | "member";
  /** Which column or member. */
  readonly index: number;
}

export interface Hdf5Item {
  readonly source: Source;
  readonly firstRow: number;
  readonly rows: number;
}

export const hdf5Batches: ReadBatches<Hdf5Format> = async ({ columns: all }, columns, input, context, use) => {
  const item = fileItem<Hdf5Item>(input, "HDF5");
  const { source, rows } = item;
  return withHdf5(source, context.store, context.signal, (file) => {
    const read = columns.map(({ name, type }): [string, Column] => {
      const column = all.find((one) => one.name === name);
      if (column === undefined) throw new InternalError(`The plan reads "${name}", which no dataset is.`);
      const values = valuesOf(file, column, item);
      if (values.length !== rows) throw changed(source.url, column, rows, values.length);
      return [name, castColumn(columnOf(values, column), type)];
    });
    const batch: Batch = { rows, columns: new Map(read) };
    return use({ batches: inSlices(batch) });
  });
};

function valuesOf(
  file: File,
  { path, part, index }: Hdf5Column,
  { source, firstRow, rows }: Hdf5Item,
): ArrayLike<unknown> {
  const dataset = entityOf(file, path, source.url) as Dataset; // as when the plan was made: anything else gives no values
  const range: [number, number] = [firstRow, firstRow + rows];
  if (part === "column") return dataset.slice([range, [index, index + 1]]) as ArrayLike<unknown>;
  const values = dataset.slice([range]) as ArrayLike<unknown>; // of one dimension
  return part === "all" ? values : Array.from(values, (row) => (row as readonly unknown[])[index]); // a record is a list
}

function columnOf(values: ArrayLike<unknown>, { name, type }: Hdf5Column): Column {
  if (type === "string") {
    const texts = new ByteDictionary();
    const codes = Int32Array.from(values, (value) => texts.codeOf(typeof value === "string" ? value : jsonText(value)));
    return { type, codes, dictionary: texts };
  }
  const numbers = values as ArrayLike<number | bigint | boolean>; // as the types say
  if (type === "bool") return { type, values: Uint8Array.from(numbers, Number) };
  if (type === "float64") return { type, values: Float64Array.from(numbers, Number) };
  const isWide = numbers.length > 0 && typeof numbers[0] === "bigint";
  if (!isWide) return { type: "int64", values: Float64Array.from(numbers, Number) };
  const wide = numbers as ArrayLike<bigint>;
  if (Array.from(wide).some((value) => value >= 2n ** 63n)) throw tooLarge(name);
  return { type: "int64", values: narrowed(BigInt64Array.from(wide)) };
}

function changed(url: string, { path }: Hdf5Column, rows: number, found: number): FormatError {
  return new FormatError(`${url} has ${found} rows in ${path}, expected ${rows}.`, {
    fields: { url, format: "hdf5", dataset: path },
    fix: "run again when nothing writes to the file.",
  });
}
