/** Operations that need to know which row of the frame a row is. */
import type { ExpressionNode } from "../../../collections/expression.ts";
import type { Schema } from "../../../collections/schema.ts";
import type { Operation } from "../../../kernels/frame/steps.ts";

/** Columns of our own, which no file has: no name of theirs begins with NUL. */
const ROW = "\u0000row";
const HASH = "\u0000hash";
const rowNumber: ExpressionNode = { op: "col", name: ROW };

/** Numbers rows from 1 on, whatever shards they are read in. */
const numbered: Operation = {
  do: "window",
  columns: [{ name: ROW, value: { kind: "cumcount", input: { op: "lit", type: "int64", value: 1 } } }],
};

/** All rows but the first. */
export function skipRows(rows: number, schema: Schema): Operation[] {
  if (rows === 0) return [];
  const behind: ExpressionNode = { op: "gt", args: [rowNumber, { op: "lit", type: "int64", value: rows }] };
  return [numbered, { do: "filter", condition: behind }, withoutOurs(schema)];
}

/** The rows whose numbers have the least hashes, in their order. */
export function sampleRows(rows: number, seed: number, schema: Schema): Operation[] {
  const hash: ExpressionNode = { op: "hash", args: [rowNumber], params: { seed } };
  return [
    numbered,
    { do: "assign", columns: [{ name: HASH, value: hash }] },
    { do: "sort", keys: [ascending(HASH)] },
    { do: "head", rows },
    { do: "sort", keys: [ascending(ROW)] },
    withoutOurs(schema),
  ];
}

function ascending(column: string) {
  return { column, descending: false, nulls: "last" } as const;
}

function withoutOurs(schema: Schema): Operation {
  return { do: "select", names: schema.map(({ name }) => name) };
}
