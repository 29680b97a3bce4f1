import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import type { DataFrame } from "../../lib/index.ts";
import { Client, PlanError, col, fromJSON, fromSequence, readCsv, readParquet, size, sql } from "../../lib/index.ts";
import { explainFrame } from "../../lib/client/run-frame.ts";
import { emptyCounts, withCounting, type CountedOperation } from "../../lib/store/with-counting.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { plain, scratch } from "../csv/support.ts";

const client = await Client.local({ workers: 0, progress: false });
afterAll(() => client.close());

const files = scratch();
const first = files.write("sales_1.csv", "product,quantity,price\napple,60,1.5\nfig,10,9\n");
files.write("sales_2.csv", "product,quantity,price\napple,80,1.25\npear,70,2\n");
files.write("kinds.tsv", "name\tkind\napple\tpome\nfig\tmulberry\n");
files.write("kinds.jsonl", '{"name":"apple","kind":"pome"}\n{"name":"fig","kind":"mulberry"}\n');
const glob = first.replace("sales_1", "sales_*");
const rows = async (frame: DataFrame) => {
  const { columns, data } = plain(await client.compute(frame));
  return Object.fromEntries(columns.map(({ name }) => [name, data[name]]));
};

describe("tables", () => {
  test("a glob in quotes", async () => {
    const frame = sql(`select product, sum(quantity * price) as revenue from '${glob}' where quantity > 50
      group by product order by revenue desc limit 10`);
    expect(await rows(frame)).toEqual({ product: ["apple", "pear"], revenue: [190, 140] });
  });

  test.each(["kinds.tsv", "kinds.jsonl"])("%s", async (name) => {
    const path = first.replace("sales_1.csv", name);
    expect(await rows(sql(`select kind from '${path}' where name = 'fig'`))).toEqual({ kind: ["mulberry"] });
    expect(await rows(sql(`select kinds.kind from '${path}' where kinds.name = 'fig'`))).toEqual({
      kind: ["mulberry"],
    });
  });

  test("Parquet", async () => {
    const path = fileURLToPath(new URL("../fixtures/formats/types-zstd.parquet", import.meta.url));
    const [{ n }] = [await rows(sql(`select count(*) as n from '${path}'`))];
    expect(n).toEqual((await rows(readParquet(path).agg({ n: size() })))["n"]);
  });

  test("a function of a path", async () => {
    expect(await rows(sql(`select count(*) as n from read_csv('${glob}')`))).toEqual({ n: [4n] });
  });

  test("a frame, also one that a query gave, and one of a bag", async () => {
    const large = sql(`select * from '${glob}' where quantity > 50`);
    const kinds = fromSequence([{ name: "apple", kind: "pome" }]).toDataFrame();
    const frame = sql("select product, kind, count(*) as n from large join kinds on product = name group by all", {
      large,
      kinds,
    });
    expect(await rows(frame)).toEqual({ product: ["apple"], kind: ["pome"], n: [2n] });
    expect(await rows(frame.assign({ twice: col("n").mul(2) }))).toMatchObject({ twice: [4n] });
  });
});

describe("plans", () => {
  const explain = (frame: DataFrame) => explainFrame(frame, { store: defaultStore() });

  test("a query's plan is that of the same operations", async () => {
    const query = sql("select product, quantity from sales where quantity > 50 order by quantity desc limit 2", {
      sales: readCsv(glob),
    });
    const frame = readCsv(glob)
      .filter(col("quantity").gt(50))
      .sort("quantity", { descending: true })
      .head(2)
      .select("product", "quantity");
    expect(await explain(query)).toBe(await explain(frame));
  });

  test("conditions on one table run before the join, and unused columns are not read", async () => {
    const text = await explain(
      sql(
        "select a.product, b.price from sales a, sales b where a.product = b.product and a.quantity > 50 and b.price < 2",
        {
          sales: readCsv(glob),
        },
      ),
    );
    expect(text).toContain("quantity > 50");
    expect(text.indexOf("quantity > 50")).toBeLessThan(text.indexOf("join"));
  });

  test("files are sampled once", async () => {
    const counts = emptyCounts();
    const store = withCounting(defaultStore(), counts);
    await explainFrame(readCsv(glob).filter(col("quantity").gt(50)), { store });
    const before = structuredClone(counts);
    expect(before.read.calls).toBeGreaterThan(0);
    await explainFrame(sql(`select * from '${glob}' where quantity > 50`), { store });
    for (const [operation, { calls }] of Object.entries(before))
      expect({ operation, calls: counts[operation as CountedOperation].calls }).toEqual({
        operation,
        calls: 2 * calls,
      });
  });
});

describe("as JSON and as text", () => {
  const frame = sql("select product\nfrom sales", { sales: readCsv(glob) }).head(3);

  test("a pipeline keeps the query and its tables", async () => {
    const again = fromJSON(JSON.parse(JSON.stringify(frame)) as ReturnType<DataFrame["toJSON"]>);
    expect(again).toEqual(frame);
    expect(await rows(again)).toEqual({ product: ["apple", "fig", "apple"] });
  });

  test("what is not well formed is refused", () => {
    const broken = { abanico: 1, frame: { kind: "sql", text: "select 1", tables: ["a"], inputs: [] } };
    expect(() => fromJSON(broken as unknown as ReturnType<DataFrame["toJSON"]>)).toThrow(PlanError);
  });

  test("it prints as its query", () => {
    expect(String(frame)).toBe(
      [
        "DataFrame (lazy)",
        "  sql        select product",
        "             from sales",
        "    sales",
        `      read csv   ${glob}`,
        "  head       3 rows",
      ].join("\n"),
    );
  });
});
