/** CSV that is in memory already, read under a memory:// URL: node examples/from-memory.ts */
import { Client, col, readCsv, size } from "../lib/index.ts"; // in your program: from "abanico"
import { defaultStore } from "../lib/store/index.ts"; // in your program: from "abanico/store"

const store = defaultStore();
const text = "city,degrees\nOslo,-3.5\nLima,19\nOslo,\nLima,21.5\n";
await store.put("memory://weather/january.csv", new TextEncoder().encode(text));

await using client = await Client.local({ workers: 1, store });
const weather = readCsv("memory://weather/*.csv")
  .groupBy("city")
  .agg({ days: size(), measured: col("degrees").count(), mean: col("degrees").mean() });

const table = await client.compute(weather); // an Apache Arrow table; int64 values are bigints
for (const row of table) console.log(row.city, row.days, row.mean);
