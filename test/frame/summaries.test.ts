import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { Client, OverflowError, col, fromJSON, lit, readCsv, type DataFrame } from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import type { Window } from "../../lib/collections/window.ts";
import { failure } from "../csv/support.ts";
import { toPlainRows } from "./plain-times.ts";

/** describe, corr, cov, pivot and windows against pandas' answers: test/fixtures/aggregates/make.py. */

type Answer = null | number | string;
const folder = fileURLToPath(new URL("../fixtures/aggregates/", import.meta.url));
// The cast states what make.py writes.
const answers = JSON.parse(readFileSync(`${folder}answers.json`, "utf8")) as {
  readonly whole: {
    readonly describe: Readonly<Record<string, readonly Answer[]>>;
    readonly corr: readonly (readonly Answer[])[];
    readonly cov: readonly (readonly Answer[])[];
    readonly pivot: Readonly<Record<string, readonly Answer[]>>;
  };
  readonly order: Readonly<Record<string, readonly Answer[]>>;
};
const store = defaultStore();
const inline = await Client.local({ workers: 0, store, progress: false });
const threads = await Client.local({ workers: 2, store, progress: false });
afterAll(() => Promise.all([inline.close(), threads.close()]));

const types = {
  k: "string",
  i: "int64",
  f: "float64",
  far: "float64",
  b: "bool",
  s: "string",
  d: "date",
  t: "timestamp",
} as const;
const rows = (blockSize = 3_000) => readCsv(`${folder}rows.csv`, { types, blockSize });
/** Through JSON, as a pipeline that is kept would go. */
const again = (frame: DataFrame) => fromJSON(JSON.parse(JSON.stringify(frame))) as DataFrame;
const compute = async (frame: DataFrame) => toPlainRows(await threads.compute(again(frame)));

function expectClose(found: readonly unknown[], wanted: readonly Answer[], name: string, relative = 1e-11): void {
  expect(found.length, name).toBe(wanted.length);
  found.forEach((value, i) => {
    const expected = wanted[i];
    if (typeof expected !== "number" || value === null) expect(value, `${name}[${i}]`).toBe(expected);
    else
      expect(Math.abs(Number(value) - expected), `${name}[${i}]: ${String(value)} for ${expected}`).toBeLessThanOrEqual(
        relative * Math.max(1e-3, Math.abs(expected)),
      );
  });
}

describe("describe", () => {
  test("gives pandas' statistics of the columns of numbers", async () => {
    const { statistic, ...columns } = await compute(rows().describe());
    expect(statistic).toEqual(["count", "mean", "std", "min", "25%", "50%", "75%", "max"]);
    expect(Object.keys(columns)).toEqual(["i", "f", "far"]);
    for (const [name, wanted] of Object.entries(answers.whole.describe)) expectClose(columns[name], wanted, name);
  });

  test("finds other quantiles, and about", async () => {
    const found = await compute(
      rows()
        .select("far")
        .describe({ quantiles: [0.999, 0.05], approximate: true }),
    );
    expect(found["statistic"].slice(4, 6)).toEqual(["5%", "99.9%"]);
    for (const value of found["far"].slice(4, 6)) expect(Math.abs(Number(value) - 1e9)).toBeLessThan(1e7);
  });

  test("is projected to hold each column's values once, whatever is asked of them", async () => {
    const output = async (frame: DataFrame) => {
      const [, bytes, unit] = /, output ([\d.]+) (k?B|MB)/.exec(await inline.explain(frame)) ?? [];
      return Number(bytes) * (unit === "MB" ? 1e6 : unit === "kB" ? 1e3 : 1);
    };
    const [all, about, one] = [
      rows(1 << 20).describe(),
      rows(1 << 20).describe({ approximate: true }),
      rows(1 << 20).agg({ m: col("f").median() }),
    ];
    const values = 40 * 414;
    expect((await output(all)) - (await output(about))).toBeGreaterThan(2 * values);
    expect((await output(all)) - (await output(about))).toBeLessThan(4 * values);
    expect(await output(one)).toBeGreaterThan(values);
  });

  test("refuses what has no numbers, and says how", async () => {
    expect((await failure(inline.compute(rows().select("s", "k").describe()))).message).toMatch(
      /expects columns of numbers; the frame has s string, k string[\s\S]*cast one/,
    );
    const named = rows().rename({ i: "statistic" }).describe();
    expect((await failure(inline.compute(named))).message).toMatch(/rename\(\{ statistic/);
    expect(() => rows().describe({ quantiles: [2] })).toThrow(/0 to 1, found 2/);
  });
});

describe("matrices", () => {
  test.each(["corr", "cov"] as const)("%s is pandas', pair by pair", async (of) => {
    const { column, ...matrix } = await compute(rows()[of]());
    expect(column).toEqual(["i", "f", "far"]);
    column.forEach((name, i) => expectClose(matrix[String(name)], answers.whole[of][i], `${of} ${String(name)}`));
    const few = await compute(rows()[of]("far", "i"));
    expect(Object.keys(few)).toEqual(["column", "far", "i"]);
    expect(few["far"][1]).toBe(matrix["i"][2]);
  });
});

describe("pivot", () => {
  test("is pandas' pivot_table of the columns named", async () => {
    const names = ["x", "zz", "𝄞"];
    const found = await compute(rows().pivot({ index: "k", columns: "s", values: "far", names }));
    expect(Object.keys(found)).toEqual(["k", ...names]);
    for (const [name, wanted] of Object.entries(answers.whole.pivot)) expectClose(found[name], wanted, name, 1e-15);
  });

  test("of numbers keeps their order, and refuses what is not told", async () => {
    const frame = rows().filter(col("i").isIn([1, 2]));
    const counts = frame.pivot({ index: "k", columns: "i", values: "f", aggregate: "count", names: [2, 1] });
    const { schema } = await threads.compute(again(counts));
    expect(schema.names).toEqual(["k", "2", "1"]);
    expect(() => frame.pivot({ index: "k", columns: "i", values: "f" } as never)).toThrow(
      /not known before the data are read/,
    );
    expect(() => frame.pivot({ index: "k", columns: "i", values: "f", names: ["k"] })).toThrow(/two columns "k"/);
  });

  test("sizes of groups have a method", async () => {
    const found = await compute(rows().groupBy("k").size());
    expect(found["size"].reduce((a: number, n) => a + Number(n), 0)).toBeGreaterThan(390);
  });
});

describe("windows", () => {
  const windows = (name: string): Record<string, Window> => {
    const x = col(name);
    return {
      [`${name}_cumsum`]: x.cumsum(),
      [`${name}_cummax`]: x.cummax(),
      [`${name}_cummin`]: x.cummin(),
      [`${name}_shift`]: x.shift(3),
      [`${name}_lead`]: x.shift(-2),
      [`${name}_diff`]: x.diff(2),
      ...Object.fromEntries(
        (["sum", "mean", "min", "max"] as const).flatMap((kind) => [
          [`${name}_rolling_${kind}`, x.rolling(4)[kind]()],
          [`${name}_rolling1_${kind}`, x.rolling(4, { minPeriods: 1 })[kind]()],
        ]),
      ),
    };
  };

  test.each([1 << 20, 900])("are pandas', with blocks of %i bytes", async (blockSize) => {
    const all = { ...windows("i"), ...windows("f"), s_shift: col("s").shift() };
    const found = await compute(rows(blockSize).window(all));
    expect(Object.keys(found).slice(0, 8)).toEqual(Object.keys(types));
    for (const [name, wanted] of Object.entries(answers.order)) expectClose(found[name], wanted, name);
  });

  test("see the columns as they were, feed what is behind them, and are read only where they are needed", async () => {
    const frame = rows().window({ i: col("i").cumcount(), twice: col("i").shift(0) });
    const found = await compute(frame);
    expect(Object.keys(found)).toEqual([...Object.keys(types), "twice"]);
    expect(found["i"].at(-1)).toBe(found["twice"].filter((v) => v !== null).length);
    const last = await compute(frame.filter(col("i").ge(100)).agg({ n: col("i").max() }));
    expect(last["n"]).toEqual([found["i"].at(-1)]);
    const plan = await inline.explain(
      rows()
        .window({ x: col("f").cumsum() })
        .select("x", "k"),
    );
    expect(plan).toMatch(/reading 2 of 8 columns \(k, f\)/);
    expect(plan).toMatch(/window {4}x = cumsum\(f\)/);
  });

  test("sum integers exactly, and overflow by name", async () => {
    const read = async (name: string, numbers: readonly bigint[]) => {
      const url = `memory://windows/${name}.csv`;
      await store.put(url, Buffer.from(`n\n${numbers.join("\n")}\n`));
      return readCsv(url);
    };
    const most = 2n ** 63n - 1n;
    const frame = await read("wide", [2n ** 53n, 1n, 1n, -(2n ** 53n)]);
    const table = await inline.compute(frame.window({ sum: col("n").cumsum(), most: col("n").cummax() }));
    expect([...(table.getChild("sum") ?? [])]).toEqual([2n ** 53n, 2n ** 53n + 1n, 2n ** 53n + 2n, 2n]);
    const error = await failure(inline.compute((await read("over", [most, 1n])).window({ total: col("n").cumsum() })));
    expect(error).toBeInstanceOf(OverflowError);
    expect(error.message).toMatch(/9223372036854775808[\s\S]*total = cumsum\(n\)/);
  });

  test("of dates and timestamps: differences are days and µs", async () => {
    const found = await compute(
      rows()
        .head(3)
        .window({ days: col("d").diff(), micros: col("t").diff(), last: col("d").cummax() }),
    );
    // 2023-07-10, 2023-03-11, 2023-05-18; 2023-01-02T03, 2023-01-04T05, 2023-01-06T07.
    expect(found["days"]).toEqual([null, -121, 68]);
    expect(found["micros"]).toEqual([null, 50 * 3_600e6 - 8, 50 * 3_600e6 + 3]);
    expect(found["last"]).toEqual(["2023-07-10", "2023-07-10", "2023-07-10"]);
  });

  test("stay right behind an infinity, and with windows longer than the frame", async () => {
    const url = "memory://windows/infinite.csv";
    await store.put(url, Buffer.from("x\n1.5\ninf\n2.5\n3.5\n"));
    const x = readCsv(url, { types: { x: "float64" } });
    const found = await compute(
      x.window({
        two: col("x").rolling(2).sum(),
        long: col("x").rolling(1_000_000, { minPeriods: 1 }).min(),
        ones: lit(1).cumsum(),
      }),
    );
    expect(found["two"]).toEqual([null, Infinity, Infinity, 6]);
    expect(found["long"]).toEqual([1.5, 1.5, 1.5, 1.5]);
    expect(found["ones"]).toEqual([1, 2, 3, 4]);
  });

  test("are refused where they mean nothing", async () => {
    expect(() => rows().window({ x: col("i") as never })).toThrow(/expects a window function, found the expression i/);
    expect(() => col("i").rolling(0).sum()).toThrow(/at least 1 for rows, found 0/);
    expect((await failure(inline.compute(rows().window({ x: col("s").cumsum() })))).message).toMatch(
      /cumsum\(s\) needs .*found string/,
    );
    const json = {
      abanico: 1,
      frame: {
        ...(rows()
          .window({ x: col("i").shift() })
          .toJSON().frame as object),
        columns: [{ name: "x", value: { kind: "shift", input: { op: "col", name: "i" }, params: { rows: "2" } } }],
      },
    };
    expect(() => fromJSON(json)).toThrow(/frame\.columns\[0\]\.value\.params\.rows expects a whole number/);
  });
});
