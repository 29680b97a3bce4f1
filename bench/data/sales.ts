/**
 * Sales as CSV: date, product, quantity (1 … 99), price (10 … 100, the shortest digits that read back to the same
 * double: 16 or 17 as a rule). Four files. The same seed gives the same bytes on every machine.
 */
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isAnswer } from "../child.ts";
import type { DataSet } from "../job.ts";
import { makeRandom, type Random } from "./random.ts";

const FILES = 4;
const SEED = 42;
const ROWS_PER_WRITE = 50_000;
const PRODUCTS = ["A", "B", "C", "D", "E", "widget-long-name", "gizmo", "gadget"];
const DATES = Array.from({ length: 365 }, (_, day) => new Date(Date.UTC(2023, 0, 1 + day)).toISOString().slice(0, 10));

/** Makes `rows` sales below `folder`, or finds them there from an earlier run. */
export async function makeSales(folder: string, rows: number): Promise<DataSet> {
  // A change of the format needs a new name here, so that old data is not taken for new.
  const target = join(folder, `sales-1-${rows}`);
  const files = Array.from({ length: FILES }, (_, i) => join(target, `sales_2023_${i}.csv`));
  if (!existsSync(target)) await write(target, rows);
  const expected: unknown = JSON.parse(await readFile(join(target, "expected.json"), "utf8"));
  if (!isAnswer(expected))
    throw new Error(`${target}/expected.json is damaged; delete ${target} to make the data again`);
  let bytes = 0;
  for (const file of files) bytes += (await stat(file)).size;
  return { glob: join(target, "sales_2023_*.csv"), files, rows, bytes, expected };
}

/** Writes beside the target first: a folder with the final name is always complete. */
async function write(target: string, rows: number): Promise<void> {
  const unfinished = `${target}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    const sums = new Float64Array(PRODUCTS.length);
    for (let i = 0; i < FILES; i++) {
      const count = Math.floor((rows * (i + 1)) / FILES) - Math.floor((rows * i) / FILES);
      await writeSalesFile(join(unfinished, `sales_2023_${i}.csv`), count, makeRandom(SEED + i), sums);
    }
    const sold = PRODUCTS.map((product, i) => [product, sums[i]] as const).filter(([, sum]) => sum > 0);
    await writeFile(join(unfinished, "expected.json"), JSON.stringify(Object.fromEntries(sold)));
    await rename(unfinished, target);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Adds quantity × price to `sums`, by the product's index. */
async function writeSalesFile(path: string, rows: number, random: Random, sums: Float64Array): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.write("date,product,quantity,price\n");
    for (let done = 0; done < rows; done += ROWS_PER_WRITE) {
      let text = "";
      for (let i = Math.min(ROWS_PER_WRITE, rows - done); i > 0; i--) {
        const date = DATES[random.below(DATES.length)];
        const product = random.below(PRODUCTS.length);
        const quantity = 1 + random.below(99);
        const price = 10 + 90 * random.uniform();
        sums[product] += quantity * price;
        text += `${date},${PRODUCTS[product]},${quantity},${price}\n`;
      }
      await file.write(Buffer.from(text, "latin1"));
    }
  } finally {
    await file.close();
  }
}
