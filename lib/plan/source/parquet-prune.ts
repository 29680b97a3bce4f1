import { literalValue, type ExpressionNode, type ComparisonOp } from "../../collections/expression.ts";
import { compareTexts, type Scalar } from "../../kernels/frame/column.ts";
import type { Step } from "../../kernels/frame/steps.ts";

/** What a file says of a column's values in one row group. Absent: it does not say. */
export interface ColumnStatistics {
  readonly min?: Exclude<Scalar, null>;
  readonly max?: Exclude<Scalar, null>;
  readonly nulls?: number;
  readonly rows: number;
  /** Whether there may be NaN, which no bound tells of. */
  readonly mayHoldNaN: boolean;
}

type Lookup = (column: string) => ColumnStatistics | undefined;

/** The conditions that rows have to meet before anything else is done to them: they are about the source's own columns. */
export function firstConditions(steps: readonly Step[]): ExpressionNode[] {
  const out: ExpressionNode[] = [];
  for (const step of steps) {
    if (step.do !== "filter") break;
    out.push(step.condition);
  }
  return out;
}

/** Whether the condition may be true for any row of a row group. Says true wherever it is not sure. */
export function mayHold(node: ExpressionNode, statistics: Lookup): boolean {
  switch (node.op) {
    case "and":
      return mayHold(node.args[0], statistics) && mayHold(node.args[1], statistics);
    case "or":
      return mayHold(node.args[0], statistics) || mayHold(node.args[1], statistics);
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge": {
      const [left, right] = node.args;
      if (left.op === "col" && right.op === "lit")
        return mayCompare(node.op, statistics(left.name), literalValue(right.value));
      if (left.op === "lit" && right.op === "col")
        return mayCompare(SWAPPED[node.op], statistics(right.name), literalValue(left.value));
      return true;
    }
    case "isIn": {
      const [input] = node.args;
      if (input.op !== "col") return true;
      const known = statistics(input.name);
      return node.values.some((value) => mayCompare("eq", known, literalValue(value)));
    }
    case "isNull": {
      const known = node.args[0].op === "col" ? statistics(node.args[0].name) : undefined;
      return known === undefined || known.nulls !== 0 || known.mayHoldNaN;
    }
    case "isNotNull": {
      const known = node.args[0].op === "col" ? statistics(node.args[0].name) : undefined;
      return known === undefined || known.nulls !== known.rows;
    }
    default:
      return true;
  }
}

const SWAPPED: Readonly<Record<ComparisonOp, ComparisonOp>> = {
  eq: "eq",
  ne: "ne",
  lt: "gt",
  le: "ge",
  gt: "lt",
  ge: "le",
};

function mayCompare(op: ComparisonOp, known: ColumnStatistics | undefined, value: Scalar): boolean {
  if (known === undefined || value === null || Number.isNaN(value)) return true;
  // Nothing compares with a null.
  if (known.nulls === known.rows) return false;
  const { min, max } = known;
  if (min === undefined || max === undefined) return true;
  const low = order(min, value);
  const high = order(max, value);
  if (low === undefined || high === undefined) return true;
  switch (op) {
    case "eq":
      return low <= 0 && high >= 0;
    case "ne":
      // Bounds may be cut off, and then are no values: only equal ones on both sides are.
      return known.mayHoldNaN || low !== 0 || high !== 0 || typeof value === "string";
    case "lt":
      return low < 0;
    case "le":
      return low <= 0;
    case "gt":
      return high > 0;
    case "ge":
      return high >= 0;
  }
}

function order(a: Exclude<Scalar, null>, b: Exclude<Scalar, null>): number | undefined {
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
  const numbers = [typeof a, typeof b].every((type) => type === "number" || type === "bigint");
  if (numbers) return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  return undefined;
}
