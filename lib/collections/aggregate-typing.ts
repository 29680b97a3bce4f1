import { TypeMismatchError } from "../errors.ts";
import { formatAggregate, inputsOfAggregate, type AggregateNode } from "./aggregate.ts";
import { AGGREGATES } from "./aggregate-table.ts";
import type { ExpressionNode } from "./expression/nodes.ts";
import type { ScalarType, Schema } from "./schema.ts";
import { typeOf } from "./typing.ts";

/** The types of an aggregate's inputs; the null literal alone counts as float64. `UnknownColumnError`, `TypeMismatchError`. */
export function inputTypes(node: AggregateNode, schema: Schema): ScalarType[] {
  const { takes } = AGGREGATES[node.kind];
  return inputsOfAggregate(node).map((input) => {
    const type = typeOf(input, schema);
    if (type === "null") return "float64";
    if (takes.includes(type)) return type;
    throw new TypeMismatchError(`${formatAggregate(node)} needs numbers, found ${type}.`, {
      fields: { aggregate: formatAggregate(node), found: type, expected: [...takes] },
      fix: numbersFix(input, type),
    });
  });
}

function numbersFix(input: ExpressionNode, type: ScalarType): string {
  if (input.op === "lit" && typeof input.value === "string")
    return `a text is a constant here; a column is named as in col(${JSON.stringify(input.value)}).`;
  return type === "string"
    ? "if the column holds numbers, give its type: readCsv(…, { types: { … } })."
    : 'aggregate what it counts: .cast("int64").';
}

/** The type of an aggregate's result. `UnknownColumnError`, `TypeMismatchError`. */
export function aggregateType(node: AggregateNode, schema: Schema): ScalarType {
  const [type = "float64"] = inputTypes(node, schema);
  return AGGREGATES[node.kind].result(type);
}
