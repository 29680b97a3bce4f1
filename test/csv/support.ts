import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Vector } from "apache-arrow";
import { afterAll } from "vitest";
import type { Table } from "../../lib/index.ts";
import type { ScalarType } from "../../lib/collections/schema.ts";

/** A table as plain JavaScript: int64 as bigint, float64 as number. */
export interface Plain {
  readonly columns: readonly { readonly name: string; readonly type: ScalarType }[];
  readonly rows: number;
  readonly data: Readonly<Record<string, readonly Value[]>>;
}
export type Value = null | boolean | number | bigint | string;

const TYPES: Readonly<Record<string, ScalarType>> = { Int64: "int64", Float64: "float64", Bool: "bool" };

export function plain(table: Table): Plain {
  const columns = table.schema.fields.map(({ name, type }) => ({ name, type: TYPES[String(type)] ?? "string" }));
  const data = Object.fromEntries(
    columns.map(({ name }, i): [string, Value[]] => {
      return [name, valuesOf(table.getChildAt(i))];
    }),
  );
  return { columns, rows: table.numRows, data };
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Texts are decoded here: Arrow's own getter drops a byte order mark at the beginning of one. */
function valuesOf(column: Vector | null): Value[] {
  return (column?.data ?? []).flatMap((data) => {
    const texts = data.dictionary?.data[0];
    const vector = new Vector([data]);
    return Array.from({ length: data.length }, (_, row): Value => {
      if (!data.getValid(row)) return null;
      // The casts state what Arrow holds for the four types above.
      if (texts === undefined) return vector.get(row) as Value;
      const code = (data.values as Int32Array)[row];
      return decoder.decode(texts.values.subarray(texts.valueOffsets[code], texts.valueOffsets[code + 1]));
    });
  });
}

/** A value as text that tells all bits: -0 from 0, an int64 from a float64. */
export function spell(value: Value): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  return JSON.stringify(value);
}

/** A table as text, so that two compare by all their bits in one step. */
export function bits({ columns, rows, data }: Plain): string {
  const lines = columns.map(({ name, type }) => `${name} ${type}: ${data[name].map(spell).join(" ")}`);
  return `${rows} rows\n${lines.join("\n")}`;
}

/** A folder that goes when the file's tests have ended; answers the path of a file written there. */
export function scratch(): { readonly dir: string; write(name: string, content: string | Uint8Array): string } {
  const dir = mkdtempSync(join(tmpdir(), "csv-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return {
    dir,
    write(name, content) {
      const path = join(dir, name);
      writeFileSync(path, content);
      return path;
    },
  };
}

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/csv/${name}`, import.meta.url));
}

/** The JSON beside a fixture; the type is what test/fixtures/csv/README.md says. */
export function fixtureJson<T>(name: string): T {
  return JSON.parse(readFileSync(fixture(name), "utf8")) as T;
}

/** The error that a promise is rejected with. */
export async function failure(promise: PromiseLike<unknown>): Promise<Error & { readonly [field: string]: unknown }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error as Error & { readonly [field: string]: unknown }; // to look at fields
  }
  throw new Error("this should have failed with an Error");
}
