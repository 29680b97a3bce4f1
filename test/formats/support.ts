import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import type { ScalarType, Table } from "../../lib/index.ts";
import { bits, plain as plainTypes, type Plain, type Value } from "../csv/support.ts";

export { bits, failure } from "../csv/support.ts";

/** A table as plain JavaScript; dates and timestamps as the whole numbers that they are held as. */
export function plain(table: Table): Plain {
  const found = plainTypes(table);
  const data = { ...found.data };
  const columns = found.columns.map(({ name, type }, i) => {
    const time = TIMES[String(table.schema.fields[i].type)];
    if (time === undefined) return { name, type };
    data[name] = (table.getChildAt(i)?.data ?? []).flatMap((part) =>
      Array.from({ length: part.length }, (_, row) => (part.getValid(row) ? BigInt(part.values[row] as number) : null)),
    );
    return { name, type: time };
  });
  return { ...found, columns, data };
}

const TIMES: Readonly<Record<string, ScalarType>> = { "Date32<DAY>": "date", "Timestamp<MICROSECOND>": "timestamp" };

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/formats/${name}`, import.meta.url));
}

/** A folder that goes when the file's tests have ended. */
export function scratch(): {
  readonly dir: string;
  path(name: string): string;
  write(name: string, bytes: string | Uint8Array): string;
} {
  const dir = mkdtempSync(join(tmpdir(), "formats-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const path = (name: string) => join(dir, name);
  return {
    dir,
    path,
    write(name, bytes) {
      writeFileSync(path(name), bytes);
      return path(name);
    },
  };
}

type Spelled = null | boolean | number | string | { readonly float: string };
interface AnswerColumn {
  readonly name: string;
  readonly type: ScalarType;
  readonly values: readonly Spelled[];
}

/** What pyarrow's file holds, as make.py says. `only`: these columns. */
export function answer(name: string, only?: readonly string[]): Plain {
  const all = JSON.parse(readFileSync(fixture(`${name}.json`), "utf8")) as AnswerColumn[]; // as make.py writes it
  const columns = only === undefined ? all : only.map((one) => all.filter((column) => column.name === one)[0]);
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: columns[0].values.length,
    data: Object.fromEntries(
      columns.map(({ name, type, values }) => [name, values.map((value) => valueOf(type, value))]),
    ),
  };
}

function valueOf(type: ScalarType, value: Spelled): Value {
  if (typeof value === "object" && value !== null) return Number(value.float);
  if (value === null || !["int64", "date", "timestamp"].includes(type)) return value;
  return BigInt(String(value));
}

export function answerBits(name: string, only?: readonly string[]): string {
  return bits(answer(name, only));
}
