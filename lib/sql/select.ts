import { lit, type Expression } from "../collections/expression.ts";
import { typeOf } from "../collections/typing.ts";
import { isAggregateCall } from "./aggregates.ts";
import type { Expr, SelectNode } from "./ast.ts";
import { partsOf } from "./conditions.ts";
import { lowerExpression, type Surroundings } from "./expressions.ts";
import { Grouping } from "./grouping.ts";
import { ordered, sortingOf, type Order, type Sorting } from "./order.ts";
import { itemsOf, ordinalOf, type Item } from "./projection.ts";
import { columnOf, type Environment, type Relation } from "./relation.ts";
import { Rows } from "./rows.ts";
import { Windows } from "./windows.ts";

/** A column of the result. */
interface Output {
  readonly name: string;
  readonly value: Expression;
}

/**
 * select … from … where … group by … having …, with the order by and limit of its query: rows are joined and filtered, grouped, filtered by having;
 * columns are made; what is distinct is sorted and cut.
 */
export async function lowerSelect(select: SelectNode, order: Order, within: Environment): Promise<Relation> {
  const { problems } = within;
  refuse(select, within);
  const rows = await Rows.of(select, within);
  const items = itemsOf(select, rows.scope, problems);
  const around = withAliases(rows.around(), items, rows);
  const grouping = groupingOf(select, items, order, rows, around);
  await rows.addScalars([items, select.having, select.qualify, order.items]);
  const schemaNow = () => [...(grouping?.schema() ?? rows.scope.schema), ...rows.values];
  const regroup = (value: Expression, place: unknown) => grouping?.regrouped(value, place) ?? value;
  const windows = new Windows(rows, select.named_window, regroup, schemaNow);
  const withWindows: Surroundings = { ...around, window: (call, inner) => windows.over(call, inner) };
  const lower = (expr: Expr) => grouping?.lower(expr, withWindows) ?? lowerExpression(expr, withWindows);
  const outputs = items.map((item) => outputOf(item, lower, grouping));
  const having = select.having === undefined ? undefined : grouping?.lower(select.having, around);
  const qualify = select.qualify === undefined ? undefined : lower(select.qualify);
  const sorting = sortingOf(order, outputs, lower, rows.names, problems);
  // All aggregates have been met by now.
  if (grouping !== undefined) rows.frame = grouping.frame();
  rows.attach();
  if (having !== undefined) rows.filter([having]);
  rows.frame = windows.frame(rows.frame);
  if (qualify !== undefined) rows.filter([qualify]);
  const schema = schemaNow();
  const types = outputs.map(({ value }) => typeOf(value.node, schema));
  const typed = outputs.map(({ name, value }, i) => ({ name, value: types[i] === "null" ? NULL : value }));
  return {
    frame: finished(rows, typed, select.distinct === "Distinct", sorting, order, within),
    columns: typed.map(({ name }, i) => ({ name, column: name, type: types[i] === "null" ? "int64" : types[i] })),
  };
}

/** A column of nulls has to have a type. */
const NULL = lit(null).cast("int64");

function refuse(select: SelectNode, { problems }: Environment): void {
  const { top, distinct, projection } = select;
  if (top !== undefined) throw problems.unsupported(projection, "top", "write limit behind the query.");
  if (typeof distinct === "object")
    throw problems.unsupported(distinct, "distinct on (…)", "group by, and take any_value(…).");
}

/** Expressions may name columns of the select list, where the tables have none of that name. */
function withAliases(around: Surroundings, items: readonly Item[], rows: Rows): Surroundings {
  const own: Surroundings = {
    ...around,
    column(parts) {
      const [{ value }] = parts;
      const isAlias = parts.length === 1 && rows.scope.find(value) === undefined;
      const item = isAlias ? items.find(({ name }) => name.toLowerCase() === value.toLowerCase()) : undefined;
      // A name within what it stands for is no alias.
      if (item?.expr === undefined || open.has(item)) return around.column(parts);
      open.add(item);
      try {
        return lowerExpression(item.expr, this);
      } finally {
        open.delete(item);
      }
    },
  };
  const open = new Set<Item>();
  return own;
}

/** The groups, where there are any: by group by, having, or an aggregate. */
function groupingOf(
  { group_by: groups, having }: SelectNode,
  items: readonly Item[],
  order: Order,
  rows: Rows,
  around: Surroundings,
): Grouping | undefined {
  const { problems } = rows.within;
  const isAggregated = (part: unknown) =>
    partsOf(part, "Function").some(
      ({ Function: call }) => call !== undefined && isAggregateCall(call) && call.over === undefined,
    );
  const keyOf = (item: Item) =>
    item.column === undefined ? lowerExpression(item.expr ?? {}, around) : columnOf(item.column);
  if (groups.Expressions === undefined)
    return new Grouping(rows, items.filter(({ expr }) => expr === undefined || !isAggregated(expr)).map(keyOf));
  const [exprs, modifiers] = groups.Expressions;
  if (modifiers.length > 0) throw problems.unsupported(exprs, "group by … with rollup, cube or totals");
  if (exprs.length === 0 && having === undefined && !isAggregated([items.map(({ expr }) => expr), order.items]))
    return undefined;
  const keys = exprs.map((expr) => {
    const ordinal = ordinalOf(expr, items, problems);
    return ordinal === undefined ? lowerExpression(expr, around) : keyOf(items[ordinal]);
  });
  return new Grouping(rows, keys);
}

function outputOf(
  { name, expr, column, place }: Item,
  lower: (expr: Expr) => Expression,
  grouping: Grouping | undefined,
): Output {
  if (column === undefined) return { name, value: lower(expr ?? {}) };
  const value = columnOf(column);
  return { name, value: grouping?.regrouped(value, place) ?? value };
}

function finished(
  rows: Rows,
  outputs: readonly Output[],
  isDistinct: boolean,
  { keys, hidden }: Sorting,
  { items, limit, offset }: Order,
  { problems }: Environment,
) {
  const names = outputs.map(({ name }) => name);
  const made = outputs.filter(({ name, value: { node } }) => !(node.op === "col" && node.name === name));
  const columns = { ...Object.fromEntries(made.map(({ name, value }) => [name, value])), ...hidden };
  const frame = rows.frame.assign(columns);
  if (!isDistinct) return ordered(frame, keys, { limit, offset }).select(names);
  if (Object.keys(hidden).length > 0)
    throw problems.at(
      items,
      "select distinct is ordered by columns of its select list alone.",
      "add the column there.",
    );
  return ordered(frame.select(names).distinct(), keys, { limit, offset });
}
