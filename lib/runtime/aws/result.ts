import type { Table } from "apache-arrow";
import { printTable } from "../../collections/dataframe/print-table.ts";
import { loadTables } from "../../value-tables.ts";
import { encodeValue } from "../../values.ts";
import { objectUrl, resultKey, resultsPrefix } from "./keys.ts";
import { putOnce, sizeAt, type Bucket } from "./run-objects.ts";

/**
 * What a run of a collection gave, below `results/<run>/`:
 *
 *     value          for programs of this library: bytes of values.ts
 *     table.arrow    of a table: for everyone, an Arrow IPC stream
 *     table.csv      of a table with few rows: for people
 *     value.json     of what JSON holds as it is
 */
const MOST_CSV_ROWS = 100_000;
const MOST_JSON_BYTES = 32 * 2 ** 20;

export async function hasResult(services: Bucket, run: string): Promise<boolean> {
  return (await sizeAt(services, resultKey(run))) !== undefined;
}

/** `value` comes last: where it lies the rest does. */
export async function writeResult(services: Bucket, run: string, value: unknown): Promise<void> {
  const beside = (name: string, bytes: Uint8Array) =>
    services.store.put(objectUrl(services, `${resultsPrefix(run)}${name}`), bytes);
  const encoder = new TextEncoder();
  if (isTable(value)) {
    await loadTables();
    const { tableToIPC } = await import("apache-arrow");
    await beside("table.arrow", tableToIPC(value, "stream"));
    if (value.numRows <= MOST_CSV_ROWS)
      await beside("table.csv", encoder.encode([...printTable(value, "csv", 0)].join("")));
  } else {
    const json = jsonOf(value);
    if (json !== undefined && json.length <= MOST_JSON_BYTES) await beside("value.json", encoder.encode(json));
  }
  await putOnce(services, resultKey(run), encodeValue(value));
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && "getChildAt" in value && "numRows" in value;
}

/** Undefined for what JSON would lose: what is no plain data, NaN, and the like. */
function jsonOf(value: unknown): string | undefined {
  try {
    return isPlain(value, 0) ? JSON.stringify(value) : undefined;
  } catch {
    return undefined;
  }
}

function isPlain(value: unknown, depth: number): boolean {
  if (depth > 100) return false;
  if (typeof value !== "object" || value === null)
    return typeof value === "string" || typeof value === "boolean" || value === null || Number.isFinite(value);
  if (Array.isArray(value)) return value.every((item) => isPlain(item, depth + 1));
  return (
    Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every((one) => isPlain(one, depth + 1))
  );
}
