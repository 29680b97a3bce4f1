/** Four files of sales, made once by the demo's generator, and found again by later runs. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { salesPaths, writeSales } from "../../lib/cli/sales.ts";
import type { DataSet } from "../job.ts";
import { EXPECTED, bytesOf, expectedIn, madeOnce } from "./made.ts";

const FILES = 4;

/** Makes `rows` sales below `folder`, or finds them there from an earlier run. */
export async function makeSales(folder: string, rows: number): Promise<DataSet> {
  // A change of the format needs a new name here, so that old data is not taken for new.
  const target = join(folder, `sales-1-${rows}`);
  const files = salesPaths(target, FILES);
  await madeOnce(target, async (folder) => {
    const { revenue } = await writeSales(folder, { rows, files: FILES });
    await writeFile(join(folder, EXPECTED), JSON.stringify(revenue));
  });
  const expected = await expectedIn(target);
  return { glob: join(target, "sales_2023_*.csv"), files, rows, bytes: await bytesOf(files), expected };
}
