import type { DataFrame } from "../collections/dataframe/dataframe.ts";
import type { JoinNode } from "../collections/dataframe/nodes.ts";
import { lit, type Expression } from "../collections/expression.ts";
import { when } from "../collections/expression/when.ts";
import { widerOf, type ScalarType } from "../collections/schema.ts";
import { mayFail, typeOf } from "../collections/typing.ts";
import type { Expr } from "./ast.ts";
import { equationOf, sidesOf } from "./conditions.ts";
import { lowerExpression, type Surroundings } from "./expressions.ts";
import type { Piece } from "./from.ts";
import { columnOf, joined, type Environment, type Names } from "./relation.ts";
import { Scope } from "./scope.ts";

type Key = readonly [left: Expression, right: Expression];

/** Expressions over the columns of some tables, without aggregates. */
export function surroundingsOf(scope: Scope, { problems, outer }: Environment): Surroundings {
  return {
    problems,
    schema: () => scope.schema,
    column(parts) {
      const name = parts[parts.length - 1].value;
      const table = parts.length > 1 ? parts[0].value.toLowerCase() : undefined;
      const isOuter =
        outer !== undefined &&
        (table === undefined
          ? scope.find(name) === undefined && outer.find(name) !== undefined
          : !scope.tables.some(({ alias }) => alias.toLowerCase() === table) &&
            outer.tables.some(({ alias }) => alias.toLowerCase() === table));
      if (isOuter)
        throw problems.unsupported(
          parts,
          `A column of the query around this one (${name}) here`,
          "exists may compare it with = in its where; otherwise join the tables.",
        );
      return columnOf(scope.resolve(parts, problems));
    },
  };
}

export function scopeOf(pieces: readonly Piece[]): Scope {
  return new Scope(
    pieces.flatMap(({ tables }) => tables),
    pieces.flatMap(({ merged }) => merged),
  );
}

/** The columns that a piece has. */
export function columnsOf(piece: Piece): ReadonlySet<string> {
  return new Set(scopeOf([piece]).schema.map(({ name }) => name));
}

/**
 * Joins on conditions: equations between the sides are the keys. What else there is filters inner joins behind, and the side that may lose rows
 * before; a condition on the side that may not makes its rows meet nothing.
 *
 * @throws SqlError for a condition of an outer join that reads both sides and is no equation
 */
export function joinedOn(
  left: Piece,
  right: Piece,
  how: JoinNode["how"],
  conditions: readonly Expr[],
  within: Environment,
  names: Names,
  given: readonly Key[] = [],
): DataFrame {
  const scope = scopeOf([left, right]);
  const around = surroundingsOf(scope, within);
  const lower = (expr: Expr) => lowerExpression(expr, around);
  const sides = [columnsOf(left), columnsOf(right)];
  const keys: Key[] = [...given];
  const [frames, onlyWhere, behind]: [DataFrame[], Expression[][], Expression[]] = [
    [left.frame, right.frame],
    [[], []],
    [],
  ];
  for (const condition of conditions) {
    const equation = equationOf(condition, sides, lower);
    if (equation !== undefined) {
      const [a, b] = equation.values;
      keys.push(equation.sides[0] === 0 ? [a, b] : [b, a]);
      checkKey(a, b, condition, scope, within);
      continue;
    }
    const value = lower(condition);
    const reads = sidesOf(value, sides);
    const [side] = reads;
    if (how === "inner") behind.push(value);
    else if (reads.length > 1)
      throw within.problems.unsupported(
        condition,
        `A condition of a ${how} join that compares both tables otherwise than by =`,
        "write an inner join, or filter in a query in from.",
      );
    else if (side !== undefined && mayLose(how, side) && !mayFail(value.node))
      frames[side] = frames[side].filter(value);
    else onlyWhere[side ?? 0].push(value);
  }
  const pairs = keys.length === 0 ? [[lit(1), lit(1)] as const] : keys;
  const met = pairs.map(([a, b], i): Key => (i > 0 ? [a, b] : [onlyIf(a, onlyWhere[0]), onlyIf(b, onlyWhere[1])]));
  const frame = joined(frames[0], frames[1], how, met, names);
  return behind.length === 0 ? frame : frame.filter(behind.reduce((a, b) => a.and(b)));
}

/** Whether rows of a side (0 left, 1 right) that meet nothing are left out. */
function mayLose(how: JoinNode["how"], side: number): boolean {
  return side === 1 ? how !== "right" && how !== "outer" : how === "right" || how === "semi";
}

/** A key that is null, and so meets nothing, where the conditions do not hold. */
function onlyIf(key: Expression, conditions: readonly Expression[]): Expression {
  return conditions.length === 0 ? key : when(conditions.reduce((a, b) => a.and(b))).then(key);
}

function checkKey(a: Expression, b: Expression, node: unknown, scope: Scope, within: Environment): void {
  checkKeyTypes(
    [a, b].map((value) => typeOf(value.node, scope.schema)),
    node,
    within,
  );
}

/** Refuses keys of types that do not go together. @throws SqlError */
export function checkKeyTypes(types: readonly (ScalarType | "null")[], node: unknown, { problems }: Environment): void {
  if (widerOf(types[0], types[1]) !== undefined) return;
  throw problems.at(node, `${types[0]} is set against ${types[1]}.`, "cast one of them.");
}

/**
 * Joins what stands between commas by the equations of `where`, each piece as soon as an equation reaches it; conditions that read one
 * piece alone filter it before. Gives also the conditions that are left.
 */
export function joinedPieces(
  pieces: readonly Piece[],
  conditions: readonly Expr[],
  within: Environment,
  names: Names,
): { readonly frame: DataFrame; readonly left: readonly Expression[] } {
  const scope = scopeOf(pieces);
  const around = surroundingsOf(scope, within);
  const lower = (expr: Expr) => lowerExpression(expr, around);
  const sides = pieces.map(columnsOf);
  const frames = pieces.map(({ frame }) => frame);
  const left: Expression[] = [];
  const equations = conditions.flatMap((condition) => {
    const equation = equationOf(condition, sides, lower);
    if (equation !== undefined) {
      checkKey(...equation.values, condition, scope, within);
      return [equation];
    }
    const value = lower(condition);
    const reads = sidesOf(value, sides);
    if (reads.length === 1 && !mayFail(value.node)) frames[reads[0]] = frames[reads[0]].filter(value);
    else left.push(value);
    return [];
  });
  const waiting = pieces.map((_, i) => i).slice(1);
  const reached = new Set([0]);
  let frame = frames[0];
  while (waiting.length > 0) {
    const usable = (next: number) =>
      equations.filter(({ sides: [a, b] }) => (a === next && reached.has(b)) || (b === next && reached.has(a)));
    const next = waiting.find((piece) => usable(piece).length > 0) ?? waiting[0];
    const keys = usable(next).map(({ sides: [a], values: [x, y] }): Key => (a === next ? [y, x] : [x, y]));
    frame = joined(frame, frames[next], "inner", keys, names);
    reached.add(next);
    waiting.splice(waiting.indexOf(next), 1);
  }
  return { frame, left };
}
