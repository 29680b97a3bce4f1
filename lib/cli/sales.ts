/**
 * Sales as CSV: date, product, quantity (1 … 99), price (10 … 100, the shortest digits that read back to the same
 * double: 16 or 17 as a rule). The same seed gives the same bytes on every machine. The demo's data, and the benchmarks'.
 */
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { makeRandom, type Random } from "./random.ts";

const SEED = 42;
const ROWS_PER_WRITE = 50_000;
const PRODUCTS = ["A", "B", "C", "D", "E", "widget-long-name", "gizmo", "gadget"];
const DATES = Array.from({ length: 365 }, (_, day) => new Date(Date.UTC(2023, 0, 1 + day)).toISOString().slice(0, 10));

export interface SalesOptions {
  /** In all files together. */
  readonly rows: number;
  readonly files: number;
  readonly signal?: AbortSignal;
}

/** What was written. */
export interface Sales {
  readonly paths: readonly string[];
  /** Of all files together. */
  readonly bytes: number;
  /** Sum of quantity × price by product, added in the order of the rows. Products without a sale are left out. */
  readonly revenue: Readonly<Record<string, number>>;
}

export const salesPaths = (folder: string, files: number): string[] =>
  Array.from({ length: files }, (_, i) => join(folder, `sales_2023_${i}.csv`));

/** Writes `sales_2023_*.csv` into the folder, which is made. Files that are there already are an error. */
export async function writeSales(folder: string, { rows, files, signal }: SalesOptions): Promise<Sales> {
  await mkdir(folder, { recursive: true });
  const sums = new Float64Array(PRODUCTS.length);
  const paths = salesPaths(folder, files);
  let bytes = 0;
  for (const [i, path] of paths.entries()) {
    const count = Math.floor((rows * (i + 1)) / files) - Math.floor((rows * i) / files);
    bytes += await writeFile(path, count, makeRandom(SEED + i), sums, signal);
  }
  const sold = PRODUCTS.map((product, i) => [product, sums[i]] as const).filter(([, sum]) => sum > 0);
  return { paths, bytes, revenue: Object.fromEntries(sold) };
}

/** Gives the bytes written; adds quantity × price to `sums`, by the product's index. */
async function writeFile(
  path: string,
  rows: number,
  random: Random,
  sums: Float64Array,
  signal?: AbortSignal,
): Promise<number> {
  const file = await open(path, "wx");
  try {
    let { bytesWritten } = await file.write("date,product,quantity,price\n");
    for (let done = 0; done < rows; done += ROWS_PER_WRITE) {
      signal?.throwIfAborted();
      const text = someRows(Math.min(ROWS_PER_WRITE, rows - done), random, sums);
      bytesWritten += (await file.write(Buffer.from(text, "latin1"))).bytesWritten;
    }
    return bytesWritten;
  } finally {
    await file.close();
  }
}

function someRows(rows: number, random: Random, sums: Float64Array): string {
  let text = "";
  for (let i = 0; i < rows; i++) {
    const date = DATES[random.below(DATES.length)];
    const product = random.below(PRODUCTS.length);
    const quantity = 1 + random.below(99);
    const price = 10 + 90 * random.uniform();
    sums[product] += quantity * price;
    text += `${date},${PRODUCTS[product]},${quantity},${price}\n`;
  }
  return text;
}
