import fc from "fast-check";
import { afterAll } from "vitest";
import { col, readCsv, type DataFrame } from "../../lib/index.ts";
import type { Schema } from "../../lib/collections/schema.ts";
import { valueAt, columnOf } from "../../lib/kernels/frame/column.ts";
import type { Frame } from "../../lib/kernels/frame/encode.ts";
import { loadFold } from "../../lib/kernels/registry.ts";
import { lowerFrame } from "../../lib/plan/lower/frame.ts";
import type { Plan } from "../../lib/plan/plan.ts";
import { createInlineRuntime } from "../../lib/runtime/inline.ts";
import { createLocalRuntime } from "../../lib/runtime/local/local.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { spell } from "../csv/support.ts";
import type { Row, Value } from "./reference.ts";

/** Frames over random rows, run on plans that are made as if tasks had very little memory: so that what is tiny goes through exchanges. */

export const store = defaultStore();
/** A vault that spills nearly all. */
const inline = createInlineRuntime({ store, vaultBytes: 8_192 });
const threads = createLocalRuntime({ store, workers: 2 });
afterAll(() => Promise.all([inline.close(), threads.close()]));

export interface Setting {
  /** What plans take for a task's memory, in bytes: few make many partitions. */
  readonly taskBytes: number;
  readonly onThreads: boolean;
  /** Of CSV files, in bytes. */
  readonly blockSize: number;
}

export const setting: fc.Arbitrary<Setting> = fc.record({
  taskBytes: fc.constantFrom(600, 3_000, 40_000, Infinity),
  onThreads: fc.boolean(),
  blockSize: fc.constantFrom(30, 60, 200, 1 << 20),
});

export async function planFor(frame: DataFrame, taskBytes: number): Promise<Plan> {
  return (await lowerFrame(frame.node, { store, taskBytes })).plan;
}

/** The rows of a frame. The plan goes through JSON, as it does on its way to workers elsewhere. */
export async function compute(frame: DataFrame, { taskBytes, onThreads }: Setting): Promise<Rows> {
  const plan = JSON.parse(JSON.stringify(await planFor(frame, taskBytes))) as Plan; // as it was written
  const { partial } = await (onThreads ? threads : inline).run(plan);
  const { output } = plan.stages[plan.stages.length - 1];
  if (output.kind !== "fold") throw new Error("A frame's plan ends in a fold.");
  const fold = await loadFold(output.fold.op, output.fold.params);
  return rowsOf((await fold.finish(partial)) as Frame); // what the folds of frames give
}

export interface Rows {
  readonly schema: Schema;
  readonly rows: readonly Row[];
}

export function rowsOf({ schema, batch }: Frame): Rows {
  const rows = Array.from({ length: batch.rows }, (_, i): Row =>
    Object.fromEntries(
      schema.map(({ name, type }) => {
        const value = valueAt(columnOf(batch, name), i);
        return [name, type === "int64" && value !== null ? BigInt(value) : value];
      }),
    ),
  );
  return { schema, rows };
}

/** Rows as lines that tell all bits. */
export function told({ schema, rows }: Rows): string[] {
  const header = schema.map(({ name, type }) => `${name} ${type}`).join(", ");
  return [header, ...rows.map((row) => schema.map(({ name }) => spell(row[name])).join(" | "))];
}

/** The same without an order of the rows. */
export function toldInAnyOrder(rows: Rows): string[] {
  const [header, ...lines] = told(rows);
  return [header, ...lines.sort()];
}

/** The columns of `frameOf`: `p` says where a row stands. */
export const SCHEMA: Schema = [
  { name: "k", type: "string" },
  { name: "i", type: "int64" },
  { name: "f", type: "float64" },
  { name: "b", type: "bool" },
  { name: "p", type: "int64" },
];

const FLOATS: Readonly<Record<string, number | null>> = {
  "0,1": 0,
  "0,-1": -0,
  "0,0": NaN,
  "1,0": Infinity,
  "-1,0": -Infinity,
  ",1": null,
  "3,2": 1.5,
  "1,3": 1 / 3,
  "-7,2": -3.5,
};

interface Made {
  readonly k: string | null;
  readonly i: bigint | null;
  /** A key of FLOATS: how the file spells the float, as a quotient. */
  readonly f: string;
  readonly b: boolean | null;
}

const made: fc.Arbitrary<Made> = fc.record({
  k: fc.constantFrom(
    "a",
    "b",
    "ab",
    "🙂",
    "\uffff",
    'q"\n,',
    "",
    null,
    "a long text that goes on",
    "a long text that goes o",
  ),
  i: fc.oneof(
    fc.bigInt({ min: -4n, max: 4n }),
    fc.constantFrom(null, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 60n), 2n ** 63n - 1n),
  ),
  f: fc.constantFrom(...Object.keys(FLOATS)),
  b: fc.constantFrom(true, false, null),
});

/** Rows with many equal values, and nulls, NaN, −0, infinities, integers beyond 2^53. */
export const madeRows = fc.array(made, { maxLength: 40, size: "max" });

let files = 0;

/** The frame that reads such rows, and what it should read. */
export async function frameOf(list: readonly Made[], blockSize: number): Promise<{ frame: DataFrame; rows: Rows }> {
  const url = `memory://exchange/${files++}.csv`;
  const text = (value: string | null) => (value === null ? "" : `"${value.replaceAll('"', '""')}"`);
  const lines = list.map(({ k, i, f, b }, p) => `${text(k)},${i ?? ""},${f},${b ?? ""},${p}\n`);
  await store.put(url, Buffer.from(`k,i,n,d,b,p\n${lines.join("")}`));
  const types = { k: "string", i: "int64", n: "float64", d: "float64", b: "bool", p: "int64" } as const;
  const frame = readCsv(url, { blockSize, types })
    .assign({ f: col("n").div(col("d")) })
    .select("k", "i", "f", "b", "p");
  const rows = list.map(({ k, i, f, b }, p): Row => ({ k, i, f: FLOATS[f], b, p: BigInt(p) }));
  return { frame, rows: { schema: SCHEMA, rows } };
}

/** Ascending: numbers by value, texts by code point. Neither null nor NaN. */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return (a ?? 0) < (b ?? 0) ? -1 : (a ?? 0) > (b ?? 0) ? 1 : 0;
}

export function isMissing(value: Value): boolean {
  return value === null || Number.isNaN(value);
}
