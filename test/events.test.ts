import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DataFrame, col, readCsv } from "../lib/index.ts";

test("the sample pipeline is the sales job", () => {
  const sample: unknown = JSON.parse(readFileSync(new URL("../events/sales-pipeline.json", import.meta.url), "utf8"));
  const frame = readCsv("sales_2023_*.csv")
    .assign({ revenue: col("quantity").mul(col("price")) })
    .groupBy("product")
    .agg({ revenue: col("revenue").sum() });
  expect(sample).toEqual(frame.toJSON());
  expect(DataFrame.fromJSON(sample).node).toEqual(frame.node);
});
