/**
 * SQL over CSV files, and over what queries give: node examples/sql-sales.ts "sales_2023_*.csv"
 * Files to try it with: npm run abanico -- demo --dir sales, then node examples/sql-sales.ts "sales/*.csv".
 */
import { Client, SqlError, col, readCsv, sql } from "../lib/index.ts"; // in your program: from "abanico"

const [files = "sales_2023_*.csv"] = process.argv.slice(2);

await using client = await Client.local();

const revenue = sql(`
  select product, sum(quantity * price) as revenue, count(*) as sales
  from '${files}'
  where quantity > 50
  group by product
  order by revenue desc
  limit 3
`);
await revenue.show();

// A frame may be a table, and a query a frame.
const sales = readCsv(files).assign({ revenue: col("quantity").mul(col("price")) });
const above = sql("select product, revenue from sales where revenue > (select 3 * avg(revenue) from sales)", { sales });
const counts = await client.compute(
  above
    .groupBy("product")
    .agg({ best: col("revenue").max() })
    .sort("product"),
);
console.log(counts.numRows > 0, counts.schema.names.join(" "));

try {
  await client.compute(sql("select prodct from sales", { sales }));
} catch (error) {
  console.log(error instanceof SqlError ? error.message : error);
}
