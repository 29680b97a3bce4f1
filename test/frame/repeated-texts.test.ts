import { expect, test } from "vitest";
import { col, concat, readCsv, size, type DataFrame } from "../../lib/index.ts";
import { piecesToArrow, toArrow } from "../../lib/kernels/frame/arrow.ts";
import { columnOf, valueAt, type Column, type StringColumn } from "../../lib/kernels/frame/column.ts";
import { decodeFrame, encodeFrame, type Frame } from "../../lib/kernels/frame/encode.ts";
import { fromValues } from "../../lib/kernels/frame/from-values.ts";
import { joinStrings } from "../../lib/kernels/frame/join-strings.ts";
import { compute, planFor, store, type Setting } from "./exchange-support.ts";

/** So many that dictionaries are put behind each other, and are not merged. */
const TEXTS = 20_000;

/** Each has most of its texts in common with the others, in another order, and nulls. */
const PARTS = [7, 11, 13].map((step) =>
  Array.from({ length: TEXTS }, (_, i) => (i % 50 === 0 ? null : `text ${(i * step) % (TEXTS + 3)}`)),
);
const wanted = PARTS.flat();

function parts(): StringColumn[] {
  return PARTS.map((values) => fromValues("string", values) as StringColumn); // by its type
}

function valuesOf(column: Column): unknown[] {
  return Array.from({ length: wanted.length }, (_, i) => valueAt(column, i));
}

function frameOf(column: Column): Frame {
  return { schema: [{ name: "t", type: "string" }], batch: { rows: wanted.length, columns: new Map([["t", column]]) } };
}

function isDistinct({ dictionary }: StringColumn): boolean {
  const texts = new Set(Array.from({ length: dictionary.size - 1 }, (_, i) => dictionary.text(i + 1)));
  return texts.size === dictionary.size - 1;
}

test("many texts of several dictionaries may get several codes, where that is allowed", () => {
  const kept = joinStrings(parts(), wanted.length, true);
  expect(valuesOf(kept)).toEqual(wanted);
  expect([kept.dictionary.hasRepeats, isDistinct(kept)]).toEqual([true, false]);
  const merged = joinStrings(parts(), wanted.length, false);
  expect(valuesOf(merged)).toEqual(wanted);
  expect([merged.dictionary.hasRepeats ?? false, isDistinct(merged)]).toEqual([false, true]);
});

test("as bytes they say so, and have one code each for who does not ask otherwise", () => {
  const bytes = encodeFrame(frameOf(joinStrings(parts(), wanted.length, true)));
  const asItIs = columnOf(decodeFrame(bytes, true).batch, "t") as StringColumn; // by the schema
  expect(valuesOf(asItIs)).toEqual(wanted);
  expect(asItIs.dictionary.hasRepeats).toBe(true);
  const distinct = columnOf(decodeFrame(bytes).batch, "t") as StringColumn; // as above
  expect(valuesOf(distinct)).toEqual(wanted);
  expect(isDistinct(distinct)).toBe(true);
});

test("an Arrow table of them has their values, one by one and read back", async () => {
  const columns = parts();
  const pieces = columns.map((column) => ({ rows: TEXTS, columns: new Map([["t", column as Column]]) }));
  const table = await piecesToArrow([{ name: "t", type: "string" }], pieces);
  expect([table.batches.length, table.getChild("t")?.nullCount]).toEqual([1, 1_200]);
  expect(table.getChild("t")?.toJSON()).toEqual(wanted);
  const { tableFromIPC, tableToIPC } = await import("apache-arrow");
  for (const format of ["stream", "file"] as const)
    expect(tableFromIPC(tableToIPC(table, format)).getChild("t")?.toJSON()).toEqual(wanted);
  const one = await toArrow(frameOf(joinStrings(columns, wanted.length, false)));
  expect(one.getChild("t")?.toJSON()).toEqual(wanted);
});

const ROWS = 100_000;
const DIFFERENT = 12_000;
/** A range of keys, or of their hashes, has rows of all blocks; so have the rows of a text. */
const DATA = Array.from({ length: ROWS }, (_, i) => ({ k: (i * 7_919) % ROWS, t: `t${i % DIFFERENT}` }));

async function sides(): Promise<[left: DataFrame, right: DataFrame]> {
  const left = DATA.map(({ k, t }) => `${k},${t}\n`);
  const right = DATA.map((_, i) => `${ROWS - 1 - i},${i}\n`);
  await store.put("memory://repeated/left.csv", Buffer.from(`k,t\n${left.join("")}`));
  await store.put("memory://repeated/right.csv", Buffer.from(`k,v\n${right.join("")}`));
  return [
    readCsv("memory://repeated/left.csv", { blockSize: 100_000 }),
    readCsv("memory://repeated/right.csv", { blockSize: 100_000 }),
  ];
}

/** Some partitions, each with thousands of texts. */
const SETTING: Setting = { taskBytes: 10_000_000, onThreads: false, blockSize: 100_000 };

test.each(["join", "sort"])("what follows a %s takes equal texts for equal", async (how) => {
  const [left, right] = await sides();
  const rows = how === "join" ? left.join(right, { on: "k" }) : left.sort("k", { descending: true });
  const plain = await compute(rows, SETTING);
  const pairs = (all: readonly { k?: unknown; t?: unknown }[]) => all.map(({ k, t }) => `${String(k)} ${String(t)}`);
  expect(pairs(plain.rows).sort().join() === pairs(DATA).sort().join()).toBe(true);
  const sorted = await compute(rows.sort("t").select("t"), SETTING);
  const texts = DATA.map(({ t }) => t).sort();
  expect(sorted.rows.findIndex(({ t }, i) => t !== texts[i])).toBe(-1);
  // The parts are kept as they are made, and read by what comes then.
  const kept = concat([rows, rows]);
  const { stages } = await planFor(kept, SETTING.taskBytes);
  expect(stages.filter(({ id }) => id.startsWith("part")).length).toBe(2);
  const groups = await compute(kept.groupBy("t").agg({ n: size() }), SETTING);
  const counts = new Map<unknown, number>();
  for (const { t } of DATA) counts.set(t, (counts.get(t) ?? 0) + 2);
  expect(groups.rows.length).toBe(DIFFERENT);
  expect(groups.rows.filter(({ t, n }) => Number(n) !== counts.get(t))).toEqual([]);
  const different = await compute(kept.agg({ n: col("t").nunique(), first: col("t").min() }), SETTING);
  expect(different.rows).toEqual([{ n: BigInt(DIFFERENT), first: "t0" }]);
  expect((await compute(kept.select("t").distinct(), SETTING)).rows.length).toBe(DIFFERENT);
  const met = left.join(kept.select("t").distinct(), { on: "t" });
  expect((await compute(met, SETTING)).rows.length).toBe(ROWS);
});
