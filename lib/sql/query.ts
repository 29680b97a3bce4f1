import { concat, type DataFrame } from "../collections/dataframe/dataframe.ts";
import { col } from "../collections/expression.ts";
import { widerOf } from "../collections/schema.ts";
import type { QueryNode, SetExpr } from "./ast.ts";
import { ordered, orderOf, sortingOf, type Order } from "./order.ts";
import { named, type Environment, type Relation } from "./relation.ts";
import type { Column } from "./scope.ts";
import { lowerSelect } from "./select.ts";

/** The rows of a query. Its columns have other names than each other, in the frame too. */
export async function lowerQuery(query: QueryNode, within: Environment): Promise<Relation> {
  const { problems } = within;
  const inner = await withQueries(query, within);
  const order = orderOf(query, problems);
  if (query.body.Select !== undefined) return lowerSelect(query.body.Select, order, inner);
  return orderedRelation(await lowerSet(query.body, inner), order, within);
}

/** The queries that `with` names; each sees those before it. */
async function withQueries({ with: clause }: QueryNode, within: Environment): Promise<Environment> {
  if (clause === undefined) return within;
  if (clause.recursive) throw within.problems.unsupported(clause, "with recursive");
  let known = within;
  for (const { alias, query } of clause.cte_tables) {
    const relation = named(await lowerQuery(query, known), alias, within.problems);
    known = { ...known, queries: new Map([...known.queries, [alias.name.value, relation]]) };
  }
  return known;
}

async function lowerSet(body: SetExpr, within: Environment): Promise<Relation> {
  const { problems } = within;
  if (body.Select !== undefined) return lowerSelect(body.Select, NO_ORDER, within);
  if (body.Query !== undefined) return lowerQuery(body.Query, within);
  const set = body.SetOperation;
  if (set === undefined)
    throw problems.unsupported(body, `${Object.keys(body)[0].toLowerCase()} in the place of a select`);
  const what = set.op.toLowerCase();
  if (!["union", "intersect", "except"].includes(what)) throw problems.unsupported(set, what);
  if (!["All", "None", "Distinct"].includes(set.set_quantifier) || (what !== "union" && set.set_quantifier === "All"))
    throw problems.unsupported(
      set,
      `${what} ${set.set_quantifier.toLowerCase()}`,
      set.set_quantifier === "All" ? `write ${what}, which gives each row once.` : undefined,
    );
  const [left, right] = [await lowerSet(set.left, within), await lowerSet(set.right, within)];
  const [ours, theirs, columns] = alike(left, right, what, set.right, within);
  if (what === "intersect" || what === "except") return { frame: common(ours, theirs, columns, what), columns };
  const both = concat([ours, theirs]);
  return { columns, frame: set.set_quantifier === "All" ? both : both.distinct() };
}

const NO_ORDER: Order = { items: [], all: false, limit: undefined, offset: 0 };

/** Each row that both have, or that the first has alone, once. Rows are equal as groups are: nulls equal nulls. */
function common(
  left: DataFrame,
  right: DataFrame,
  columns: readonly Column[],
  what: "intersect" | "except",
): DataFrame {
  const names = columns.map(({ column }) => column);
  const [inLeft, inRight] = [free(":left", names), free(":right", names)];
  const sides = concat([left.assign({ [inLeft]: 1, [inRight]: 0 }), right.assign({ [inLeft]: 0, [inRight]: 1 })]);
  const found = sides
    .groupBy(names, { keepNulls: true })
    .agg({ [inLeft]: col(inLeft).max(), [inRight]: col(inRight).max() });
  return found
    .filter(
      col(inLeft)
        .eq(1)
        .and(col(inRight).eq(what === "intersect" ? 1 : 0)),
    )
    .select(names);
}

function free(name: string, taken: readonly string[]): string {
  return taken.includes(name) ? free(`${name}:`, taken) : name;
}

/** Both sides' rows in the same columns: matched by place, and named as the first query names them. */
function alike(
  left: Relation,
  right: Relation,
  what: string,
  place: unknown,
  { problems }: Environment,
): [DataFrame, DataFrame, readonly Column[]] {
  if (left.columns.length !== right.columns.length)
    throw problems.at(place, `${what} sets ${left.columns.length} columns against ${right.columns.length}.`);
  const columns = left.columns.map((column, i) => {
    const other = right.columns[i];
    const type = widerOf(column.type, other.type);
    if (type === undefined)
      throw problems.at(
        place,
        `${what} sets "${column.name}", which is ${column.type}, against ${other.type}.`,
        "cast one of them.",
      );
    return { ...column, type };
  });
  const names = columns.map(({ column }) => column);
  const renamed = Object.fromEntries(columns.map(({ column }, i) => [column, col(right.columns[i].column)]));
  return [left.frame.select(names), right.frame.assign(renamed).select(names), columns];
}

function orderedRelation(relation: Relation, order: Order, { problems }: Environment): Relation {
  const { keys } = sortingOf(order, relation.columns, undefined, undefined, problems);
  const columnsByName = keys.map((key) => ({
    ...key,
    column: relation.columns.find(({ name }) => name === key.column)?.column ?? key.column,
  }));
  return { ...relation, frame: ordered(relation.frame, columnsByName, order) };
}
