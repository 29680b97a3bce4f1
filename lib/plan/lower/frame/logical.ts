/**
 * A description with its sources resolved: pipelines of operations over sources, joins and concatenations, the columns and types of which
 * are known and checked. What just spares typing (rename, drop, dropNulls, fillNull) is spelt out here.
 */
import type { FrameNode, JoinNode, SqlNode } from "../../../collections/dataframe/nodes.ts";
import type { ExpressionNode } from "../../../collections/expression.ts";
import type { Schema } from "../../../collections/schema.ts";
import { operationSchema } from "../../../kernels/frame/after.ts";
import type { Operation } from "../../../kernels/frame/steps.ts";
import type { Read } from "../../source/read.ts";
import { concatOf, type ConcatBase } from "./concat.ts";
import { joinOf, type JoinBase } from "./join-columns.ts";
import { operationsOf } from "./spell-out.ts";

/** Operations, in order, over a base. */
export interface Pipeline {
  readonly base: Base;
  readonly operations: readonly Operation[];
}

export type Base = { readonly kind: "source"; readonly read: Read; readonly schema: Schema } | JoinBase | ConcatBase;

export type SourceNode = Exclude<FrameNode, { readonly input: FrameNode } | { readonly inputs: readonly FrameNode[] }>;

/** The pipeline of a description. @throws UnknownColumnError, TypeMismatchError */
export async function logicalOf(node: FrameNode, readOf: (source: SourceNode) => Promise<Read>): Promise<Pipeline> {
  const chain: Extract<FrameNode, { readonly input: FrameNode }>[] = [];
  let at = node;
  while (("input" in at && at.kind !== "join") || at.kind === "sql") {
    if (at.kind === "sql") at = await queryOf(at, readOf);
    else {
      chain.unshift(at);
      at = at.input;
    }
  }
  const base = await baseOf(at, readOf);
  const operations: Operation[] = [];
  let { schema } = base;
  for (const step of chain) {
    for (const operation of await operationsOf(step, schema)) {
      operations.push(operation);
      schema = operationSchema(schema, operation);
    }
  }
  return { base, operations };
}

async function baseOf(node: FrameNode, readOf: (source: SourceNode) => Promise<Read>): Promise<Base> {
  if (node.kind === "join") return joinBaseOf(node, readOf);
  if ("inputs" in node) {
    const inputs: Pipeline[] = [];
    for (const input of node.inputs) inputs.push(await logicalOf(input, readOf));
    return concatOf(inputs);
  }
  const read = await readOf(node as SourceNode); // neither a join nor a concatenation, nor an operation: its chain is above
  return { kind: "source", read, schema: read.schema };
}

/** A query as operations. What reads SQL is loaded where there is some. */
async function queryOf(node: SqlNode, readOf: (source: SourceNode) => Promise<Read>): Promise<FrameNode> {
  const { lowerSql } = await import("../../../sql/lower.ts");
  return lowerSql(node, async (table) => schemaOf(await logicalOf(table, readOf)));
}

async function joinBaseOf(node: JoinNode, readOf: (source: SourceNode) => Promise<Read>): Promise<JoinBase> {
  const left = await logicalOf(node.input, readOf);
  return joinOf(node, left, await logicalOf(node.other, readOf));
}

/** The columns that come out of a pipeline. */
export function schemaOf({ base, operations }: Pipeline): Schema {
  return operations.reduce(operationSchema, base.schema);
}

/** The pipeline with some columns cast, where casts are needed. */
export function withColumns(
  pipeline: Pipeline,
  columns: readonly { readonly name: string; readonly value: ExpressionNode }[],
): Pipeline {
  if (columns.length === 0) return pipeline;
  return { ...pipeline, operations: [...pipeline.operations, { do: "assign", columns }] };
}
