import type { JoinNode } from "../../../collections/dataframe/nodes.ts";
import { findField, namedTwice } from "../../../collections/names.ts";
import { widerOf, type ScalarType, type Schema } from "../../../collections/schema.ts";
import { fieldOf } from "../../../collections/typing.ts";
import { OptionError, TypeMismatchError } from "../../../errors.ts";
import { schemaOf, withColumns, type Pipeline } from "./logical.ts";

/** Two pipelines that meet. Keys are of the same types on both sides. */
export interface JoinBase {
  readonly kind: "join";
  readonly how: JoinNode["how"];
  readonly left: Pipeline;
  readonly right: Pipeline;
  readonly leftKeys: readonly string[];
  readonly rightKeys: readonly string[];
  readonly output: readonly JoinColumn[];
  readonly schema: Schema;
}

/** A column that comes out. "key": one of equal names on both sides; whichever side has a row has its value. */
export type JoinColumn =
  | { readonly name: string; readonly type: ScalarType; readonly from: "left" | "right"; readonly column: string }
  | { readonly name: string; readonly type: ScalarType; readonly from: "key"; readonly column: string };

/** Checks keys and names, and widens keys to common types. Columns that come out of one side keep their own type, and so their values: 2^53 + 1 is no float64. */
export function joinOf(node: JoinNode, left: Pipeline, right: Pipeline): JoinBase {
  const { how, leftOn, rightOn } = node;
  const types = leftOn.map((name, i) => keyType(fieldOf(name, schemaOf(left)), fieldOf(rightOn[i], schemaOf(right))));
  const isFilter = how === "semi" || how === "anti";
  const shared = isFilter ? [] : leftOn.filter((name, i) => name === rightOn[i]);
  const l = keyed(left, leftOn, types, shared);
  const r = keyed(right, rightOn, types, shared);
  const output = isFilter ? ownColumns(l.schema) : bothColumns(node, l.schema, r.schema);
  return {
    kind: "join",
    how,
    left: l.pipeline,
    right: r.pipeline,
    leftKeys: l.keys,
    rightKeys: r.keys,
    output,
    schema: output.map(({ name, type }) => ({ name, type })),
  };
}

function keyType(left: { name: string; type: ScalarType }, right: { name: string; type: ScalarType }): ScalarType {
  const type = widerOf(left.type, right.type);
  if (type !== undefined) return type;
  throw new TypeMismatchError(
    `join(…) sets "${left.name}", which is ${left.type}, against "${right.name}", which is ${right.type}.`,
    {
      fields: { left: left.name, right: right.name, found: [left.type, right.type] },
      fix: `make them of one type first: assign({ ${left.name}: col(${JSON.stringify(left.name)}).cast("${right.type}") }), or by the types option of the reader.`,
    },
  );
}

/** One side with its keys in the common types: those that come out for both sides are replaced, others stand in columns of their own beside. */
function keyed(
  pipeline: Pipeline,
  names: readonly string[],
  types: readonly ScalarType[],
  shared: readonly string[],
): { readonly pipeline: Pipeline; readonly keys: readonly string[]; readonly schema: Schema } {
  const schema = schemaOf(pipeline);
  const keys = names.map((name, i) =>
    shared.includes(name) || fieldOf(name, schema).type === types[i]
      ? name
      : unusedName(`${name} as ${types[i]}`, schema),
  );
  const columns = names.flatMap((name, i) =>
    fieldOf(name, schema).type === types[i]
      ? []
      : [{ name: keys[i], value: { op: "cast", args: [{ op: "col", name }], to: types[i] } as const }],
  );
  const own = new Set(schema.map(({ name }) => name));
  const widened = withColumns(pipeline, columns);
  return { pipeline: widened, keys, schema: schemaOf(widened).filter(({ name }) => own.has(name)) };
}

function unusedName(name: string, schema: Schema): string {
  return findField(schema, name) !== undefined ? unusedName(`${name}'`, schema) : name;
}

function ownColumns(schema: Schema): JoinColumn[] {
  return schema.map(({ name, type }) => ({ name, type, from: "left", column: name }));
}

/** The left side's columns, then the right side's. Names that both have, but for keys in common, get suffixes. */
function bothColumns({ leftOn, rightOn, suffixes }: JoinNode, left: Schema, right: Schema): JoinColumn[] {
  const inCommon = (name: string) => leftOn.some((key, i) => key === name && rightOn[i] === name);
  const clashes = (name: string) =>
    !inCommon(name) && [left, right].every((schema) => findField(schema, name) !== undefined);
  const columns = [
    ...left.map(({ name, type }): JoinColumn => {
      if (inCommon(name)) return { name, type, from: "key", column: name };
      return { name: clashes(name) ? name + suffixes[0] : name, type, from: "left", column: name };
    }),
    ...right
      .filter(({ name }) => !inCommon(name))
      .map(({ name, type }): JoinColumn => ({
        name: clashes(name) ? name + suffixes[1] : name,
        type,
        from: "right",
        column: name,
      })),
  ];
  const names = columns.map(({ name }) => name);
  const twice = namedTwice(names);
  if (twice === undefined) return columns;
  throw new OptionError(`join(…) would give two columns the name "${twice}".`, {
    fields: { column: twice, suffixes: [...suffixes] },
    fix: 'pass other suffixes, as in { suffixes: ["_left", "_right"] }, or rename the column first.',
  });
}
