/** Four files of sales, made once by the demo's generator, and found again by later runs. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { salesPaths, writeSales } from "../../lib/cli/sales.ts";
import { isAnswer } from "../child.ts";
import type { DataSet } from "../job.ts";

const FILES = 4;

/** Makes `rows` sales below `folder`, or finds them there from an earlier run. */
export async function makeSales(folder: string, rows: number): Promise<DataSet> {
  // A change of the format needs a new name here, so that old data is not taken for new.
  const target = join(folder, `sales-1-${rows}`);
  const files = salesPaths(target, FILES);
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
    const { revenue } = await writeSales(unfinished, { rows, files: FILES });
    await writeFile(join(unfinished, "expected.json"), JSON.stringify(revenue));
    await rename(unfinished, target);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}
