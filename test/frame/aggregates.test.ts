import { afterAll, describe, expect, test } from "vitest";
import { Client, OverflowError, col, lit, readCsv, size, type CsvOptions, type DataFrame } from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { bits, failure, plain } from "../csv/support.ts";

const store = defaultStore();
const client = await Client.local({ workers: 0, store, progress: false });
afterAll(() => client.close());
let files = 0;
async function read(text: string, options: CsvOptions = {}): Promise<DataFrame> {
  const url = `memory://aggregates/${files++}.csv`;
  await store.put(url, Buffer.from(text));
  return readCsv(url, options);
}
const compute = async (frame: DataFrame) => plain(await client.compute(frame));

describe("aggregates", () => {
  test("of nothing: sums are 0, counts 0, all else null", async () => {
    const frame = await read("k,i,f,b,s\nx,,,,\nx,,,,\n", {
      types: { i: "int64", f: "float64", b: "bool", s: "string" },
    });
    const all = Object.fromEntries(
      (["i", "f", "b"] as const).flatMap((name) =>
        (["sum", "mean", "min", "max", "count"] as const).map((kind) => [`${name}_${kind}`, col(name)[kind]()]),
      ),
    );
    const wanted = { i_sum: 0n, f_sum: 0, b_sum: 0n, i_count: 0n, f_count: 0n, b_count: 0n };
    const { data } = await compute(frame.groupBy("k").agg({ ...all, least: col("s").min(), rows: size() }));
    expect(data["rows"]).toEqual([2n]);
    for (const name of [...Object.keys(all), "least"])
      expect(data[name], name).toEqual([name in wanted ? wanted[name as keyof typeof wanted] : null]); // `in` has just looked
  });

  test("integers are exact to 64 bits, and an overflow is an error, not a wrong number", async () => {
    const text = (ns: readonly bigint[]) => `k,n\n${ns.map((n) => `a,${n}\n`).join("")}`;
    const limit = 2n ** 63n - 1n;
    for (const blockSize of [1, 30, 1_000]) {
      const frame = await read(text([limit, limit, -limit, -limit, limit - 1n, 1n]), { blockSize });
      const { data } = await compute(frame.agg({ sum: col("n").sum(), low: col("n").min(), high: col("n").max() }));
      expect(data).toEqual({ sum: [limit], low: [-limit], high: [limit] });
      const over = await read(text([limit, 1n]), { blockSize });
      const error = await failure(client.compute(over.groupBy("k").agg({ sum: col("n").sum() })));
      expect(error).toBeInstanceOf(OverflowError);
      expect(error.message).toMatch(/9223372036854775808, does not fit int64[\s\S]*cast\("float64"\)/);
    }
  });

  test("of expressions and literals", async () => {
    const frame = await read("n,s\n1,a\n2,b\n3,\n");
    const aggs = {
      ones: lit(1).sum(),
      nulls: lit(null).count(),
      texts: col("s").isNull().sum(),
      ratio: col("n").gt(1).mean(),
    };
    expect((await compute(frame.agg(aggs))).data).toEqual({ ones: [3n], nulls: [0n], texts: [1n], ratio: [2 / 3] });
  });

  test("text cannot be summed", async () => {
    const frame = await read("s\na\n");
    const error = await failure(client.compute(frame.agg({ x: col("s").sum() })));
    expect(error).toMatchObject({
      tag: "TypeMismatch",
      message: expect.stringMatching(/sum\(s\) needs numbers, found string/),
    });
    expect(() => frame.groupBy("s").agg({ s: size() })).toThrow(/name of a key/);
    // The cast: what plain JavaScript lets through.
    expect(() => frame.agg({ n: col("s") as never })).toThrow(/expects an aggregate/);
  });
});

describe("groups", () => {
  test("floats: −0 and 0 are one key, NaN is a null one", async () => {
    const frame = await read('f\n0\n-0.0\n1.5\n""\n1.50\nnan\n', {
      types: { f: "float64" },
      nulls: ["-"],
      blockSize: 3,
    });
    const count = (keepNulls: boolean) => compute(frame.groupBy("f", { keepNulls }).agg({ n: size() }));
    expect((await count(false)).data).toEqual({ f: [0, 1.5], n: [2n, 2n] });
    expect((await count(true)).data).toEqual({ f: [0, 1.5, null], n: [2n, 2n, 2n] });
  });

  test("kept nulls make a group only where there are any", async () => {
    const frame = await read("k,j\na,1\nb,2\n");
    expect((await compute(frame.groupBy("k", { keepNulls: true }).agg({ n: size() }))).data["k"]).toEqual(["a", "b"]);
    const nothing = frame.filter(col("j").gt(9));
    expect((await compute(nothing.groupBy("k", { keepNulls: true }).agg({ n: size() }))).rows).toBe(0);
  });

  test("many: 50,000 keys of each type, in the same order for every block size", async () => {
    const count = 50_000;
    const rows = Array.from({ length: 2 * count }, (_, i) => {
      const key = (i * 7_919) % count;
      return `key-${key},${BigInt(key) * 2n ** 45n},${key / 4},${i}\n`;
    });
    const text = `s,i,f,v\n${rows.join("")}`;
    for (const key of ["s", "i", "f"]) {
      const answers = new Set<string>();
      for (const blockSize of [300_001, 1 << 24]) {
        const found = await compute(
          (await read(text, { blockSize })).groupBy(key).agg({ n: size(), v: col("v").sum() }),
        );
        expect(found.rows).toBe(count);
        expect(found.data["n"].every((n) => n === 2n)).toBe(true);
        answers.add(bits(found));
      }
      expect(answers.size).toBe(1);
    }
  });
});

describe("the same bits", () => {
  test("of float sums of any size, for every number of threads and block size", async () => {
    // A fixed generator; magnitudes over 24 decades, both signs.
    let state = 1;
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const rows = Array.from(
      { length: 8_000 },
      (_, i) => `k${i % 5},${(random() - 0.4) * 10 ** Math.floor(random() * 24 - 12)}\n`,
    );
    const url = "memory://aggregates/hostile.csv";
    await store.put(url, Buffer.from(`k,x\n${rows.join("")}`));
    const answers = new Set<string>();
    for (const workers of [0, 1, 2, 3, 8]) {
      await using other = await Client.local({ workers, store, progress: false });
      for (const blockSize of [4_096, 33_333, 1 << 20]) {
        const frame = readCsv(url, { blockSize });
        const sums = { sum: col("x").sum(), mean: col("x").mean(), twice: col("x").mul(2).sum() };
        answers.add(bits(plain(await other.compute(frame.groupBy("k").agg(sums)))));
      }
    }
    expect([...answers]).toHaveLength(1);
  });

  test("of every other aggregate, for every number of threads", async () => {
    const rows = Array.from(
      { length: 1_500 },
      (_, i) => `k${i % 7},${Math.sin(i) * 10 ** (i % 9)},${Math.cos(i * i)},t${i % 97}\n`,
    );
    const url = "memory://aggregates/other.csv";
    await store.put(url, Buffer.from(`k,x,y,s\n${rows.join("")}`));
    const [x, y, s] = [col("x"), col("y"), col("s")];
    const all = {
      deviation: x.std(),
      error: y.sem(),
      covariance: x.cov(y),
      correlation: x.corr(y),
      middle: x.median(),
      part: y.quantile(0.37),
      first: s.first(),
      last: s.last(),
      different: s.nunique(),
      frequent: s.mode(),
      about: x.nuniqueApprox(),
      nearly: x.quantileApprox(0.9),
    };
    const answers = new Set<string>();
    for (const workers of [0, 3]) {
      await using other = await Client.local({ workers, store, progress: false });
      for (const keys of [[], ["k"]])
        answers.add(
          `${keys.join()} ${bits(plain(await other.compute(readCsv(url, { blockSize: 9_000 }).groupBy(keys).agg(all))))}`,
        );
    }
    expect(answers.size).toBe(2);
  }, 60_000);
});
