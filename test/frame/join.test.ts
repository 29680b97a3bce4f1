import fc from "fast-check";
import { expect, test } from "vitest";
import { col, size, type DataFrame } from "../../lib/index.ts";
import { JOINS, type JoinNode } from "../../lib/collections/dataframe/operation-nodes.ts";
import type { Schema } from "../../lib/collections/schema.ts";
import { compute, frameOf, madeRows, planFor, setting, told, toldInAnyOrder, type Rows } from "./exchange-support.ts";
import type { Row, Value } from "./reference.ts";

/** Equal as keys: 0 is −0, NaN is NaN, null is nothing. */
function meets(a: Value, b: Value): boolean {
  return a !== null && b !== null && (a === b || (Number.isNaN(a) && Number.isNaN(b)));
}

type How = JoinNode["how"];

/** By comparing each row with each, in pandas' order: of the left side, or for "right" of the right one. */
function joined(left: Rows, right: Rows, on: readonly string[], how: How): Rows {
  const isMatch = (l: Row, r: Row) => on.every((name) => meets(l[name], r[name]));
  if (how === "semi" || how === "anti")
    return { ...left, rows: left.rows.filter((l) => right.rows.some((r) => isMatch(l, r)) === (how === "semi")) };
  const name = (from: string, suffix: string) => (on.includes(from) ? from : from + suffix);
  const schema: Schema = [
    ...left.schema.map((field) => ({ ...field, name: name(field.name, "_x") })),
    ...right.schema.filter((f) => !on.includes(f.name)).map((field) => ({ ...field, name: `${field.name}_y` })),
  ];
  const row = (l: Row | undefined, r: Row | undefined): Row => ({
    ...Object.fromEntries(left.schema.map((f) => [name(f.name, "_x"), l?.[f.name] ?? null])),
    ...Object.fromEntries(right.schema.map((f) => [name(f.name, "_y"), r?.[f.name] ?? null])),
    ...Object.fromEntries(on.map((key) => [key, (how === "right" || l === undefined ? r : l)?.[key] ?? null])),
  });
  const rows: Row[] = [];
  if (how === "right")
    for (const r of right.rows) {
      const matches = left.rows.filter((l) => isMatch(l, r));
      rows.push(...(matches.length > 0 ? matches.map((l) => row(l, r)) : [row(undefined, r)]));
    }
  else
    for (const l of left.rows) {
      const matches = right.rows.filter((r) => isMatch(l, r));
      if (matches.length > 0) rows.push(...matches.map((r) => row(l, r)));
      else if (how !== "inner") rows.push(row(l, undefined));
    }
  if (how === "outer")
    rows.push(...right.rows.filter((r) => !left.rows.some((l) => isMatch(l, r))).map((r) => row(undefined, r)));
  return { schema, rows };
}

const on = fc.shuffledSubarray(["k", "i", "f", "b"], { minLength: 1, maxLength: 3 });
const hows = fc.constantFrom(...JOINS);

test("joins as comparing all rows with all does, by broadcast and by exchange", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, madeRows, on, hows, setting, async (l, r, keys, how, setup) => {
      const left = await frameOf(l, setup.blockSize);
      const right = await frameOf(r, setup.blockSize);
      const frame = left.frame.join(right.frame, { on: keys, how });
      const wanted = joined(left.rows, right.rows, keys, how);
      const found = await compute(frame, setup);
      expect(toldInAnyOrder(found)).toEqual(toldInAnyOrder(wanted));
      // In the order of the side that is not broadcast; an inner join may broadcast either.
      const isBroadcast = setup.taskBytes === Infinity && how !== "outer";
      if (isBroadcast && how !== "inner") expect(told(found)).toEqual(told(wanted));
      expect(told(await compute(frame, setup))).toEqual(told(found));
    }),
    { numRuns: 80 },
  );
}, 120_000);

test("filters behind a join give what they give, wherever they run", async () => {
  const conditions = [
    col("p_x").gt(10),
    col("p_y").lt(20),
    col("i").eq(2).and(col("p_x").gt(3)),
    col("p_y").isNull(),
    col("k_x").eq(col("k_y")),
  ];
  await fc.assert(
    fc.asyncProperty(
      madeRows,
      madeRows,
      hows,
      fc.constantFrom(...conditions),
      setting,
      async (l, r, how, condition, setup) => {
        if (how === "semi" || how === "anti") return;
        const left = await frameOf(l, setup.blockSize);
        const right = await frameOf(r, setup.blockSize);
        const frame = left.frame.join(right.frame, { on: "i", how });
        const all = await compute(frame.assign({ keep: condition }), setup);
        const schema = all.schema.filter(({ name }) => name !== "keep");
        const wanted = { schema, rows: all.rows.filter((row) => row["keep"] === true) };
        expect(toldInAnyOrder(await compute(frame.filter(condition), setup))).toEqual(toldInAnyOrder(wanted));
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);

test("joins of joins, of groups and of sorted rows", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, madeRows, setting, async (l, r, setup) => {
      const left = await frameOf(l, setup.blockSize);
      const right = await frameOf(r, setup.blockSize);
      const counts = right.frame.groupBy("k").agg({ n: size() });
      const frame = left.frame
        .select("k", "p")
        .join(counts, { on: "k", how: "left" })
        .join(right.frame.sort("p").head(7).select("k", "i"), { on: "k", how: "semi" })
        .sort("p");
      const firsts = right.rows.rows.slice(0, 7).map(({ k }) => k);
      const rows = left.rows.rows
        .filter(({ k }) => k !== null && firsts.includes(k))
        .map(({ k, p }): Row => ({ k, p, n: BigInt(right.rows.rows.filter((row) => row["k"] === k).length) }));
      const schema: Schema = [
        { name: "k", type: "string" },
        { name: "p", type: "int64" },
        { name: "n", type: "int64" },
      ];
      expect(told(await compute(frame, setup))).toEqual(told({ schema, rows }));
    }),
    { numRuns: 25 },
  );
}, 120_000);

test("integers meet floats of the same value, under either name", async () => {
  const made = (i: bigint | null, f: string) => ({ k: "a", i, f, b: null });
  const left = await frameOf([made(0n, "0,1"), made(1n, "1,0"), made(null, ",1")], 100);
  const right = await frameOf([made(5n, "0,-1"), made(6n, "0,0"), made(7n, ",1")], 100);
  const joinedRows = await compute(
    left.frame
      .select("i", "p")
      .join(right.frame.select("f", "p"), { leftOn: "i", rightOn: "f", suffixes: ["", "_right"] }),
    { taskBytes: 600, onThreads: false, blockSize: 100 },
  );
  expect(told(joinedRows)).toEqual(["i int64, p int64, f float64, p_right int64", "0n | 0n | -0 | 0n"]);
});

test.each(JOINS)("integers beyond 2^53 come out as they went in, where they met floats: %s", async (how) => {
  const made = (i: bigint | null, f: string) => ({ k: "a", i, f, b: null });
  // As a float64 it is the one below, which it therefore meets; so it does in pandas and DuckDB, which keep it too.
  const large = 9007199254740993n;
  const left = await frameOf([made(large, "0,1"), made(2n, "0,1")], 100);
  const right = await frameOf([made(null, "9007199254740992,1"), made(null, "5,1")], 100);
  const frame = left.frame.select("i").join(right.frame.select("f"), { leftOn: "i", rightOn: "f", how });
  const pairs: { readonly [H in How]: readonly string[] } = {
    inner: [`${large}n | 9007199254740992`],
    left: [`${large}n | 9007199254740992`, "2n | null"],
    right: [`${large}n | 9007199254740992`, "null | 5"],
    outer: [`${large}n | 9007199254740992`, "2n | null", "null | 5"],
    semi: [`${large}n`],
    anti: ["2n"],
  };
  const isFilter = how === "semi" || how === "anti";
  for (const taskBytes of [Infinity, 600]) {
    const [schema, ...rows] = told(await compute(frame, { taskBytes, onThreads: false, blockSize: 100 }));
    expect(schema).toBe(isFilter ? "i int64" : "i int64, f float64");
    expect(rows.sort()).toEqual([...pairs[how]].sort());
  }
});

test("a key of equal names is of both sides' common type, but for joins that only filter", async () => {
  const made = (i: bigint) => ({ k: "a", i, f: "0,1", b: null });
  const { frame } = await frameOf([made(9007199254740993n)], 100);
  const floats = frame.select("i").assign({ i: col("i").cast("float64"), "i as float64": col("i") });
  const setup = { taskBytes: Infinity, onThreads: false, blockSize: 100 };
  const join = (how: How) => compute(frame.select("i").join(floats, { on: "i", how }), setup);
  expect(told(await join("inner"))).toEqual(["i float64, i as float64 int64", "9007199254740992 | 9007199254740993n"]);
  expect(told(await join("semi"))).toEqual(["i int64", "9007199254740993n"]);
  const flipped = await compute(floats.join(frame.select("i"), { on: "i", how: "semi" }), setup);
  expect(told(flipped)).toEqual(["i float64, i as float64 int64", "9007199254740992 | 9007199254740993n"]);
});

test("explain says which side is broadcast, or that both are shuffled, and why", async () => {
  const { frame } = await frameOf([{ k: "a", i: 1n, f: "3,2", b: true }], 100);
  const notes = async (how: How, taskBytes: number) =>
    (await planFor(frame.join(frame, { on: "i", how }), taskBytes)).notes.join("\n");
  expect(await notes("left", Infinity)).toMatch(/left join on i: broadcast of the right side, which is small/);
  expect(await notes("right", Infinity)).toMatch(/right join on i: broadcast of the left side/);
  expect(await notes("outer", Infinity)).toMatch(/both sides meet by hash, since an outer join needs all rows/);
  expect(await notes("inner", 60)).toMatch(/both sides meet by hash, since neither side is small/);
});

test("join refuses what it cannot mean", async () => {
  const { frame } = await frameOf([], 100);
  const refused = (other: DataFrame, options: Parameters<DataFrame["join"]>[1]) =>
    expect(planFor(frame.join(other, options), 600)).rejects;
  await refused(frame, { on: "x" }).toMatchObject({ tag: "UnknownColumn" });
  await refused(frame, { leftOn: "i", rightOn: "k" }).toThrow(/sets "i", which is int64, against "k", which is string/);
  await refused(frame, { on: "i", suffixes: ["", ""] }).toThrow(/two columns the name "k"/);
  expect(() => frame.join(frame, {})).toThrow(/either on, or leftOn and rightOn/);
  expect(() => frame.join(frame, { leftOn: ["i", "k"], rightOn: "i" })).toThrow(/2 columns in leftOn and 1 in rightOn/);
  // @ts-expect-error: users of plain JavaScript do it
  expect(() => frame.join(frame, { on: "i", how: "cross" })).toThrow(/option how expects "inner"/);
});
