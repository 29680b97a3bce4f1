/**
 * Revenue by product, from CSV files: node examples/sales.ts "sales_2023_*.csv"
 * Files to try it with: npm run abanico -- demo --dir sales, then node examples/sales.ts "sales/*.csv".
 */
import { Client, col, readCsv } from "../lib/index.ts"; // in your program: from "abanico"

const [files = "sales_2023_*.csv"] = process.argv.slice(2);

await using client = await Client.local();
console.log(client);

const sales = readCsv(files);
const large = sales.filter(col("quantity").gt(50));
const revenue = large
  .assign({ revenue: col("quantity").mul(col("price")) })
  .groupBy("product")
  .agg({ revenue: col("revenue").sum(), best: col("price").max(), sold: col("quantity").sum() });

await revenue.show();
