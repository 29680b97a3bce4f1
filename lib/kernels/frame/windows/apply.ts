import { formatWindow, windowType, type WindowNode } from "../../../collections/window.ts";
import type { Schema } from "../../../collections/schema.ts";
import { typeOf } from "../../../collections/typing.ts";
import { OverflowError } from "../../../errors.ts";
import type { Batch, Column } from "../column.ts";
import type { Frame } from "../encode.ts";
import { compile } from "../evaluate.ts";
import { overflowIn } from "../overflow.ts";
import { cumulativeCount, cumulativeExtreme, cumulativeSum, type Start } from "./cumulative.ts";
import { rolled } from "./rolling.ts";
import { shifted } from "./shift.ts";

/** Columns that are added to a frame, or replaced; all read the columns as they were before. */
export type WindowColumns = readonly { readonly name: string; readonly value: WindowNode }[];

/** The frame with the columns added. It is all rows, in order; `starts`: but for earlier ones, which cumulative functions came to this with. */
export function applyWindows(
  { schema, batch }: Frame,
  columns: WindowColumns,
  starts: ReadonlyMap<string, Start> = new Map(),
): Frame {
  const added = columns.map(({ name, value }): [string, Column] => [
    name,
    windowOf(name, value, schema, batch, starts.get(name)),
  ]);
  return {
    schema: windowSchema(schema, columns),
    batch: { rows: batch.rows, columns: new Map([...batch.columns, ...added]) },
  };
}

/** The columns behind a window operation. `UnknownColumnError`, `TypeMismatchError`. */
export function windowSchema(schema: Schema, columns: WindowColumns): Schema {
  const added = columns.map(({ name, value }) => ({ name, type: windowType(value, schema) }));
  const replaced = schema.map((field) => added.find((a) => a.name === field.name) ?? field);
  return [...replaced, ...added.filter((a) => !schema.some((field) => field.name === a.name))];
}

/** A name that no column of a user has. */
const BEFORE = "\u0000before";

function windowOf(name: string, node: WindowNode, schema: Schema, batch: Batch, start: Start = null): Column {
  const { kind, input, params = {} } = node;
  const column = compile(input, schema)(batch);
  const rows = Number(params["rows"]);
  switch (kind) {
    case "cumsum":
      return overflowNamed(`${name} = ${formatWindow(node)}`, () => cumulativeSum(column, start));
    case "cummin":
      return cumulativeExtreme(column, -1, start);
    case "cummax":
      return cumulativeExtreme(column, 1, start);
    case "cumcount":
      return cumulativeCount(column, start);
    case "shift":
      return shifted(column, rows);
    case "diff": {
      const type = typeOf(input, schema);
      const wider: Schema = [...schema, { name: BEFORE, type: type === "null" ? "float64" : type }];
      const columns = new Map([...batch.columns, [BEFORE, shifted(column, rows)]]);
      return compile({ op: "sub", args: [input, { op: "col", name: BEFORE }] }, wider)({ rows: batch.rows, columns });
    }
    default:
      return rolled(column, kind, rows, Number(params["minPeriods"] ?? rows));
  }
}

function overflowNamed(where: string, make: () => Column): Column {
  try {
    return make();
  } catch (error) {
    throw error instanceof OverflowError ? overflowIn(where, error) : error;
  }
}
