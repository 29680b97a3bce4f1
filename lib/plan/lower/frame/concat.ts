import type { ExpressionNode } from "../../../collections/expression.ts";
import { findField } from "../../../collections/names.ts";
import { widerOf, type ScalarType, type Schema } from "../../../collections/schema.ts";
import { TypeMismatchError } from "../../../errors.ts";
import { schemaOf, withColumns, type Pipeline } from "./logical.ts";

/** Pipelines of the same columns, one behind the other. */
export interface ConcatBase {
  readonly kind: "concat";
  readonly inputs: readonly Pipeline[];
  readonly schema: Schema;
}

/** Gives all inputs the columns of all, in order of first sight: widened to a type in common, and nulls where an input has none. */
export function concatOf(inputs: readonly Pipeline[]): ConcatBase {
  const types = new Map<string, ScalarType>();
  inputs.map(schemaOf).forEach((schema, i) => {
    for (const { name, type } of schema) {
      const known = types.get(name);
      const wider = known === undefined ? type : widerOf(known, type);
      if (wider === undefined)
        throw new TypeMismatchError(
          `concat(…) finds column "${name}" to be ${known} in earlier frames and ${type} in frame ${i + 1}.`,
          {
            fields: { column: name, frame: i, found: [known ?? "", type] },
            fix: `cast one of them, as in assign({ ${name}: col(${JSON.stringify(name)}).cast("string") }), or rename it.`,
          },
        );
      types.set(name, wider);
    }
  });
  const schema = [...types].map(([name, type]) => ({ name, type }));
  return { kind: "concat", inputs: inputs.map((input) => alike(input, schema)), schema };
}

function alike(input: Pipeline, schema: Schema): Pipeline {
  const own = schemaOf(input);
  const columns = schema.flatMap(({ name, type }) => {
    const field = findField(own, name);
    if (field?.type === type) return [];
    const arg: ExpressionNode = field === undefined ? { op: "lit", type: "null", value: null } : { op: "col", name };
    return [{ name, value: { op: "cast", args: [arg], to: type } as const }];
  });
  const { base, operations } = withColumns(input, columns);
  return { base, operations: [...operations, { do: "select", names: schema.map(({ name }) => name) }] };
}
