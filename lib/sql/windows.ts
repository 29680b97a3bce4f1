import { DataFrame } from "../collections/dataframe/dataframe.ts";
import type { FRAMED, RANKINGS } from "../collections/dataframe/over-nodes.ts";
import { overType, type OverBound, type OverFunction, type OverSpec } from "../collections/dataframe/over-nodes.ts";
import { col, lit, type Expression } from "../collections/expression.ts";
import { when } from "../collections/expression/when.ts";
import type { Field, Schema } from "../collections/schema.ts";
import { typeOf } from "../collections/typing.ts";
import type { Expr, FrameBound, FunctionCall, NamedWindow, WindowFrame, WindowSpecNode } from "./ast.ts";
import { callOf, functionName } from "./call.ts";
import { nearest } from "./problem.ts";
import type { Rows } from "./rows.ts";

type Framed = (typeof FRAMED)[number];

const RANKED: Readonly<Record<string, (typeof RANKINGS)[number]>> = {
  row_number: "rowNumber",
  rank: "rank",
  dense_rank: "denseRank",
  percent_rank: "percentRank",
  cume_dist: "cumeDist",
};
const OVER_FRAMES: Readonly<Record<string, Framed>> = {
  first_value: "first",
  first: "first",
  last_value: "last",
  last: "last",
  sum: "sum",
  avg: "mean",
  mean: "mean",
  min: "min",
  max: "max",
  count: "count",
};
const NAMES = [...Object.keys(RANKED), ...Object.keys(OVER_FRAMES), "lag", "lead"];

/** Window functions of a query, as they are met: columns that come to the rows (or groups) before the select list is made. */
export class Windows {
  readonly #rows: Rows;
  readonly #named: readonly NamedWindow[];
  readonly #regroup: (value: Expression, place: unknown) => Expression;
  readonly #schema: () => Schema;
  /** Arguments and keys that are no columns yet. */
  readonly #made = new Map<string, { readonly name: string; readonly value: Expression }>();
  readonly #functions = new Map<string, { readonly spec: OverSpec; readonly field: Field }>();

  /** `regroup`: an expression of rows as one of groups, where there are any; `schema`: the columns of those. */
  constructor(
    rows: Rows,
    named: readonly NamedWindow[],
    regroup: (value: Expression, place: unknown) => Expression,
    schema: () => Schema,
  ) {
    this.#rows = rows;
    this.#named = named;
    this.#regroup = regroup;
    this.#schema = schema;
  }

  /** The column that holds a window function's values. @throws SqlError */
  over(call: FunctionCall, lower: (expr: Expr) => Expression): Expression {
    const { problems } = this.#rows.within;
    const name = functionName(call);
    const spec = this.#specOf(call);
    const order = (spec.order_by ?? []).map(({ expr, options }) => ({
      column: this.#column(lower(expr), expr),
      descending: options.asc === false,
      nulls: options.nulls_first === true ? ("first" as const) : ("last" as const),
    }));
    const over = {
      partitionBy: (spec.partition_by ?? []).map((expr) => this.#column(lower(expr), expr)),
      orderBy: order,
    };
    const list = call.args === "None" ? undefined : call.args.List;
    if ((list?.clauses.length ?? 0) > 0 || list?.duplicate_treatment === "Distinct" || call.within_group.length > 0)
      throw problems.unsupported(call, `distinct, order by or ignore nulls in the window function ${name}(…)`);
    if (Object.hasOwn(RANKED, name)) return this.#add(over, { do: RANKED[name] });
    const nodes = (list?.args ?? []).flatMap(({ Unnamed: argument }) =>
      typeof argument === "object" && argument.Expr !== undefined ? [argument.Expr] : [],
    );
    if (name === "lag" || name === "lead") return this.#lag(call, name === "lag" ? 1 : -1, nodes, lower, over);
    if (!Object.hasOwn(OVER_FRAMES, name))
      throw problems.at(call, `${name}(…) is no window function here.`, nearest(name, NAMES, "they"));
    if (nodes.length !== 1 && !(name === "count" && nodes.length === 0))
      throw problems.at(call, `${name}(…) over (…) expects 1 argument, found ${nodes.length}.`);
    const value = nodes.length === 0 ? lit(1) : lower(nodes[0]);
    const filtered = call.filter === undefined ? value : when(lower(call.filter)).then(value);
    const { from, to } = this.#frameOf(spec.window_frame, order.length > 0, call);
    return this.#add(over, { do: OVER_FRAMES[name], column: this.#column(filtered, call), from, to });
  }

  /** The frame with all of them. */
  frame(frame: DataFrame): DataFrame {
    const made = frame.assign(Object.fromEntries([...this.#made.values()].map(({ name, value }) => [name, value])));
    // Functions over the same partitions in the same order share them.
    const specs = new Map<string, OverSpec>();
    for (const { spec } of this.#functions.values()) {
      const key = JSON.stringify([spec.partitionBy, spec.orderBy]);
      const known = specs.get(key);
      specs.set(key, known === undefined ? spec : { ...known, columns: [...known.columns, ...spec.columns] });
    }
    return [...specs.values()].reduce(
      (input, spec) => new DataFrame({ kind: "over", input: input.node, ...spec }),
      made,
    );
  }

  /** lag(x, n, default): the default only beyond the partition's ends, where a null may stand as a value before them. */
  #lag(
    call: FunctionCall,
    sign: 1 | -1,
    nodes: readonly Expr[],
    lower: (expr: Expr) => Expression,
    over: Pick<OverSpec, "partitionBy" | "orderBy">,
  ): Expression {
    const { problems } = this.#rows.within;
    const name = functionName(call);
    if (nodes.length < 1 || nodes.length > 3)
      throw problems.at(call, `${name}(…) expects 1 to 3 arguments, found ${nodes.length}.`);
    const args = nodes.map((node) => lower(node));
    const rows = nodes.length < 2 ? 1 : callOf(name, args, nodes, () => "int64", problems).whole(1);
    const value = this.#add(over, { do: "lag", column: this.#column(args[0], call), rows: sign * rows });
    if (args.length < 3) return value;
    const place = this.#add(over, { do: "rowNumber" });
    const one = this.#column(lit(1), call);
    const size = this.#add(over, { do: "count", column: one, from: "unbounded", to: "unbounded" });
    const other = place.sub(sign * rows);
    return when(other.ge(1).and(other.le(size)))
      .then(value)
      .otherwise(this.#regroup(args[2], call));
  }

  #add(over: Pick<OverSpec, "partitionBy" | "orderBy">, value: OverFunction): Expression {
    const text = JSON.stringify([over, value]);
    let known = this.#functions.get(text);
    if (known === undefined) {
      const name = this.#rows.names.take(`:${value.do}`);
      const field = { name, type: overType(value, this.#columns()) };
      known = { spec: { ...over, columns: [{ name, value }] }, field };
      this.#functions.set(text, known);
      this.#rows.values.push(field);
    }
    return col(known.field.name);
  }

  /** The column of an expression, which is made one where it is none. */
  #column(expression: Expression, place: unknown): string {
    const value = this.#regroup(expression, place);
    const { node } = value;
    if (node.op === "col") return node.name;
    const text = JSON.stringify(node);
    const known = this.#made.get(text)?.name ?? this.#rows.names.take(":over");
    const typed = typeOf(node, this.#columns()) === "null" ? value.cast("int64") : value;
    this.#made.set(text, { name: known, value: typed });
    return known;
  }

  /** All columns there are by now. */
  #columns(): Schema {
    const own = this.#schema();
    const made = [...this.#made.values()].map(({ name, value }) => {
      const type = typeOf(value.node, own);
      return { name, type: type === "null" ? ("int64" as const) : type };
    });
    return [...own, ...made];
  }

  #specOf(call: FunctionCall): WindowSpecNode {
    const { problems } = this.#rows.within;
    const { over } = call;
    const ident = over?.NamedWindow;
    if (ident !== undefined) {
      const found = this.#named.find(([name]) => name.value.toLowerCase() === ident.value.toLowerCase());
      if (found?.[1].WindowSpec !== undefined) return found[1].WindowSpec;
      const names = this.#named.map(([name]) => name.value);
      throw problems.at(ident, `there is no window "${ident.value}".`, nearest(ident.value, names, "windows"));
    }
    const spec = over?.WindowSpec ?? {};
    if (spec.window_name !== undefined)
      throw problems.unsupported(call, "A window that goes on from a named one", "write it out.");
    return spec;
  }

  #frameOf(
    frame: WindowFrame | undefined,
    isOrdered: boolean,
    place: unknown,
  ): { readonly from: OverBound; readonly to: OverBound } {
    const { problems } = this.#rows.within;
    if (frame === undefined) return { from: "unbounded", to: isOrdered ? "peers" : "unbounded" };
    const { units, start_bound: start, end_bound: end = "CurrentRow" } = frame;
    const boundOf = (bound: FrameBound): OverBound => {
      if (bound === "CurrentRow") return units === "Rows" ? 0 : "peers";
      const before = "Preceding" in bound;
      const distance = before ? bound.Preceding : bound.Following;
      if (distance === undefined || distance === null) return "unbounded";
      const value = distance.Value?.value;
      const rows = typeof value === "object" ? Number(value.Number?.[0]) : NaN;
      if (units !== "Rows" || !Number.isSafeInteger(rows))
        throw problems.unsupported(
          place,
          `A frame by ${units.toLowerCase()} at a distance`,
          "write rows between … and ….",
        );
      return before ? -rows : rows;
    };
    if (units === "Groups") throw problems.unsupported(place, "A frame by groups", "write rows between … and ….");
    const isNever = (bound: FrameBound, never: "Preceding" | "Following") =>
      typeof bound === "object" && never in bound && (bound[never] ?? null) === null;
    if (isNever(start, "Following") || isNever(end, "Preceding"))
      throw problems.at(place, "a frame begins at unbounded following, or ends at unbounded preceding.");
    return { from: boundOf(start), to: boundOf(end) };
  }
}
