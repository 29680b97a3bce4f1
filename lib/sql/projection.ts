import type { Expr, Ident, ObjectName, SelectItem, SelectNode, WildcardOptions } from "./ast.ts";
import { functionName } from "./call.ts";
import { nearest, type Problems } from "./problem.ts";
import type { Column, Scope } from "./scope.ts";

/** What a select list asks for: an expression, or a column that a star stands for. */
export interface Item {
  readonly name: string;
  readonly expr?: Expr;
  readonly column?: Column;
  /** As written, for errors. */
  readonly place: unknown;
}

/** The select list with its stars spelt out, each item under another name: what comes again gets _1, _2 … */
export function itemsOf({ projection }: SelectNode, scope: Scope, problems: Problems): Item[] {
  const items = projection.flatMap((item, i) => itemOf(item, i, scope, problems));
  const used = new Set<string>();
  return items.map((item) => {
    let { name } = item;
    for (let n = 1; used.has(name.toLowerCase()); n++) name = `${item.name}_${n}`;
    used.add(name.toLowerCase());
    return { ...item, name };
  });
}

function itemOf(item: SelectItem, index: number, scope: Scope, problems: Problems): Item[] {
  if (item.ExprWithAlias !== undefined)
    return [{ name: item.ExprWithAlias.alias.value, expr: item.ExprWithAlias.expr, place: item }];
  if (item.UnnamedExpr !== undefined)
    return [{ name: nameOf(item.UnnamedExpr, index, scope), expr: item.UnnamedExpr, place: item }];
  if (item.Wildcard !== undefined) return starOf(scope.star(), item.Wildcard, item, problems);
  if (item.QualifiedWildcard === undefined)
    throw problems.unsupported(item, `A column of kind ${Object.keys(item)[0]}`);
  const [{ ObjectName: name }, options] = item.QualifiedWildcard;
  const ident = name?.[0]?.Identifier;
  if (ident === undefined || name?.length !== 1)
    throw problems.unsupported(item, "A star behind something that is no table");
  return starOf(scope.table(ident, problems).columns, options, item, problems);
}

function starOf(columns: readonly Column[], options: WildcardOptions, place: unknown, problems: Problems): Item[] {
  for (const [option, name] of [
    ["opt_rename", "rename"],
    ["opt_except", "except"],
    ["opt_ilike", "ilike"],
  ] as const)
    if (options[option] !== undefined) throw problems.unsupported(place, `* ${name}`, "name the columns.");
  const { opt_exclude: exclude, opt_replace: replace } = options;
  const left = [...(exclude?.Multiple ?? []), ...(exclude?.Single === undefined ? [] : [exclude.Single])];
  const without = left.flatMap((name: ObjectName) => name[name.length - 1]?.Identifier ?? []);
  const replaced = replace?.items ?? [];
  for (const ident of [...without, ...replaced.map(({ column_name: name }) => name)])
    if (!columns.some((column) => isNamed(column, ident)))
      throw problems.at(
        ident,
        `there is no column "${ident.value}" in the star.`,
        nearest(
          ident.value,
          columns.map(({ name }) => name),
          "columns",
        ),
      );
  return columns
    .filter((column) => !without.some((ident) => isNamed(column, ident)))
    .map((column) => {
      const expr = replaced.find(({ column_name: ident }) => isNamed(column, ident))?.expr;
      return { name: column.name, place, ...(expr === undefined ? { column } : { expr }) };
    });
}

function isNamed({ name }: Column, ident: Ident): boolean {
  return name.toLowerCase() === ident.value.toLowerCase();
}

/** A column's own name, a function's, or column_2 for what else stands second. */
function nameOf(expr: Expr, index: number, scope: Scope): string {
  const last = expr.Identifier ?? expr.CompoundIdentifier?.[expr.CompoundIdentifier.length - 1];
  if (last !== undefined) return scope.find(last.value)?.name ?? last.value;
  if (expr.Nested !== undefined) return nameOf(expr.Nested, index, scope);
  if (expr.Cast !== undefined) return nameOf(expr.Cast.expr, index, scope);
  if (expr.Function !== undefined) return functionName(expr.Function);
  for (const kind of ["Case", "Extract", "Substring", "Trim", "Floor", "Ceil"] as const)
    if (expr[kind] !== undefined) return kind.toLowerCase();
  return `column_${index + 1}`;
}

/** The item that a whole number in group by or order by means. @throws SqlError for one that there is not */
export function ordinalOf(
  expr: Expr,
  items: readonly { readonly name: string }[],
  problems: Problems,
): number | undefined {
  const value = expr.Value?.value;
  const text = typeof value === "object" ? value.Number?.[0] : undefined;
  if (text === undefined) return undefined;
  const index = Number(text);
  if (Number.isInteger(index) && index >= 1 && index <= items.length) return index - 1;
  throw problems.at(expr, `there is no column ${text} in the select list, which has ${items.length}.`);
}
