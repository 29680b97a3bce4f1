import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { Client, col, readCsv, size, type Aggregate } from "../../lib/index.ts";
import { INTERPOLATIONS } from "../../lib/collections/aggregate-table.ts";
import { toPlainRows } from "./plain-times.ts";

/** Every aggregate over groups of a file against pandas' answers: test/fixtures/aggregates/make.py. */

type Answer = null | boolean | number | string;
const folder = fileURLToPath(new URL("../fixtures/aggregates/", import.meta.url));
// The cast states what make.py writes.
const answers = JSON.parse(readFileSync(`${folder}answers.json`, "utf8")) as {
  readonly groups: Readonly<Record<string, readonly Answer[]>>;
};
const clients = [
  await Client.local({ workers: 0, progress: false }),
  await Client.local({ workers: 2, progress: false }),
];
afterAll(() => Promise.all(clients.map((client) => client.close())));

const types = {
  k: "string",
  i: "int64",
  f: "float64",
  far: "float64",
  b: "bool",
  s: "string",
  d: "date",
  t: "timestamp",
} as const;
const rows = (blockSize: number) => readCsv(`${folder}rows.csv`, { types, blockSize });

function aggregates(): Record<string, Aggregate> {
  const all: Record<string, Aggregate> = { size: size(), b_any: col("b").any(), b_all: col("b").all() };
  for (const name of ["i", "f", "far"]) {
    const x = col(name);
    for (const kind of ["sum", "mean", "min", "max", "count", "std", "var", "sem", "median", "nunique"] as const)
      all[`${name}_${kind}`] = x[kind]();
    for (const kind of ["std", "var", "sem"] as const) all[`${name}_${kind}0`] = x[kind]({ ddof: 0 });
    for (const q of [0, 0.1, 0.25, 0.5, 0.9, 1])
      for (const interpolation of INTERPOLATIONS)
        all[`${name}_q${q}_${interpolation}`] = x.quantile(q, { interpolation });
  }
  for (const [x, y] of [
    ["i", "f"],
    ["f", "far"],
    ["i", "far"],
  ] as const) {
    all[`${x}_${y}_corr`] = col(x).corr(col(y));
    all[`${x}_${y}_cov`] = col(x).cov(col(y));
    all[`${x}_${y}_cov0`] = col(x).cov(col(y), { ddof: 0 });
  }
  for (const name of ["i", "f", "b", "s", "d", "t"])
    for (const kind of ["first", "last", "nunique", "mode"] as const) all[`${name}_${kind}`] = col(name)[kind]();
  return all;
}

/** Floats to eleven digits: NumPy adds in one precision only. */
function expectClose(found: readonly Answer[], wanted: readonly Answer[], name: string): void {
  expect(found.length, name).toBe(wanted.length);
  found.forEach((value, i) => {
    const expected = wanted[i];
    if (typeof expected !== "number" || value === null) expect(value, `${name}[${i}]`).toBe(expected);
    else
      expect(Math.abs(Number(value) - expected), `${name}[${i}]: ${String(value)} for ${expected}`).toBeLessThanOrEqual(
        1e-11 * Math.max(1e-6, Math.abs(expected)),
      );
  });
}

describe.each([0, 1])("pandas' answers, client %i", (client) => {
  test.each([1 << 20, 3_000])("with blocks of %i bytes", async (blockSize) => {
    const table = await clients[client].compute(rows(blockSize).groupBy("k").agg(aggregates()));
    const found = toPlainRows(table);
    expect(Object.keys(found).sort()).toEqual(Object.keys(answers.groups).sort());
    for (const [name, wanted] of Object.entries(answers.groups)) expectClose(found[name], wanted, name);
  });
});
