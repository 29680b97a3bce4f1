import type { ScalarType, Schema } from "../collections/schema.ts";
import type { Ident } from "./ast.ts";
import { nearest, type Problems } from "./problem.ts";

/** A column of a query: what it is called there, and in the frame. */
export interface Column {
  readonly name: string;
  readonly column: string;
  readonly type: ScalarType;
}

/** What `using` made one of two. */
export interface Merged extends Column {
  /** The columns that it stands for, as the frame has them. */
  readonly of: readonly string[];
}

/** A table as a query names it. */
export interface Table {
  readonly alias: string;
  readonly columns: readonly Column[];
}

/** The columns that a query's expressions may name. Names mean the same in capitals and small letters, unless two differ in nothing else. */
export class Scope {
  readonly tables: readonly Table[];
  /** Found before the tables' columns. */
  readonly merged: readonly Merged[];

  constructor(tables: readonly Table[], merged: readonly Merged[] = []) {
    this.tables = tables;
    this.merged = merged;
  }

  /** All columns as the frame has them. */
  get schema(): Schema {
    const all = [...this.merged, ...this.tables.flatMap(({ columns }) => columns)];
    const byName = new Map(all.map(({ column, type }) => [column, { name: column, type }]));
    return [...byName.values()];
  }

  /** The column of a name of one or two parts. @throws SqlError where there is none, or more than one */
  resolve(parts: readonly Ident[], problems: Problems): Column {
    if (parts.length > 2) throw problems.unsupported(parts, `A name of ${parts.length} parts`, "write table.column.");
    const [first, second] = parts;
    const found = parts.length === 1 ? this.#unqualified(first, problems) : this.#qualified(first, second, problems);
    if (found === undefined) throw this.#unknown(parts, problems);
    return found;
  }

  /** The column of an unqualified name, if there is one. */
  find(name: string): Column | undefined {
    const all = this.tables.flatMap(({ columns }) => columns);
    return matching(this.merged, name)[0] ?? matching(all, name)[0];
  }

  /** What `*` stands for: columns that `using` has made one come once, where the first of them stands. */
  star(): Column[] {
    const all = this.tables.flatMap(({ columns }) => columns);
    return [...new Set(all.map((column) => this.merged.find(({ of }) => of.includes(column.column)) ?? column))];
  }

  table(alias: Ident, problems: Problems): Table {
    const found =
      this.tables.find((table) => table.alias === alias.value) ??
      this.tables.find((table) => table.alias.toLowerCase() === alias.value.toLowerCase());
    if (found !== undefined) return found;
    const names = this.tables.map((table) => table.alias).filter((name) => name !== "");
    throw problems.at(alias, `there is no table "${alias.value}" here.`, nearest(alias.value, names, "tables"));
  }

  #unqualified(name: Ident, problems: Problems): Column | undefined {
    const [merged] = matching(this.merged, name.value);
    if (merged !== undefined) return merged;
    const holders = this.tables.flatMap((table) =>
      matching(table.columns, name.value).map((column) => ({ column, alias: table.alias })),
    );
    if (holders.length < 2) return holders[0]?.column;
    const names = holders.filter(({ alias }) => alias !== "").map(({ alias, column }) => `${alias}.${column.name}`);
    const fix =
      names.length < holders.length ? "give each query in from an alias, and name its column a.x." : undefined;
    throw problems.at(name, `column "${name.value}" is ambiguous.`, fix ?? `say which: ${names.join(" or ")}.`);
  }

  #qualified(table: Ident, name: Ident, problems: Problems): Column | undefined {
    return matching(this.table(table, problems).columns, name.value)[0];
  }

  #unknown(parts: readonly Ident[], problems: Problems): Error {
    const name = parts[parts.length - 1];
    const columns = parts.length === 2 ? this.table(parts[0], problems).columns : this.star();
    const fix = nearest(
      name.value,
      columns.map((column) => column.name),
      "columns",
    );
    return problems.at(parts, `there is no column "${parts.map(({ value }) => value).join(".")}".`, fix);
  }
}

/** Columns of that very name; otherwise those whose names differ in capitals alone. */
function matching(columns: readonly Column[], name: string): readonly Column[] {
  const same = columns.filter((column) => column.name === name);
  return same.length > 0 ? same : columns.filter((column) => column.name.toLowerCase() === name.toLowerCase());
}
