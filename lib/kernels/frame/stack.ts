import type { Schema } from "../../collections/schema.ts";
import { fieldOf } from "../../collections/typing.ts";
import { columnOf, valueAt, type Column } from "./column.ts";
import type { Frame } from "./encode.ts";
import { fromValues } from "./from-values.ts";

/** A frame of one row as a table: a column of labels, and columns of float64 whose cells stand in columns of that row. */
export interface StackSpec {
  readonly do: "stack";
  readonly label: string;
  readonly rows: readonly string[];
  /** `from[i]` is the column that holds the cell of row i. */
  readonly columns: readonly { readonly name: string; readonly from: readonly string[] }[];
}

export function stackSchema({ label, columns }: StackSpec, schema: Schema): Schema {
  for (const { from } of columns) for (const name of from) fieldOf(name, schema);
  return [{ name: label, type: "string" }, ...columns.map(({ name }) => ({ name, type: "float64" as const }))];
}

export function stackRow({ schema, batch }: Frame, spec: StackSpec): Frame {
  const cells = spec.columns.map(({ name, from }): [string, Column] => [
    name,
    fromValues(
      "float64",
      from.map((cell) => valueAt(columnOf(batch, cell), 0)),
    ),
  ]);
  const labels = fromValues("string", spec.rows);
  return {
    schema: stackSchema(spec, schema),
    batch: { rows: spec.rows.length, columns: new Map([[spec.label, labels], ...cells]) },
  };
}
