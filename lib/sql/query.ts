import { concat } from "../collections/dataframe/dataframe.ts";
import { col } from "../collections/expression.ts";
import { widerOf } from "../collections/schema.ts";
import type { QueryNode, SetExpr } from "./ast.ts";
import { ordered, orderOf, sortingOf, type Order } from "./order.ts";
import { named, type Environment, type Relation } from "./relation.ts";
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
  if (set.op !== "Union")
    throw problems.unsupported(set, set.op.toLowerCase(), "write a join: semi for intersect, anti for except.");
  if (!["All", "None", "Distinct"].includes(set.set_quantifier))
    throw problems.unsupported(set, `union ${set.set_quantifier}`);
  const [left, right] = [await lowerSet(set.left, within), await lowerSet(set.right, within)];
  const both = united(left, right, set.right, within);
  return set.set_quantifier === "All" ? both : { ...both, frame: both.frame.distinct() };
}

const NO_ORDER: Order = { items: [], all: false, limit: undefined };

/** Rows of both, columns matched by place and named as the first query names them. */
function united(left: Relation, right: Relation, place: unknown, { problems }: Environment): Relation {
  if (left.columns.length !== right.columns.length)
    throw problems.at(place, `union sets ${left.columns.length} columns against ${right.columns.length}.`);
  const columns = left.columns.map((column, i) => {
    const other = right.columns[i];
    const type = widerOf(column.type, other.type);
    if (type === undefined)
      throw problems.at(
        place,
        `union sets "${column.name}", which is ${column.type}, against ${other.type}.`,
        "cast one of them.",
      );
    return { ...column, type };
  });
  const names = columns.map(({ column }) => column);
  const renamed = Object.fromEntries(columns.map(({ column }, i) => [column, col(right.columns[i].column)]));
  return { frame: concat([left.frame.select(names), right.frame.assign(renamed).select(names)]), columns };
}

function orderedRelation(relation: Relation, order: Order, { problems }: Environment): Relation {
  const { keys } = sortingOf(order, relation.columns, undefined, undefined, problems);
  const columnsByName = keys.map((key) => ({
    ...key,
    column: relation.columns.find(({ name }) => name === key.column)?.column ?? key.column,
  }));
  return { ...relation, frame: ordered(relation.frame, columnsByName, order.limit) };
}
