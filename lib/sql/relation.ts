import type { DataFrame } from "../collections/dataframe/dataframe.ts";
import type { JoinNode } from "../collections/dataframe/nodes.ts";
import { col, lit, type Expression } from "../collections/expression.ts";
import type { Schema } from "../collections/schema.ts";
import type { Ident, TableAlias } from "./ast.ts";
import type { Problems } from "./problem.ts";
import type { Column, Scope } from "./scope.ts";

/** The rows of a table or a query, and its columns in order. */
export interface Relation {
  readonly frame: DataFrame;
  readonly columns: readonly Column[];
}

/** What all parts of a query share. */
export interface Environment {
  readonly problems: Problems;
  /** Frames that were given by name. */
  readonly tables: ReadonlyMap<string, DataFrame>;
  /** Queries that `with` names. */
  readonly queries: ReadonlyMap<string, Relation>;
  /** The columns of the query around this one. */
  readonly outer?: Scope | undefined;
  schemaOf(frame: DataFrame): Promise<Schema>;
}

/** A frame's columns under their own names. */
export function relationOf(frame: DataFrame, schema: Schema): Relation {
  return { frame, columns: schema.map(({ name, type }) => ({ name, column: name, type })) };
}

/** The relation with its columns named by the alias, as in t(a, b). @throws SqlError for more names than columns */
export function named(relation: Relation, alias: TableAlias | undefined, problems: Problems): Relation {
  const names = alias?.columns ?? [];
  if (names.length === 0) return relation;
  if (names.length > relation.columns.length)
    throw problems.at(names, `${names.length} names for ${relation.columns.length} columns.`);
  const columns = relation.columns.map((column, i) => ({ ...column, name: names[i]?.name.value ?? column.name }));
  return { ...relation, columns };
}

/** Gives names that a query's frame does not have yet. */
export class Names {
  readonly #used = new Set<string>();

  take(wanted: string): string {
    let name = wanted;
    for (let n = 1; this.#used.has(name); n++) name = `${wanted}:${n}`;
    this.#used.add(name);
    return name;
  }
}

/** Joins two frames that have no column name in common. Without keys each row meets all others. */
export function joined(
  left: DataFrame,
  right: DataFrame,
  how: JoinNode["how"],
  keys: readonly (readonly [left: Expression, right: Expression])[],
  names: Names,
): DataFrame {
  const pairs = keys.length === 0 ? [[lit(1), lit(1)] as const] : keys;
  const leftKeys = keyed(
    left,
    pairs.map(([key]) => key),
    names,
  );
  const rightKeys = keyed(
    right,
    pairs.map(([, key]) => key),
    names,
  );
  return leftKeys.frame.join(rightKeys.frame, { how, leftOn: leftKeys.columns, rightOn: rightKeys.columns });
}

/** The frame with its keys as columns, each another one. */
function keyed(frame: DataFrame, keys: readonly Expression[], names: Names) {
  const made: Record<string, Expression> = {};
  const columns: string[] = [];
  for (const key of keys) {
    if (key.node.op === "col" && !columns.includes(key.node.name)) columns.push(key.node.name);
    else {
      const name = names.take(":key");
      made[name] = key;
      columns.push(name);
    }
  }
  return { frame: frame.assign(made), columns };
}

/** The frame with columns renamed, so that no two of a query have one name. */
export function withNames({ frame, columns }: Relation, alias: string, names: Names): Relation {
  const renames: Record<string, string> = {};
  const own = columns.map((column) => {
    const name = names.take(column.column);
    const unique = name === column.column ? name : names.take(`${alias}.${column.name}`);
    if (unique !== column.column) renames[column.column] = unique;
    return { ...column, column: unique };
  });
  return { frame: frame.rename(renames), columns: own };
}

export function columnOf({ column }: Column): Expression {
  return col(column);
}

/** A table's own name, where it has no alias: of a path the file's name without its ending. */
export function aliasOf(alias: TableAlias | undefined, name: Ident | undefined): string {
  if (alias !== undefined) return alias.name.value;
  const text = name?.value ?? "";
  const file = text.split("/").pop() ?? text;
  return /^[\w-]+\.\w/.test(file) ? file.split(".")[0] : text;
}
