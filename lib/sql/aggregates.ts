import { lit, size, type Aggregate, type Expression } from "../collections/expression.ts";
import { when } from "../collections/expression/when.ts";
import type { ScalarType } from "../collections/schema.ts";
import type { Expr, FunctionCall } from "./ast.ts";
import { callOf, functionName, ruleOf, type Call } from "./call.ts";
import type { Problems } from "./problem.ts";

/** Makes an aggregate a column of the group, and gives that. */
export type AddAggregate = (aggregate: Aggregate) => Expression;

interface AggregateRule {
  readonly args: readonly [least: number, most: number];
  make(call: Call, add: AddAggregate): Expression;
}

const one = (make: (value: Expression) => Aggregate): AggregateRule => ({
  args: [1, 1],
  make: ({ args }, add) => add(make(args[0])),
});
const two = (make: (a: Expression, b: Expression) => Aggregate): AggregateRule => ({
  args: [2, 2],
  make: ({ args }, add) => add(make(args[0], args[1])),
});
/** Of no values SQL makes null, the frames' aggregates something else. */
const nullOfNone = (make: (value: Expression) => Aggregate): AggregateRule => ({
  args: [1, 1],
  make: ({ args }, add) => when(add(args[0].count()).gt(0)).then(add(make(args[0]))),
});
const quantile: AggregateRule = {
  args: [2, 2],
  make: (call, add) => add(call.args[0].quantile(call.number(1))),
};
const deviation = one((x) => x.std());
const variance = one((x) => x.var());
const mean = one((x) => x.mean());
const any = nullOfNone((x) => x.any());
const all = nullOfNone((x) => x.all());
const countIf: AggregateRule = { args: [1, 1], make: ({ args }, add) => add(when(args[0]).then(1).count()) };

const RULES: Readonly<Record<string, AggregateRule>> = {
  count: { args: [0, 1], make: ({ args }, add) => add(args.length === 0 ? size() : args[0].count()) },
  sum: nullOfNone((x) => x.sum()),
  avg: mean,
  mean,
  min: one((x) => x.min()),
  max: one((x) => x.max()),
  stddev: deviation,
  stddev_samp: deviation,
  stddev_pop: one((x) => x.std({ ddof: 0 })),
  variance,
  var_samp: variance,
  var_pop: one((x) => x.var({ ddof: 0 })),
  sem: one((x) => x.sem({ ddof: 0 })),
  median: one((x) => x.median()),
  quantile_cont: quantile,
  percentile_cont: quantile,
  approx_quantile: { args: [2, 2], make: (call, add) => add(call.args[0].quantileApprox(call.number(1))) },
  mode: one((x) => x.mode()),
  corr: two((y, x) => y.corr(x)),
  covar_samp: two((y, x) => y.cov(x)),
  covar_pop: two((y, x) => y.cov(x, { ddof: 0 })),
  any_value: one((x) => x.first()),
  bool_or: any,
  bool_and: all,
  count_if: countIf,
  countif: countIf,
  approx_count_distinct: one((x) => x.nuniqueApprox()),
};

/** Names of aggregates that SQL has and this has not. */
const MISSING = [
  "string_agg",
  "group_concat",
  "listagg",
  "array_agg",
  "list",
  "arg_max",
  "arg_min",
  "product",
  "quantile_disc",
  "first",
  "last",
];

export function isAggregateCall(call: FunctionCall): boolean {
  const name = functionName(call);
  return Object.hasOwn(RULES, name) || MISSING.includes(name);
}

/** The value of an aggregate as an expression over columns of its group. @throws SqlError */
export function aggregateOf(
  call: FunctionCall,
  lower: (expr: Expr) => Expression,
  typeOf: (value: Expression) => ScalarType | "null",
  add: AddAggregate,
  problems: Problems,
): Expression {
  const name = functionName(call);
  const list = call.args === "None" ? undefined : call.args.List;
  if (MISSING.includes(name) || (list?.clauses.length ?? 0) > 0)
    throw problems.unsupported(call, MISSING.includes(name) ? `The aggregate ${name}(…)` : `order by in ${name}(…)`);
  const nodes = valuesOf(call, name, problems);
  const rule = ruleOf(RULES, name, nodes.length, call, [], problems);
  const condition = call.filter === undefined ? undefined : lower(call.filter);
  const filtered = (value: Expression) => (condition === undefined ? value : when(condition).then(value));
  const args = nodes.map((node, i) => (i === 0 || rule === RULES["corr"] ? filtered(lower(node)) : lower(node)));
  if (list?.duplicate_treatment === "Distinct") {
    if (name === "count" && args.length === 1) return add(args[0].nunique());
    if (!["min", "max", "any_value", "bool_or", "bool_and"].includes(name))
      throw problems.unsupported(call, `${name}(distinct …)`, "select distinct first, in a query in from.");
  }
  if (name === "count" && args.length === 0 && condition !== undefined) return add(filtered(lit(1)).count());
  return rule.make(callOf(name, args, nodes, typeOf, problems), add);
}

/** The arguments; `percentile_cont(q) within group (order by x)` has them the other way. */
function valuesOf(call: FunctionCall, name: string, problems: Problems): Expr[] {
  const given = call.args === "None" ? [] : (call.args.List?.args ?? []);
  const nodes = given.flatMap(({ Unnamed: argument }) => {
    if (argument === "Wildcard" && name === "count") return [];
    if (typeof argument === "object" && argument.Expr !== undefined) return [argument.Expr];
    throw problems.at(call, `${name}(…) expects values as its arguments.`);
  });
  if (call.within_group.length === 0) {
    if (name === "percentile_cont")
      throw problems.at(
        call,
        "percentile_cont(…) expects within group.",
        "write percentile_cont(0.5) within group (order by x).",
      );
    return nodes;
  }
  const [{ expr, options }] = call.within_group;
  if (name === "percentile_cont" && options.asc !== false) return [expr, ...nodes];
  throw problems.unsupported(
    call,
    `within group (order by …${options.asc === false ? " desc" : ""}) behind ${name}(…)`,
  );
}
