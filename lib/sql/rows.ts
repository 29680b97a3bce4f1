import type { DataFrame } from "../collections/dataframe/dataframe.ts";
import { col, size, type Expression } from "../collections/expression.ts";
import { when } from "../collections/expression/when.ts";
import type { Field, Schema } from "../collections/schema.ts";
import { typeOf } from "../collections/typing.ts";
import { SqlError } from "../errors.ts";
import { isAggregateCall } from "./aggregates.ts";
import type { Expr, Kinds, QueryNode, SelectNode } from "./ast.ts";
import { conjunctsOf, partsOf } from "./conditions.ts";
import { lowerExpression, type Surroundings } from "./expressions.ts";
import { piecesOf } from "./from.ts";
import { checkKeyTypes, joinedPieces, scopeOf, surroundingsOf } from "./join.ts";
import { lowerQuery } from "./query.ts";
import { columnOf, joined, Names, type Environment, type Relation } from "./relation.ts";
import type { Scope } from "./scope.ts";

/** The rows of `from` and `where`, to which columns of queries within are added as they are met. */
export class Rows {
  frame: DataFrame;
  readonly scope: Scope;
  readonly names: Names;
  readonly within: Environment;
  /** Columns that stand for queries of one value. */
  readonly values: Field[] = [];
  readonly #scalars = new Map<Expr, Expression>();
  /** Joins by which those columns come to the rows, or to groups of them. */
  readonly #joins: ((frame: DataFrame) => DataFrame)[] = [];

  private constructor(frame: DataFrame, scope: Scope, names: Names, within: Environment) {
    this.frame = frame;
    this.scope = scope;
    this.names = names;
    this.within = within;
  }

  static async of(select: SelectNode, within: Environment): Promise<Rows> {
    const names = new Names();
    const pieces = await piecesOf(select.from, within, names);
    if (pieces.length === 0)
      throw within.problems.unsupported(
        select.projection,
        "A query without from",
        "select from files, or from a frame that is given by name.",
      );
    const all = conjunctsOf(select.selection);
    const isQuery = (expr: Expr) => expr.InSubquery !== undefined || expr.Exists !== undefined;
    const plain = all.filter((expr) => !isQuery(expr) && partsOf(expr, "Subquery").length === 0);
    const { frame, left } = joinedPieces(pieces, plain, within, names);
    const rows = new Rows(frame, scopeOf(pieces), names, within);
    rows.filter(left);
    for (const expr of all.filter((condition) => !plain.includes(condition))) {
      await rows.addScalars(expr);
      rows.attach();
      if (expr.InSubquery !== undefined) await rows.#in(expr.InSubquery, expr);
      else if (expr.Exists !== undefined) await rows.#exists(expr.Exists, expr);
      else rows.filter([lowerExpression(expr, rows.around())]);
    }
    return rows;
  }

  filter(conditions: readonly Expression[]): void {
    if (conditions.length > 0) this.frame = this.frame.filter(conditions.reduce((a, b) => a.and(b)));
  }

  schema(): Schema {
    return [...this.scope.schema, ...this.values];
  }

  around(): Surroundings {
    return {
      ...surroundingsOf(this.scope, this.within),
      schema: () => this.schema(),
      scalar: (expr) => this.#scalars.get(expr),
    };
  }

  /** Makes the queries of one value in an expression columns, which `attach` brings. @throws SqlError for a query that may have more rows */
  async addScalars(expr: unknown): Promise<void> {
    for (const part of partsOf(expr, "Subquery")) {
      if (part.Subquery === undefined || this.#scalars.has(part)) continue;
      const { column, type } = await this.#one(part.Subquery, part);
      this.values.push({ name: column, type });
      this.#scalars.set(part, col(column));
    }
  }

  async #one(query: QueryNode, node: Expr) {
    const { problems } = this.within;
    const { frame, columns } = await this.#query(query, node);
    if (!isOneRow(query))
      throw problems.unsupported(
        node,
        "A query as a value that may have more than one row",
        "make it one row: an aggregate without group by, or limit 1.",
      );
    const column = this.names.take(":value");
    const value = frame
      .select(columns[0].column)
      .rename(columns[0].column === column ? {} : { [columns[0].column]: column });
    // Of no row the value is null, and no row of ours is lost.
    this.#joins.push((rows) => joined(rows, value, "left", [], this.names));
    return { column, type: columns[0].type };
  }

  /** Joins the rows, as they are now, with the queries of one value. */
  attach(): void {
    this.frame = this.#joins.splice(0).reduce((frame, join) => join(frame), this.frame);
  }

  /** A query of one column. */
  async #query(query: QueryNode, node: Expr): Promise<Relation> {
    const relation = await lowerQuery(query, { ...this.within, outer: this.scope });
    if (relation.columns.length === 1) return relation;
    throw this.within.problems.at(node, `expected a query of one column, found ${relation.columns.length}.`);
  }

  /** A null among the query's values, or on our side, makes `not in` null: such rows go, unless the query has none. */
  async #in({ expr, subquery, negated }: Kinds["InSubquery"], node: Expr): Promise<void> {
    const value = lowerExpression(expr, this.around());
    const { frame, columns } = await this.#query(subquery, node);
    const [{ type }] = columns;
    const own = columnOf(columns[0]);
    checkKeyTypes([typeOf(value.node, this.schema()), type], node, this.within);
    if (!negated) {
      this.frame = joined(this.frame, frame, "semi", [[value, own]], this.names);
      return;
    }
    const [all, known] = [this.names.take(":rows"), this.names.take(":known")];
    const counts = frame.agg({ [all]: size(), [known]: when(own.isNotNull()).then(1).count() });
    const counted = joined(this.frame, counts, "left", [], this.names);
    const may = col(all)
      .eq(0)
      .or(value.isNotNull().and(col(all).eq(col(known))));
    this.frame = joined(counted.filter(may), frame, "anti", [[value, own]], this.names);
  }

  /** Equations between the two queries' columns become keys. */
  async #exists({ subquery, negated }: Kinds["Exists"], node: Expr): Promise<void> {
    const { problems } = this.within;
    const select = subquery.body.Select;
    if (select === undefined || select.having !== undefined || groupsOf(select) || subquery.with !== undefined)
      throw problems.unsupported(node, "A query in exists that is more than select … from … where");
    const inner: Environment = { ...this.within, outer: this.scope };
    const names = new Names();
    const pieces = await piecesOf(select.from, inner, names);
    const scope = scopeOf(pieces);
    const [ours, theirs] = [this.around(), surroundingsOf(scope, { ...inner, outer: undefined })];
    const keys: (readonly [Expression, Expression])[] = [];
    const own = conjunctsOf(select.selection).filter((condition) => {
      const key = correlated(condition, ours, theirs);
      if (key !== undefined) keys.push(key);
      return key === undefined;
    });
    const { frame, left } = joinedPieces(pieces, own, inner, names);
    const found = left.length === 0 ? frame : frame.filter(left.reduce((a, b) => a.and(b)));
    this.frame = joined(this.frame, found, negated ? "anti" : "semi", keys, this.names);
  }
}

function groupsOf({ group_by: groups }: SelectNode): boolean {
  return groups.Expressions === undefined || groups.Expressions[0].length > 0;
}

/** An equation of which one side reads the inner query alone, the other only the outer one. */
function correlated(
  { BinaryOp: node }: Expr,
  ours: Surroundings,
  theirs: Surroundings,
): readonly [Expression, Expression] | undefined {
  if (node?.op !== "Eq") return undefined;
  const [left, right] = [node.left, node.right].map((side) => attempt(side, theirs));
  if ((left === undefined) === (right === undefined)) return undefined;
  const outer = attempt(left === undefined ? node.left : node.right, ours);
  const inner = left ?? right;
  return outer === undefined || inner === undefined ? undefined : [outer, inner];
}

function attempt(expr: Expr, around: Surroundings): Expression | undefined {
  try {
    return lowerExpression(expr, around);
  } catch (error) {
    if (error instanceof SqlError) return undefined; // tried with the other query's columns next
    throw error;
  }
}

/** Whether a query has one row at most, by its form. */
function isOneRow(query: QueryNode): boolean {
  const limit = query.limit_clause?.LimitOffset?.limit?.Value?.value;
  if (typeof limit === "object" && Number(limit.Number?.[0]) <= 1) return true;
  const select = query.body.Select;
  if (query.body.Query !== undefined) return isOneRow(query.body.Query);
  if (select === undefined || groupsOf(select)) return false;
  return select.projection.some((item) => partsOf(item, "Function").some(isAggregate));
}

function isAggregate({ Function: call }: Expr): boolean {
  return call !== undefined && isAggregateCall(call) && call.over === undefined;
}
