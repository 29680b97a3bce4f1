import type { DType } from "../../collections/array/dtype.ts";
import { viewOf, infoOf } from "../../collections/array/dtype.ts";
import type { ScalarType } from "../../collections/schema.ts";
import { InternalError, ValueError, type JsonObject } from "../../errors.ts";
import type { Column } from "../frame/column.ts";
import { encodeFrame } from "../frame/encode.ts";
import type { Kernel } from "../kernel.ts";
import { decodeNpy } from "./npy.ts";
import { runArray } from "./run.ts";

/** What an "array.frame" task does: computes its chunk of whole rows as `chunk` says, and makes a part of a frame of it. */
export interface FrameParams {
  /** Parameters of "array.run" that end in a block. */
  readonly chunk: JsonObject;
  /** The columns' names, in order. */
  readonly names: readonly string[];
}

/** The type of a frame's column that holds elements of a dtype. */
export function columnTypeOf(dtype: DType): ScalarType {
  if (dtype === "bool") return "bool";
  return dtype === "float64" || dtype === "float32" ? "float64" : "int64";
}

export const toFrame: Kernel = async (json, input, context) => {
  const { chunk, names } = json as unknown as FrameParams; // as client/array-to-frame.ts wrote it
  const { value } = await runArray(chunk, input, context);
  if (!(value instanceof Uint8Array)) throw new InternalError("A chunk of an array came without its bytes.");
  const { dtype, shape, elements } = decodeNpy(value, "a chunk");
  const rows = shape[0];
  // Elements of a chunk that was just made begin at a multiple of 64 bytes.
  const all = viewOf(dtype, elements.buffer, elements.byteOffset, elements.byteLength / infoOf(dtype).bytes);
  const columns = new Map(names.map((name, c): [string, Column] => [name, columnFrom(all, dtype, rows, c, names)]));
  const schema = names.map((name) => ({ name, type: columnTypeOf(dtype) }));
  return { value: encodeFrame({ schema, batch: { rows, columns } }), recordsIn: rows, recordsOut: rows };
};

type Elements = ReturnType<typeof viewOf>;

function columnFrom(all: Elements, dtype: DType, rows: number, c: number, names: readonly string[]): Column {
  const step = names.length;
  if (all instanceof BigInt64Array || all instanceof BigUint64Array) {
    if (dtype === "uint64") refuseLarge(all, rows, c, names);
    return wholeColumn(all, rows, c, step);
  }
  const type = columnTypeOf(dtype);
  if (type === "bool") {
    const values = new Uint8Array(rows);
    for (let i = 0, at = c; i < rows; i++, at += step) values[i] = all[at];
    return { type, values };
  }
  const values = new Float64Array(rows);
  for (let i = 0, at = c; i < rows; i++, at += step) values[i] = all[at];
  return { type: type === "float64" ? type : "int64", values };
}

/** As doubles while all are within ±2^53, which needs no bigint for each. */
function wholeColumn(all: BigInt64Array | BigUint64Array, rows: number, c: number, step: number): Column {
  const halves = new Int32Array(all.buffer, all.byteOffset, 2 * all.length);
  const values = new Float64Array(rows);
  for (let i = 0, at = 2 * c; i < rows; i++, at += 2 * step) {
    const high = halves[at + 1];
    if (high < -(2 ** 21) || high >= 2 ** 21) {
      const wide = new BigInt64Array(rows);
      for (let k = 0, from = c; k < rows; k++, from += step) wide[k] = all[from];
      return { type: "int64", values: wide };
    }
    values[i] = high * 2 ** 32 + (halves[at] >>> 0);
  }
  return { type: "int64", values };
}

/** @throws ValueError for what no int64 holds. */
function refuseLarge(all: BigInt64Array | BigUint64Array, rows: number, c: number, names: readonly string[]): void {
  for (let i = 0, at = c; i < rows; i++, at += names.length)
    if (all[at] >= 2n ** 63n)
      throw new ValueError(`Column "${names[c]}" expects int64, the largest of which is 2^63 - 1; found ${all[at]}.`, {
        fields: { column: names[c], type: "int64", text: String(all[at]) },
        fix: 'cast the array first: x.astype("float64").toDataFrame(…).',
      });
}
