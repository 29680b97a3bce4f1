/** What would run, before anything does, and the pipeline as JSON: node examples/explain.ts "sales_2023_*.csv" */
import { DataFrame, col, readCsv } from "../lib/index.ts"; // in your program: from "abanico"

const [files = "sales_2023_*.csv"] = process.argv.slice(2);

const frame = readCsv(files)
  .assign({ revenue: col("quantity").mul(col("price")) })
  .filter(col("quantity").gt(50))
  .groupBy("product")
  .agg({ revenue: col("revenue").sum() });

console.log(String(frame)); // what was asked for
console.log(await frame.explain()); // what would be done: only the files' list and a sample are read

const pipeline = JSON.stringify(frame);
console.log(pipeline); // abanico run pipeline.json does the same
console.log(String(DataFrame.fromJSON(JSON.parse(pipeline))) === String(frame));
