import { createHash } from "node:crypto";
import { col, cov, fromSequence, random, readCsv, readHdf5, readImages, readParquet, sql } from "../../lib/index.ts";
import { runnerOf } from "../../lib/client/runner.ts";
import type { Collection } from "../../lib/collections/collection.ts";
import { createInlineRuntime } from "../../lib/runtime/inline.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { decodeValue, encodeValue } from "../../lib/values.ts";

/**
 * What workers do, without AWS: each WebAssembly module, what is loaded on demand and what by name. It runs from its sources and bundled as functions are,
 * and gives the same both times. `fixtures`: the folder test/fixtures.
 */
export async function handler({ fixtures }: { readonly fixtures: string }): Promise<Record<string, string>> {
  const store = defaultStore();
  const runtime = createInlineRuntime({ store });
  const host = { runtime, store, onEvent: () => undefined };
  const compute = async <T>(collection: Collection<T>): Promise<T> =>
    (await runnerOf<T, Collection<T>>(collection)).compute(collection, host, new AbortController().signal);
  const x = random.normal([200, 40], { chunks: [50, 20], seed: 7 });
  const sales = readCsv(`${fixtures}/formats/rows.csv.gz`);
  const table = await compute(sales.head(3));
  const attempts: Record<string, () => Promise<unknown>> = {
    csv: async () => (await compute(readCsv(`${fixtures}/csv/blank-lines.csv`))).toString(),
    gzip: async () => table.toString(),
    parquet: async () => (await compute(readParquet(`${fixtures}/formats/types-zstd.parquet`))).toString(),
    array: async () => encodeValue(await compute(cov(x, { rowvar: false }))).toString(),
    bag: () => compute(fromSequence([1, 2, 3], { partitions: 2 }).map((value) => value * 2)),
    sql: async () => (await compute(sql("select count(*) as n from t", { t: sales }))).toString(),
    // A table is read at once where it is inside of a value.
    values: async () => String(Object.values(Object(decodeValue(encodeValue({ table }))))[0]),
    filter: async () => (await compute(sales.filter(col("i64").gt(1)).head(1))).toString(),
    hdf5: async () => (await compute(readHdf5(`${fixtures}/formats/tables.h5`, { dataset: "/group" }))).toString(),
    images: () => compute(readImages(`${fixtures}/images/base.png`).resize({ width: 5 })),
  };
  const found: Record<string, string> = {};
  for (const [name, attempt] of Object.entries(attempts))
    found[name] = await attempt().then(
      (value) => digestOf(typeof value === "string" ? value : JSON.stringify(value)),
      (error: unknown) => String(error),
    );
  await runtime.close();
  return found;
}

/** Enough to tell what it is of, and to compare. */
function digestOf(text: string): string {
  return `${text.slice(0, 60)} … ${createHash("sha256").update(text).digest("hex")}`;
}
