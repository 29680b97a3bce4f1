import type { DataFrame } from "../collections/dataframe/dataframe.ts";
import type { Expression } from "../collections/expression.ts";
import type { Ident, JoinConstraint, JoinOperator, TableFactor, TableWithJoins } from "./ast.ts";
import { conjunctsOf } from "./conditions.ts";
import { joinedOn } from "./join.ts";
import { lowerQuery } from "./query.ts";
import { aliasOf, columnOf, named, withNames, type Environment, type Names, type Relation } from "./relation.ts";
import { Scope, type Merged, type Table } from "./scope.ts";
import { tableOf } from "./tables.ts";

/** What stands between two commas of `from`: rows, and the tables whose columns they have. No two columns have one name in the frame. */
export interface Piece {
  readonly frame: DataFrame;
  readonly tables: readonly Table[];
  readonly merged: readonly Merged[];
}

/** What stands between the commas. @throws SqlError for two tables of one name, or a join that is not there */
export async function piecesOf(
  nodes: readonly TableWithJoins[],
  within: Environment,
  names: Names,
): Promise<readonly Piece[]> {
  const pieces: Piece[] = [];
  for (const node of nodes) {
    const piece = await pieceOf(node, within, names);
    for (const { tables } of pieces) checkAliases(tables, piece.tables, within);
    pieces.push(piece);
  }
  return pieces;
}

async function pieceOf(node: TableWithJoins, within: Environment, names: Names): Promise<Piece> {
  let piece = await factorOf(node.relation, within, names);
  for (const { relation, join_operator: operator } of node.joins) {
    const right = await factorOf(relation, within, names);
    checkAliases(piece.tables, right.tables, within);
    piece = joinOf(piece, right, operator, within, names);
  }
  return piece;
}

/** Refuses tables of one name. Queries without an alias have none: nothing can name them. @throws SqlError */
function checkAliases(tables: readonly Table[], others: readonly Table[], { problems }: Environment): void {
  const twice = others.find(({ alias }) => alias !== "" && tables.some((table) => table.alias === alias));
  if (twice === undefined) return;
  throw problems.atText(twice.alias, `two tables are called "${twice.alias}".`, "give one an alias, as in t as a.");
}

async function factorOf(factor: TableFactor, within: Environment, names: Names): Promise<Piece> {
  const { problems } = within;
  if (factor.NestedJoin !== undefined) {
    if (factor.NestedJoin.alias !== undefined) throw problems.unsupported(factor, "An alias of a join in brackets");
    return pieceOf(factor.NestedJoin.table_with_joins, within, names);
  }
  const { Table: table, Derived: derived } = factor;
  if (derived !== undefined) {
    if (derived.lateral) throw problems.unsupported(factor, "lateral");
    return pieceFrom(
      await lowerQuery(derived.subquery, within),
      derived.alias?.name.value ?? "",
      factor,
      within,
      names,
    );
  }
  if (table === undefined) throw problems.unsupported(factor, `A table of kind ${Object.keys(factor)[0]}`);
  const alias = aliasOf(table.alias, table.name[table.name.length - 1]?.Identifier);
  return pieceFrom(await tableOf(table, within), alias, factor, within, names);
}

function pieceFrom(
  relation: Relation,
  alias: string,
  factor: TableFactor,
  { problems }: Environment,
  names: Names,
): Piece {
  const given = named(relation, (factor.Table ?? factor.Derived)?.alias, problems);
  const { frame, columns } = withNames(given, alias, names);
  return { frame, tables: [{ alias, columns }], merged: [] };
}

const KINDS = {
  Join: "inner",
  Inner: "inner",
  CrossJoin: "inner",
  Left: "left",
  LeftOuter: "left",
  Right: "right",
  RightOuter: "right",
  FullOuter: "outer",
  Semi: "semi",
  LeftSemi: "semi",
  Anti: "anti",
  LeftAnti: "anti",
} as const;

function joinOf(left: Piece, right: Piece, operator: JoinOperator, within: Environment, names: Names): Piece {
  const [kind, constraint] = typeof operator === "string" ? [operator, "None"] : Object.entries(operator)[0];
  const how = Object.hasOwn(KINDS, kind) ? KINDS[kind as keyof typeof KINDS] : undefined; // just checked
  if (how === undefined || constraint === "Natural")
    throw within.problems.unsupported(
      operator,
      `A join of kind ${constraint === "Natural" ? "natural" : kind}`,
      "write join … on, or using.",
    );
  const { On: on, Using: using }: JoinConstraint = typeof constraint === "string" ? {} : constraint;
  if (using !== undefined)
    return joinedUsing(
      left,
      right,
      how,
      using.flatMap((name) => name[0]?.Identifier ?? []),
      within,
      names,
    );
  if (on === undefined && kind !== "CrossJoin")
    throw within.problems.at(operator, "expected on or using behind join.", "write cross join where all rows meet.");
  const frame = joinedOn(left, right, how, conjunctsOf(on), within, names);
  const ownOnly = how === "semi" || how === "anti";
  return {
    frame,
    tables: ownOnly ? left.tables : [...left.tables, ...right.tables],
    merged: [...left.merged, ...(ownOnly ? [] : right.merged)],
  };
}

/** Columns of `using` come once: what either side has. */
function joinedUsing(
  left: Piece,
  right: Piece,
  how: (typeof KINDS)[keyof typeof KINDS],
  using: readonly Ident[],
  within: Environment,
  names: Names,
): Piece {
  const pairs = using.map((name) => {
    const [a, b] = [left, right].map((side) => new Scope(side.tables, side.merged).resolve([name], within.problems));
    return { name, a, b };
  });
  const keys = pairs.map(({ a, b }): readonly [Expression, Expression] => [columnOf(a), columnOf(b)]);
  const frame = joinedOn(left, right, how, [], within, names, keys);
  if (how === "semi" || how === "anti") return { ...left, frame };
  const made: Record<string, Expression> = {};
  const mergedBefore = [...left.merged, ...right.merged];
  const merged = pairs.map(({ name, a, b }): Merged => {
    const of = [a, b].flatMap((one) => mergedBefore.find(({ column }) => column === one.column)?.of ?? [one.column]);
    if (how !== "outer") return { ...(how === "right" ? b : a), name: name.value, of };
    const column = names.take(`:${name.value}`);
    made[column] = columnOf(a).coalesce(columnOf(b));
    return { name: name.value, column, type: a.type === "int64" ? b.type : a.type, of };
  });
  const others = mergedBefore.filter((one) => !merged.some(({ of }) => one.of.some((column) => of.includes(column))));
  return {
    frame: frame.assign(made),
    tables: [...left.tables, ...right.tables],
    merged: [...merged, ...others],
  };
}
