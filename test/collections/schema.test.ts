import { readFileSync, readdirSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import {
  col,
  cov,
  delayed,
  fromJSON,
  fromSequence,
  random,
  readCsv,
  readImages,
  readJsonLines,
  readParquet,
  readText,
  sql,
  when,
} from "../../lib/index.ts";
import { pipelineSchema } from "../../scripts/build-schema.ts";

const file = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const valid = new Ajv({ allowUnionTypes: true, strict: false }).compile(JSON.parse(file("pipeline.schema.json")));

const sales = readCsv("sales_*.csv", { types: { id: "int64" }, delimiter: ";" });
const collections = {
  "group by": sales.groupBy("product").agg({ revenue: col("price").mul(col("quantity")).sum() }),
  "filter and sort": sales
    .filter(
      col("quantity")
        .gt(50)
        .and(col("product").isIn(["a", "b"])),
    )
    .sort(["price", "id"], { descending: [true, false] }),
  join: sales.join(readParquet("s3://bucket/products/*.parquet"), { on: "product", how: "left" }),
  "case and strings": sales.assign({ kind: when(col("product").startsWith("x")).then(1).otherwise(2) }),
  sql: sql("select product, sum(price) as total from 'sales_*.csv' group by product"),
  describe: sales.describe(),
  covariance: cov(random.normal([100, 10], { chunks: [50, 10], seed: 1 }).T),
  slices: random.uniform([10, 10], { seed: 2 }).slice([2, 5]).add(1).mean({ axis: 0 }),
  images: readImages("images/*.png").grayscale().resize({ width: 64 }).write("{dir}/{name}_gray.png"),
  words: readText("words/*.txt").map(String).frequencies().topK(10),
  lines: readJsonLines<{ name: string }>("s3://bucket/lines.jsonl").pluck("name").distinct(),
  sequence: fromSequence([1, 2, 4], { partitions: 2 })
    .map(Math.sqrt)
    .sum(),
  calls: delayed(Math.max, { pure: true })(delayed(Math.min)(3, 4), 2),
};

describe("the JSON Schema of pipelines", () => {
  test("is made from the types as they are (node scripts/build-schema.ts makes it anew)", async () => {
    expect(file("pipeline.schema.json")).toBe(await pipelineSchema());
  }, 60_000);

  test.each(Object.entries(collections))("takes what toJSON gives: %s", (_, collection) => {
    const json: unknown = JSON.parse(JSON.stringify(collection));
    expect(valid(json), JSON.stringify(valid.errors?.slice(0, 3))).toBe(true);
    expect(() => fromJSON(json)).not.toThrow();
  });

  const frame = JSON.parse(JSON.stringify(collections["group by"])) as { frame: Record<string, unknown> };
  test.each([
    ["no version", { frame: frame.frame }],
    ["a later version", { ...frame, abanico: 2 }],
    ["an unknown field", { ...frame, extra: 1 }],
    ["an unknown operation", { abanico: 1, frame: { ...frame.frame, kind: "grouped" } }],
    ["keys that are no list", { abanico: 1, frame: { ...frame.frame, keys: "product" } }],
    ["no input", { abanico: 1, frame: { ...frame.frame, input: undefined } }],
    ["a list", []],
  ])("refuses what fromJSON refuses: %s", (_, json) => {
    const plain: unknown = JSON.parse(JSON.stringify(json));
    expect(valid(plain)).toBe(false);
    expect(() => fromJSON(plain)).toThrow();
  });

  test.each(readdirSync(new URL("../../events", import.meta.url)).filter((name) => name.endsWith("-pipeline.json")))(
    "takes the sample events/%s",
    (name) => {
      expect(valid(JSON.parse(file(`events/${name}`))), JSON.stringify(valid.errors?.slice(0, 3))).toBe(true);
    },
  );
});
