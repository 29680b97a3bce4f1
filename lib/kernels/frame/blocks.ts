import type { DType } from "../../collections/array/dtype.ts";
import { InternalError } from "../../errors.ts";
import type { TaskInput } from "../../plan/plan.ts";
import { Arena } from "../array/arena.ts";
import { Evaluator, type ChunkSource } from "../array/evaluate.ts";
import { encodeNpy } from "../array/npy.ts";
import type { Program } from "../array/program.ts";
import { arrayKernel } from "../array/wasm.ts";
import type { Kernel, TaskContext } from "../kernel.ts";
import { columnOf, type Batch, type Column } from "./column.ts";
import { decodeFrame } from "./encode.ts";

/** What "frame.facts" tells of a kept part of a frame. */
export interface PartFacts {
  readonly rows: number;
  /** Of each column asked for, how many. */
  readonly nulls: readonly number[];
}

/** Parameters of "frame.facts" and "frame.block". */
export interface BlockParams {
  /** The columns' names, in order. */
  readonly columns: readonly string[];
  /** What holds all of them: bool, int64 or float64. */
  readonly common: CommonDType;
  /** Of the array. */
  readonly dtype: DType;
}

export type CommonDType = "bool" | "int64" | "float64";

/** How many rows a kept part has, and how many nulls: a list of one `PartFacts`. */
export const facts: Kernel = async (json, input, context) => {
  const { columns } = json as unknown as Pick<BlockParams, "columns">; // as client/frame-to-array.ts wrote it
  const { rows, columns: held } = await partOf(input, context);
  const nulls = columns.map((name) => nullsIn(columnOf({ rows, columns: held }, name)));
  return { value: [{ rows, nulls } satisfies PartFacts], recordsIn: rows, recordsOut: rows };
};

/** A kept part as `.npy` bytes of shape [rows, columns]. Nulls are NaN; where the common dtype has none, there are no nulls. */
export const block: Kernel = async (json, input, context) => {
  const { columns, common, dtype } = json as unknown as BlockParams; // as client/frame-to-array.ts wrote it
  const batch = await partOf(input, context);
  const held = columns.map((name) => columnOf(batch, name));
  const shape = [batch.rows, columns.length];
  const elements = interleaved(held, batch.rows, common);
  const value = encodeNpy(dtype, shape, common === dtype ? elements : await cast(elements, common, dtype, shape));
  return { value, recordsIn: batch.rows, recordsOut: batch.rows };
};

async function partOf(input: TaskInput, { fetch }: TaskContext): Promise<Batch> {
  if (input.kind !== "refs") throw new InternalError("A part of a frame was asked of a task that has none.");
  return decodeFrame(await fetch(input.refs[0])).batch;
}

function nullsIn(column: Column): number {
  const marks = column.type === "string" ? column.codes : column.valid;
  if (marks === undefined) return 0;
  let nulls = 0;
  for (let i = 0; i < marks.length; i++) if (marks[i] === 0) nulls++;
  return nulls;
}

/** The columns' values row by row, as bytes. */
function interleaved(columns: readonly Column[], rows: number, dtype: CommonDType): Uint8Array {
  const bytes = new Uint8Array(rows * columns.length * (dtype === "bool" ? 1 : 8));
  for (const [c, column] of columns.entries()) {
    if (column.type === "string") throw new InternalError("A column of texts goes into no array.");
    if (dtype === "float64") putFloats(column, new Float64Array(bytes.buffer), c, columns.length);
    else if (dtype === "bool")
      put(column.values as Uint8Array, bytes, c, columns.length); // all are of bools
    else if (column.values instanceof BigInt64Array)
      put(column.values, new BigInt64Array(bytes.buffer), c, columns.length);
    else putWhole(column.values, new Int32Array(bytes.buffer), c, columns.length);
  }
  return bytes;
}

function putFloats({ values, valid }: Exclude<Column, { type: "string" }>, out: Float64Array, c: number, step: number) {
  for (let i = 0, at = c; i < values.length; i++, at += step) out[at] = valid?.[i] === 0 ? NaN : Number(values[i]);
}

function put<T extends Uint8Array | BigInt64Array>(values: T, out: T, c: number, step: number): void {
  for (let i = 0, at = c; i < values.length; i++, at += step) out[at] = values[i];
}

/** Whole numbers within ±2^53 as 64 bits, in halves: a bigint for each would take ten times as long. */
function putWhole(values: Float64Array | Uint8Array, halves: Int32Array, c: number, step: number): void {
  for (let i = 0, at = 2 * c; i < values.length; i++, at += 2 * step) {
    halves[at] = values[i];
    halves[at + 1] = Math.floor(values[i] / 2 ** 32);
  }
}

/** As `astype` casts. */
async function cast(elements: Uint8Array, from: DType, to: DType, shape: readonly number[]): Promise<Uint8Array> {
  const arena = new Arena(arrayKernel());
  const chunks = shape.map((length) => [length]);
  const program: Program = [
    { op: "data", base64: "", shape, dtype: from, chunks },
    { op: "cast", inputs: [0], shape, dtype: to, chunks },
  ];
  const none = () => Promise.reject(new InternalError("A part of a frame was asked for more than itself."));
  const source: ChunkSource = {
    chunk: (_node, _index, region) => Promise.resolve(arena.copyIn(from, region.size, elements)),
    received: none,
    blocks: none,
  };
  try {
    const region = { start: shape.map(() => 0), size: shape };
    return arena.copyOut(await new Evaluator(program, arena, source).block(1, region));
  } finally {
    arena.close();
  }
}
