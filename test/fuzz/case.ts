import {
  col,
  concat,
  lit,
  readCsv,
  size,
  when,
  type Aggregate,
  type DataFrame,
  type Expression,
} from "../../lib/index.ts";
import type { JoinNode } from "../../lib/collections/dataframe/operation-nodes.ts";
import type { ScalarType } from "../../lib/collections/schema.ts";

/** Cases as test/fixtures/fuzz/make.py writes them, and the frames that they describe. */

/** Integers beyond 2^53 and floats that JSON has no number for are texts. */
export type Cell = null | boolean | number | string;
type Node = readonly [string, ...unknown[]];

export type Step =
  | { readonly do: "filter"; readonly by: Node }
  | { readonly do: "assign"; readonly name: string; readonly value: Node }
  | { readonly do: "select" | "distinct" | "dropNulls"; readonly names: readonly string[] }
  | { readonly do: "head" | "tail"; readonly rows: number }
  | {
      readonly do: "sort";
      readonly by: readonly string[];
      readonly descending: readonly boolean[];
      readonly nulls: "first" | "last";
    }
  | {
      readonly do: "group";
      readonly keys: readonly string[];
      readonly keepNulls: boolean;
      readonly aggregates: readonly { readonly name: string; readonly kind: string; readonly column: string }[];
    }
  | {
      readonly do: "join";
      readonly other: number;
      readonly on: readonly string[];
      readonly how: JoinNode["how"];
      readonly extra: string;
    }
  | { readonly do: "concat"; readonly other: number };

export interface Case {
  readonly seed: string;
  readonly table: number;
  readonly steps: readonly Step[];
  /** Whether the rows have an order. */
  readonly ordered: boolean;
  readonly columns: readonly (readonly [string, ScalarType])[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Cases {
  readonly tables: readonly (readonly (readonly Cell[])[])[];
  readonly cases: readonly Case[];
}

/** A table of the columns k, i, h, f, g, b, t, p as CSV. Floats are quotients: a file has no way to say NaN, which is none of its nulls. */
export function csvOf(table: readonly (readonly Cell[])[]): string {
  const lines = table.map(([k, i, h, f, g, b, t, p]) => {
    const text = typeof k === "string" ? `"${k.replaceAll('"', '""')}"` : "";
    return [text, i ?? "", h ?? "", ...quotient(f), ...quotient(g), b ?? "", t ?? "", p].join();
  });
  return `${["k,i,h,fn,fd,gn,gd,b,t,p", ...lines].join("\n")}\n`;
}

function quotient(value: Cell): [string, string] {
  if (value === null) return ["", "1"];
  const special: Readonly<Record<string, [string, string]>> = {
    NaN: ["0", "0"],
    "-0": ["0", "-1"],
    Infinity: ["1", "0"],
    "-Infinity": ["-1", "0"],
  };
  return special[String(value)] ?? [String(value), "1"];
}

export function readTable(url: string, blockSize: number): DataFrame {
  const floats = { fn: "float64", fd: "float64", gn: "float64", gd: "float64" } as const;
  const types = { k: "string", i: "int64", h: "int64", b: "bool", t: "date", p: "int64", ...floats } as const;
  return readCsv(url, { blockSize, types })
    .assign({ f: col("fn").div(col("fd")), g: col("gn").div(col("gd")) })
    .select("k", "i", "h", "f", "g", "b", "t", "p");
}

/** The frame of a case; `table` gives frames by number. */
export function frameOfCase({ table, steps }: Case, tableOf: (index: number) => DataFrame): DataFrame {
  return steps.reduce((frame, step) => applied(frame, step, tableOf), tableOf(table));
}

function applied(frame: DataFrame, step: Step, tableOf: (index: number) => DataFrame): DataFrame {
  switch (step.do) {
    case "filter":
      return frame.filter(expression(step.by));
    case "assign":
      return frame.assign({ [step.name]: expression(step.value) });
    case "select":
      return frame.select(step.names);
    case "distinct":
      return frame.distinct(step.names);
    case "dropNulls":
      return frame.dropNulls(step.names);
    case "head":
      return frame.head(step.rows);
    case "tail":
      return frame.tail(step.rows);
    case "sort":
      return frame.sort(step.by, { descending: step.descending, nulls: step.nulls });
    case "group":
      return frame
        .groupBy(step.keys, { keepNulls: step.keepNulls })
        .agg(Object.fromEntries(step.aggregates.map(({ name, kind, column }) => [name, aggregate(kind, col(column))])));
    case "join": {
      const other = tableOf(step.other).select(...step.on, "p", step.extra);
      return frame.join(other.rename({ p: "q", [step.extra]: "r" }), { on: step.on, how: step.how });
    }
    case "concat":
      return concat([frame, tableOf(step.other).assign({ p: col("p").add(1_000) })]);
  }
}

function aggregate(kind: string, x: Expression): Aggregate {
  if (kind === "size") return size();
  if (kind === "nthLargest") return x.nthLargest(2);
  // One of the kinds that make.py names, all of which take nothing.
  return x[kind as "sum"]();
}

/** Texts of digits are integers that JSON has no number for. */
function constant(value: unknown): Exclude<Cell, null> | bigint {
  if (typeof value === "string" && /^-?\d{16,}$/.test(value)) return BigInt(value);
  return value as Exclude<Cell, null>; // what make.py writes
}

function expression([op, ...args]: Node): Expression {
  const at = (i: number) => expression(args[i] as Node); // by the operator
  switch (op) {
    case "col":
      return col(String(args[0]));
    case "lit":
      return lit(constant(args[0]));
    case "isIn":
      return at(0).isIn((args[1] as unknown[]).map(constant));
    case "cast":
      return at(0).cast(args[1] as ScalarType);
    case "when":
      return when(at(0)).then(at(1)).otherwise(at(2));
    case "isNull":
    case "not":
    case "neg":
    case "abs":
    case "length":
    case "year":
    case "month":
    case "day":
    case "weekday":
    case "dayOfYear":
      return at(0)[op]();
    default:
      // Operators of two operands are methods of the same name.
      return at(0)[op as "add"](at(1));
  }
}
