import { OptionError } from "../../errors.ts";
import { makeAggregate } from "../aggregate.ts";
import { col, lit, type Expression, type Operand } from "../expression.ts";
import { knownKeys, wrong } from "../options.ts";
import { Window } from "../window.ts";
import { describe } from "./describe-value.ts";
import { when } from "../expression/when.ts";
import type { FrameNode } from "./nodes.ts";
import { notOneOf } from "./one-of.ts";
import { columnNames } from "./operations.ts";
import type { DescribeNode, MatrixNode, WindowsNode } from "./summary-nodes.ts";

export interface DescribeOptions {
  /** Fractions, 0 to 1. Default [0.25, 0.5, 0.75]. */
  readonly quantiles?: readonly number[];
  /** Quantiles within 1 % of their value (`quantileApprox`), instead of exact ones, which hold all values of a column. Default false. */
  readonly approximate?: boolean;
}

export function describeNode(input: FrameNode, options: DescribeOptions): DescribeNode {
  knownKeys(options, ["quantiles", "approximate"], "describe(…)");
  const { quantiles = [0.25, 0.5, 0.75], approximate = false } = options;
  const other = quantiles.find((q) => typeof q !== "number" || !(q >= 0 && q <= 1));
  if (other !== undefined)
    throw wrong("describe(…) option quantiles", "numbers from 0 to 1", other, "write [0.25, 0.5, 0.75].");
  if (new Set(quantiles).size < quantiles.length)
    throw new OptionError("describe(…) option quantiles names a fraction twice.", { fix: "name each once." });
  return { kind: "describe", input, quantiles: [...quantiles].sort((a, b) => a - b), approximate };
}

export function matrixNode(
  input: FrameNode,
  of: MatrixNode["of"],
  names: readonly (string | readonly string[])[],
  ddof?: number,
): MatrixNode {
  const { params } = makeAggregate(of, [], { ddof }).node;
  const flat = names.flat();
  return {
    kind: "matrix",
    input,
    of,
    ...(flat.length === 0 ? {} : { names: columnNames(flat, `${of}(…)`) }),
    ...(params === undefined ? {} : { params }),
  };
}

export function windowsNode(input: FrameNode, columns: Readonly<Record<string, Window>>): WindowsNode {
  const list = Object.entries(columns).map(([name, value]) => {
    if (value instanceof Window) return { name, value: value.node };
    throw new OptionError(`window({ ${name}: … }) expects a window function, found ${describe(value)}.`, {
      fix: `write one, as in ${name}: col("${name}").cumsum(); assign(…) takes other expressions.`,
    });
  });
  return { kind: "window", input, columns: list };
}

/** The aggregates that a pivot can fill its cells with. */
const CELLS = ["sum", "mean", "min", "max", "count", "first", "last", "median", "std", "var", "nunique"] as const;

export interface PivotOptions {
  /** The columns whose values name the rows. */
  readonly index: string | readonly string[];
  /** The column whose values name the new columns. */
  readonly columns: string;
  /** The column that the cells are made of. */
  readonly values: string;
  /** What the cells are. Default "mean", as in pandas' pivot_table. */
  readonly aggregate?: (typeof CELLS)[number];
  /** The values of `columns` that become columns, in this order; others are left out. */
  readonly names: readonly Exclude<Operand, Expression | null | Date>[];
}

/** A pivot is a group by with an aggregate for each name, over the rows that have it. */
export function pivotNode(input: FrameNode, options: PivotOptions): FrameNode {
  knownKeys(options, ["index", "columns", "values", "aggregate", "names"], "pivot(…)");
  const { columns, values, aggregate = "mean", names } = options;
  const index = columnNames([options.index].flat(), "pivot(…) option index");
  columnNames([columns, values], "pivot(…)");
  if (!CELLS.includes(aggregate)) throw notOneOf("pivot(…) option aggregate", CELLS, aggregate);
  // By its type it cannot be, but users of plain JavaScript leave it out.
  if (!Array.isArray(names) || names.length === 0)
    throw new OptionError("pivot(…) expects the names of its columns: they are not known before the data are read.", {
      fix: `name them, as in names: ["a", "b"]; frame.distinct("${columns}").compute() tells which there are.`,
    });
  const labels = names.map(String);
  const twice = labels.find((label, i) => labels.indexOf(label) !== i || index.includes(label));
  if (twice !== undefined)
    throw new OptionError(`pivot(…) would have two columns "${twice}".`, { fix: "name each once; rename the index." });
  const cell = (name: PivotOptions["names"][number]) =>
    when(col(columns).eq(lit(name)))
      .then(col(values))
      [aggregate]();
  const aggregates = names.map((name, i) => ({ name: labels[i], value: cell(name).node }));
  return { kind: "group", input, keys: index, aggregates, keepNulls: false };
}
