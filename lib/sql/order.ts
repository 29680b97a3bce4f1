import { DataFrame } from "../collections/dataframe/dataframe.ts";
import type { SortKeyNode } from "../collections/dataframe/nodes.ts";
import type { Expression } from "../collections/expression.ts";
import type { Expr, OrderItem, QueryNode } from "./ast.ts";
import type { Problems } from "./problem.ts";
import { ordinalOf } from "./projection.ts";
import type { Names } from "./relation.ts";

/** How a query's rows are ordered, and how many of them come. */
export interface Order {
  readonly items: readonly OrderItem[];
  /** All columns, from the first on. */
  readonly all: boolean;
  readonly limit: number | undefined;
  /** How many of the first rows are left out. */
  readonly offset: number;
}

export interface Sorting {
  readonly keys: readonly SortKeyNode[];
  /** Columns that are there for the order alone. */
  readonly hidden: Readonly<Record<string, Expression>>;
}

/** order by, limit, offset and fetch of a query. @throws SqlError */
export function orderOf(query: QueryNode, problems: Problems): Order {
  const { order_by: order, limit_clause: clause, fetch } = query;
  const { limit, offset, limit_by: by } = clause?.LimitOffset ?? { limit: undefined, offset: undefined, limit_by: [] };
  if (clause !== undefined && (clause.LimitOffset === undefined || by.length > 0))
    throw problems.unsupported(clause, "This limit");
  if (fetch !== undefined && (fetch.with_ties || fetch.percent))
    throw problems.unsupported(fetch, "fetch with ties or percent");
  const rows =
    limit ?? (fetch === undefined ? undefined : (fetch.quantity ?? { Value: { value: { Number: ["1", false] } } }));
  return {
    items: order?.kind.Expressions ?? [],
    all: order?.kind.All !== undefined,
    limit: rows === undefined ? undefined : wholeOf(rows, problems, "limit"),
    offset: offset === undefined ? 0 : wholeOf(offset.value, problems, "offset"),
  };
}

function wholeOf(expr: Expr, problems: Problems, what: string): number {
  const value = expr.Value?.value;
  const rows = typeof value === "object" ? Number(value.Number?.[0]) : NaN;
  if (Number.isSafeInteger(rows) && rows >= 0) return rows;
  throw problems.at(expr, `${what} expects a whole number of at least 0.`);
}

/** Sort keys: columns of the result by place or name, or other expressions, which become columns for a while. */
export function sortingOf(
  order: Order,
  outputs: readonly { readonly name: string; readonly value?: Expression }[],
  lower: ((expr: Expr) => Expression) | undefined,
  names: Names | undefined,
  problems: Problems,
): Sorting {
  const hidden: Record<string, Expression> = {};
  const columnOf = (expr: Expr): string => {
    const ordinal = ordinalOf(expr, outputs, problems);
    if (ordinal !== undefined) return outputs[ordinal].name;
    const alias = expr.Identifier?.value.toLowerCase();
    const named = outputs.find(({ name }) => name.toLowerCase() === alias);
    if (named !== undefined) return named.name;
    if (lower === undefined || names === undefined)
      throw problems.at(expr, "order by expects a column of the select list here.", "name it there.");
    const value = lower(expr);
    const text = JSON.stringify(value.node);
    const known = outputs.find((output) => JSON.stringify(output.value?.node) === text);
    if (known !== undefined) return known.name;
    const name = names.take(":order");
    hidden[name] = value;
    return name;
  };
  const keys = order.items.map(({ expr, options }): SortKeyNode => ({
    column: columnOf(expr),
    descending: options.asc === false,
    nulls: options.nulls_first === true ? "first" : "last",
  }));
  const all = order.all
    ? outputs.map(({ name }): SortKeyNode => ({ column: name, descending: false, nulls: "last" }))
    : [];
  const twice = (key: SortKeyNode, i: number) => keys.findIndex(({ column }) => column === key.column) < i;
  return { keys: [...keys.filter((key, i) => !twice(key, i)), ...all], hidden };
}

/** Sorted, and cut to the limit. */
export function ordered(
  frame: DataFrame,
  keys: readonly SortKeyNode[],
  { limit, offset }: Pick<Order, "limit" | "offset">,
): DataFrame {
  const sorted = keys.length === 0 ? frame : new DataFrame({ kind: "sort", input: frame.node, keys });
  // Few rows are left for what leaves out the first of them.
  const first = limit === undefined ? sorted : sorted.head(limit + offset);
  return offset === 0 ? first : first.skip(offset);
}
