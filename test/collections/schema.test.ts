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
import type { PlainObject } from "../../lib/collections/plain.ts";
import { askedByPipeline } from "../../lib/runtime/aws/pipelines.ts";
import { schemas } from "../../scripts/build-schema.ts";

const file = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const ajv = new Ajv({ allowUnionTypes: true, strict: false });
ajv.addSchema(JSON.parse(file("pipeline.schema.json")) as object, "pipeline.schema.json");
const valid = ajv.compile({ $ref: "pipeline.schema.json" });

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
  sequence: fromSequence([1, 2, 4], { partitions: 2 }).map(Math.sqrt).sum(),
  calls: delayed(Math.max, { pure: true })(delayed(Math.min)(3, 4), 2),
};

describe("the JSON Schema of pipelines", () => {
  test("is made from the types as they are (node scripts/build-schema.ts makes it anew)", async () => {
    for (const [name, text] of Object.entries(await schemas())) expect(file(name), name).toBe(text);
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

describe("the JSON Schema of a stack's pipelines", () => {
  const valid = ajv.compile(JSON.parse(file("stack-pipeline.schema.json")) as object);
  const collection: unknown = JSON.parse(JSON.stringify(collections["group by"]));
  const refused = (json: object) => () => askedByPipeline("p", json as PlainObject, undefined, "run-1");

  test.each<[string, object]>([
    ["a collection alone", { collection }],
    ["several globs", { match: ["incoming/*.csv", "other/**"], collection }],
    ["all that may be wished", { match: "a/*", collection, notify: true, maxCost: 5, stallMs: 60_000, deadlineMs: 1e6 }], // prettier-ignore
    ["CSV", { collection, write: { format: "csv", path: "s3://b/out/", delimiter: ";", header: false, nullText: "-" } }], // prettier-ignore
    ["Parquet", { collection, write: { format: "parquet", path: "s3://b/*.parquet", compression: "zstd", rowGroupRows: 9 } }], // prettier-ignore
    ["JSON", { collection, write: { format: "json", path: "s3://b/out.jsonl", nonFinite: "text", overwrite: true } }],
    ["Arrow", { collection, write: { format: "arrow", path: "s3://b/{{run}}/" } }],
  ])("takes what the stack takes: %s", (_, json) => {
    expect(valid(json), JSON.stringify(valid.errors?.slice(0, 3))).toBe(true);
    expect(refused(json)).not.toThrow();
  });

  const write = { format: "csv", path: "s3://b/out/" };
  test.each<[wrong: object, path: string, expected: unknown, found: unknown]>([
    [{}, "collection", "a collection, as toJSON() gives it", "nothing"],
    [{ collection: 5 }, "collection", "an object", 5],
    [{ collection: { ...(collection as object), abanico: 2 } }, "collection.abanico", "the version 1 of pipelines", 2],
    [{ collection: { abanico: 1, frame: { kind: "csv", paths: "x" } } }, "collection.frame.paths", "an array", "x"],
    [{ collection: { abanico: 1, frame: { kind: "csv", paths: ["x"], options: { header: 1 } } } }, "collection.frame.options.header", "true or false", "1"], // prettier-ignore
    [{ colection: collection }, "colection", expect.stringMatching(/^nothing \(known are collection, /), "an object"],
    [{ collection, notify: "yes" }, "notify", "true or false", "yes"],
    [{ collection, maxCost: "5" }, "maxCost", "a number that is not negative", "5"],
    [{ collection, stallMs: "10s" }, "stallMs", "a number that is not negative", "10s"],
    [{ collection, deadlineMs: null }, "deadlineMs", "a number that is not negative", null],
    [{ collection, write: "s3://b/out/" }, "write", "an object", "s3://b/out/"],
    [{ collection, write: { path: "s3://b/" } }, "write.format", '"csv" or "parquet" or "json" or "arrow"', "nothing"],
    [{ collection, write: { ...write, format: "xls" } }, "write.format", expect.anything(), "xls"],
    [{ collection, write: { format: "csv" } }, "write.path", "a string", "nothing"],
    [{ collection, write: { ...write, overwrite: 1 } }, "write.overwrite", "true or false", "1"],
    [{ collection, write: { ...write, header: "no" } }, "write.header", "true or false", '"no"'],
    [{ collection, write: { ...write, nullText: 0 } }, "write.nullText", "a string", "0"],
    [{ collection, write: { ...write, signal: {} } }, "write.signal", "nothing", "an object"],
    [{ collection, write: { format: "parquet", path: "p/", rowGroupRows: "1" } }, "write.rowGroupRows", "a whole number of at least 1", '"1"'], // prettier-ignore
    [{ collection, write: { format: "parquet", path: "p/", compression: "lzo" } }, "write.compression", '"snappy", "zstd", "gzip" or "none"', '"lzo"'], // prettier-ignore
    [{ collection, write: { format: "json", path: "p/", nonFinite: "nan" } }, "write.nonFinite", '"null" or "text"', '"nan"'], // prettier-ignore
  ])("refuses what the stack refuses, which says where, what and how to mend it: %j", (json, path, expected, found) => {
    const plain: unknown = JSON.parse(JSON.stringify(json));
    expect(valid(plain)).toBe(false);
    expect(refused(json)).toThrow(
      expect.objectContaining({ tag: "Plan", fields: expect.objectContaining({ path, expected, found }) }),
    );
    expect(refused(json)).toThrow(/pipelines\/p\.json: .*\n {2}fix: ./s);
  });

  test("refuses an option of another format, as the stack does", () => {
    const json = { collection, write: { ...write, compression: "zstd" } };
    expect(valid(json)).toBe(false);
    expect(refused(json)).toThrow(/write\.compression: writeCsv has no option "compression"/);
  });

  test.each(readdirSync(new URL("../../events/pipelines", import.meta.url)))("takes the sample %s", (name) => {
    expect(valid(JSON.parse(file(`events/pipelines/${name}`)))).toBe(true);
  });
});
