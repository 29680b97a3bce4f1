import { TypeMismatchError } from "../../errors.ts";
import { arrayAt, objectAt, oneOfAt, refuse, textAt, textsAt } from "../plain.ts";
import type { ScalarType, Schema } from "../schema.ts";
import { fieldOf } from "../typing.ts";
import type { FrameNode } from "./nodes.ts";
import type { SortKeyNode } from "./operation-nodes.ts";

/** Columns over partitions of the rows, each in an order: SQL's window functions, as plain data. Rows stay as they are. */
export interface OverNode extends OverSpec {
  readonly kind: "over";
  readonly input: FrameNode;
}

export interface OverSpec {
  /** Rows of equal values (nulls are equal) form a partition; none: all rows do. */
  readonly partitionBy: readonly string[];
  readonly orderBy: readonly SortKeyNode[];
  readonly columns: readonly { readonly name: string; readonly value: OverFunction }[];
}

export const RANKINGS = ["rowNumber", "rank", "denseRank", "percentRank", "cumeDist"] as const;
export const FRAMED = ["first", "last", "sum", "mean", "min", "max", "count"] as const;

export type OverFunction =
  | { readonly do: (typeof RANKINGS)[number] }
  /** The value so many rows before, or behind where that is negative. */
  | { readonly do: "lag"; readonly column: string; readonly rows: number }
  /** Of the rows from one bound to another, both included. A null, and NaN, is no value but for first and last. */
  | {
      readonly do: (typeof FRAMED)[number];
      readonly column: string;
      readonly from: OverBound;
      readonly to: OverBound;
    };

/** So many rows behind this one (before it, where negative); the first or last of those that the order does not part from it; or of the partition. */
export type OverBound = number | "peers" | "unbounded";

/** The columns behind it. @throws UnknownColumnError, TypeMismatchError */
export function overSchema({ partitionBy, orderBy, columns }: OverSpec, schema: Schema): Schema {
  for (const name of [...partitionBy, ...orderBy.map(({ column }) => column)]) fieldOf(name, schema);
  const added = columns.map(({ name, value }) => ({ name, type: overType(value, schema) }));
  return [...schema.filter(({ name }) => !added.some((field) => field.name === name)), ...added];
}

export function overType(value: OverFunction, schema: Schema): ScalarType {
  if (!("column" in value)) return value.do === "percentRank" || value.do === "cumeDist" ? "float64" : "int64";
  const { type } = fieldOf(value.column, schema);
  if (value.do === "count") return "int64";
  if (value.do !== "sum" && value.do !== "mean") return type;
  if (type !== "int64" && type !== "float64" && type !== "bool")
    throw new TypeMismatchError(`${value.do}(${value.column}) needs int64 or float64 or bool, found ${type}.`, {
      fields: { function: value.do, column: value.column, found: type },
      fix: 'cast it, as in .cast("float64").',
    });
  return value.do === "mean" || type === "float64" ? "float64" : "int64";
}

/** The columns that are read. */
export function overReads({ partitionBy, orderBy, columns }: OverSpec): string[] {
  const inputs = columns.flatMap(({ value }) => ("column" in value ? [value.column] : []));
  return [...partitionBy, ...orderBy.map(({ column }) => column), ...inputs];
}

export const OVER_FIELDS = ["partitionBy", "orderBy", "columns"] as const;

/** From plain data, as far as its fields go. `sortKeyAt` reads a key. */
export function overAt(
  { partitionBy, orderBy, columns }: Readonly<Record<string, unknown>>,
  path: string,
  sortKeyAt: (value: unknown, path: string) => SortKeyNode,
): OverSpec {
  return {
    partitionBy: textsAt(partitionBy, `${path}.partitionBy`),
    orderBy: arrayAt(orderBy, `${path}.orderBy`).map((key, i) => sortKeyAt(key, `${path}.orderBy[${i}]`)),
    columns: arrayAt(columns, `${path}.columns`).map((item, i) => {
      const at = `${path}.columns[${i}]`;
      const { name, value } = objectAt(item, at, ["name", "value"]);
      return { name: textAt(name, `${at}.name`), value: functionAt(value, `${at}.value`) };
    }),
  };
}

function functionAt(value: unknown, path: string): OverFunction {
  const object = objectAt(value, path, ["do", "column", "rows", "from", "to"]);
  const kind = oneOfAt(object["do"], `${path}.do`, [...RANKINGS, "lag", ...FRAMED]);
  const ranking = RANKINGS.find((name) => name === kind);
  if (ranking !== undefined) return { do: ranking };
  const column = textAt(object["column"], `${path}.column`);
  if (kind === "lag") return { do: kind, column, rows: integerAt(object["rows"], `${path}.rows`) };
  const framed = oneOfAt(kind, `${path}.do`, FRAMED);
  return { do: framed, column, from: boundAt(object["from"], `${path}.from`), to: boundAt(object["to"], `${path}.to`) };
}

function integerAt(value: unknown, path: string): number {
  return Number.isSafeInteger(value) ? (value as number) : refuse(path, "a whole number", value); // just checked
}

function boundAt(value: unknown, path: string): OverBound {
  return value === "peers" || value === "unbounded" ? value : integerAt(value, path);
}

/** As explain and descriptions show it. */
export function overText({ partitionBy, orderBy, columns }: OverSpec): string {
  const order = orderBy.map(({ column, descending }) => (descending ? `${column} descending` : column)).join(", ");
  const made = columns.map(({ name, value }) => `${name} = ${value.do}(${"column" in value ? value.column : ""})`);
  return [
    made.join(", "),
    ...(partitionBy.length === 0 ? [] : [`by ${partitionBy.join(", ")}`]),
    ...(order === "" ? [] : [`in the order of ${order}`]),
  ].join("; ");
}
