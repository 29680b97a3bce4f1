/** JSON lines, grouped and joined, then as a frame. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, col, readJsonLines } from "../lib/index.ts";

interface Sale {
  readonly city: string;
  readonly amount: number;
}

const folder = await mkdtemp(join(tmpdir(), "abanico-people-"));
await writeFile(join(folder, "a.jsonl"), '{"city":"Lima","amount":3}\n{"city":"Oslo","amount":1.5}\n');
await writeFile(join(folder, "b.jsonl"), '{"city":"Lima","amount":4}\n');

await using client = await Client.local({ workers: 1 });
const sales = readJsonLines<Sale>(join(folder, "*.jsonl"));
const totals = sales.foldBy(
  "city",
  (sum, sale) => sum + sale.amount,
  0,
  (left, right) => left + right,
);
console.log(await totals.compute());

const countries: [string, string][] = [
  ["Lima", "Peru"],
  ["Oslo", "Norway"],
];
const joined = totals.join(countries, 0).map(([[city, total], [, country]]) => `${city}, ${country}: ${total}`);
for await (const line of joined) console.log(line);

const table = await sales
  .toDataFrame()
  .groupBy("city")
  .agg({ most: col("amount").max() })
  .compute();
for (const row of table) console.log(row?.["city"], row?.["most"]);
console.log(client.threads);
await rm(folder, { recursive: true });
