/** Sum of quantity × price for each product, as a user writes it: csv-groupby.abanico.ts GLOB THREADS. */
import { loadAbanico, report } from "../measure.ts";

const { Client, col, readCsv } = await loadAbanico();
const [glob, threads] = process.argv.slice(2);

const open = () => Client.local({ workers: Number(threads), threadsPerWorker: 1 });
await report(open, async () => {
  const revenue = readCsv(glob)
    .assign({ revenue: col("quantity").mul(col("price")) })
    .groupBy("product")
    .agg({ revenue: col("revenue").sum() });
  const table = await revenue.compute();
  const products = table.getChild("product");
  const sums = table.getChild("revenue");
  return Object.fromEntries(Array.from({ length: table.numRows }, (_, i) => [products?.get(i), Number(sums?.get(i))]));
});
