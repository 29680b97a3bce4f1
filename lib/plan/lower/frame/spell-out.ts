import type { ExpressionNode } from "../../../collections/expression.ts";
import type { FrameNode } from "../../../collections/dataframe/nodes.ts";
import { namedTwice } from "../../../collections/names.ts";
import type { Schema } from "../../../collections/schema.ts";
import { fieldOf, typeOf } from "../../../collections/typing.ts";
import { OptionError } from "../../../errors.ts";
import type { Operation } from "../../../kernels/frame/steps.ts";
import { sampleRows, skipRows } from "./numbered.ts";
import { describeOperations, matrixOperations } from "./summaries.ts";

type OperationNode = Exclude<
  Extract<FrameNode, { readonly input: FrameNode }>,
  { readonly kind: "join" } | { readonly kind: "mapPartitions" }
>;

/** As `spellOut`; a function whose columns nobody has said is tried out. */
export async function operationsOf(
  node: OperationNode | Extract<FrameNode, { kind: "join" | "mapPartitions" }>,
  schema: Schema,
): Promise<Operation[]> {
  if (node.kind !== "mapPartitions") return spellOut(node, schema);
  const { fn, args } = node;
  const { schemaOfFunction } = await import("../../../kernels/frame/map/map.ts");
  const given = node.schema ?? (await schemaOfFunction({ fn, args }, schema));
  return [{ do: "map", columns: namesOf(schema), fn, args, schema: given }];
}

/** The operations that a node of a description stands for, over these columns. */
export function spellOut(node: OperationNode | Extract<FrameNode, { kind: "join" }>, schema: Schema): Operation[] {
  switch (node.kind) {
    case "join":
      return [];
    case "filter":
      return [{ do: "filter", condition: node.condition }];
    case "assign":
      return [{ do: "assign", columns: node.columns }];
    case "select":
      return [{ do: "select", names: node.names }];
    case "drop": {
      for (const name of node.names) fieldOf(name, schema);
      const dropped = new Set(node.names);
      return [{ do: "select", names: namesOf(schema).filter((name) => !dropped.has(name)) }];
    }
    case "rename":
      return rename(node.names, schema);
    case "head":
      return [{ do: "head", rows: node.rows }];
    case "tail":
      return [{ do: "tail", rows: node.rows }];
    case "sample":
      if ("rows" in node) return sampleRows(node.rows, node.seed, schema);
      return [{ do: "sample", columns: namesOf(schema), fraction: node.fraction, seed: node.seed }];
    case "skip":
      return skipRows(node.rows, schema);
    case "dropNulls":
      return dropNulls(node.names ?? namesOf(schema));
    case "fillNull":
      return fillNull(node.values, schema);
    case "sort":
      for (const { column } of node.keys) fieldOf(column, schema);
      return [{ do: "sort", keys: node.keys }];
    case "distinct":
      for (const name of node.names ?? []) fieldOf(name, schema);
      return [{ do: "distinct", columns: node.names ?? namesOf(schema) }];
    case "describe":
      return describeOperations(node, schema);
    case "matrix":
      return matrixOperations(node, schema);
    case "window":
      return node.columns.length === 0 ? [] : [{ do: "window", columns: node.columns }];
    case "repartition": {
      const { partitions, bytes } = node;
      return [{ do: "repartition", ...(bytes === undefined ? { partitions: partitions ?? 1 } : { bytes }) }];
    }
    case "over": {
      const { partitionBy, orderBy, columns } = node;
      return columns.length === 0 ? [] : [{ do: "over", partitionBy, orderBy, columns }];
    }
    case "group":
      return [
        {
          do: "group",
          sink: { to: "group", keys: node.keys, aggregates: node.aggregates, keepNulls: node.keepNulls },
        },
      ];
  }
}

function namesOf(schema: Schema): string[] {
  return schema.map(({ name }) => name);
}

function rename(pairs: readonly { readonly from: string; readonly to: string }[], schema: Schema): Operation[] {
  for (const { from } of pairs) fieldOf(from, schema);
  const names = namesOf(schema).map((name) => pairs.find(({ from }) => from === name)?.to ?? name);
  const twice = namedTwice(names);
  if (twice !== undefined)
    throw new OptionError(`rename(…) gives two columns the name "${twice}".`, {
      fields: { column: twice },
      fix: "drop one of them, or give it another name.",
    });
  const columns = pairs.map(({ from, to }) => ({ name: to, value: { op: "col", name: from } as const }));
  return [
    { do: "assign", columns },
    { do: "select", names },
  ];
}

function dropNulls(names: readonly string[]): Operation[] {
  const tests = names.map((name): ExpressionNode => ({ op: "isNotNull", args: [{ op: "col", name }] }));
  if (tests.length === 0) return [];
  return [{ do: "filter", condition: tests.reduce((a, b) => ({ op: "and", args: [a, b] })) }];
}

/** A value for all columns goes to those of a type that takes it. */
function fillNull(
  values:
    | { readonly all: ExpressionNode & { op: "lit" } }
    | { readonly each: readonly { readonly name: string; readonly value: ExpressionNode }[] },
  schema: Schema,
): Operation[] {
  const each =
    "each" in values
      ? values.each
      : schema.filter(({ type }) => takes(type, values.all)).map(({ name }) => ({ name, value: values.all }));
  if (each.length === 0) return [];
  const columns = each.map(({ name, value }) => {
    const node: ExpressionNode = { op: "fillNull", args: [{ op: "col", name }, value] };
    typeOf(node, schema);
    return { name, value: node };
  });
  return [{ do: "assign", columns }];
}

function takes(type: string, literal: ExpressionNode & { op: "lit" }): boolean {
  return type === literal.type || (type === "float64" && literal.type === "int64");
}
