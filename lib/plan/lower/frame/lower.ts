/** From a pipeline to a dataset: operations are fused, or end a stage. Columns that nothing behind needs go before rows are moved. */
import type { Operation } from "../../../kernels/frame/steps.ts";
import { shareExpressions } from "../../optimize/common.ts";
import { pushFiltersIntoJoin } from "../../optimize/joins.ts";
import { neededBefore, pushFiltersDown, pushLimitsDown } from "../../optimize/operations.ts";
import type { Store } from "../../../store/store.ts";
import type { Ref } from "../../plan.ts";
import { keep, withStep, type Dataset, type PlanBuilder } from "./dataset.ts";
import { distinctRows } from "./distinct.ts";
import { framesRead } from "./dataset.ts";
import { openedRows } from "./exchange.ts";
import { groupRows } from "./group.ts";
import { lowerJoin } from "./join.ts";
import { mappedRows, repartitioned } from "./partitions.ts";
import { schemaOf, type Base, type Pipeline } from "./logical.ts";
import { firstInOrder, firstRows, lastRows, sortRows } from "./order.ts";
import { overRows } from "./over.ts";
import { windowRows } from "./windows.ts";

/** What lowering needs to know and to add to. */
export interface Lowering {
  readonly builder: PlanBuilder;
  readonly store: Store;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of kept rows, where there is a runtime that keeps them. */
  readonly fetch?: ((ref: Ref) => Promise<Uint8Array>) | undefined;
}

/** `needed`: the columns that are wanted of it. */
export async function lowerPipeline(
  pipeline: Pipeline,
  needed: ReadonlySet<string>,
  lowering: Lowering,
): Promise<Dataset> {
  const { base, operations } = optimized(pipeline, lowering.builder);
  const needs = [new Set(needed)];
  for (const operation of [...operations].reverse()) needs.unshift(neededBefore(operation, needs[0]));
  let dataset = await lowerBase(base, needs[0], lowering);
  for (let i = 0; i < operations.length; i++) {
    const operation = prunedOperation(operations[i], needs[i + 1]);
    const following = operations[i + 1];
    if (operation.do === "sort" && following?.do === "head") {
      i++;
      dataset = firstInOrder(dataset, operation.keys, following.rows, needs[i + 1], lowering);
    } else dataset = await lowerOperation(dataset, operation, needs[i + 1], lowering);
  }
  return dataset;
}

function optimized(pipeline: Pipeline, builder: PlanBuilder): Pipeline {
  const { operations, notes } = pushFiltersDown(pushLimitsDown({ operations: pipeline.operations, notes: [] }));
  const joined = pushFiltersIntoJoin({ base: pipeline.base, operations });
  const shared = shareExpressions({ operations: joined.pipeline.operations, notes: [...notes, ...joined.notes] });
  for (const note of shared.notes) builder.note(note);
  return { base: joined.pipeline.base, operations: shared.operations };
}

async function lowerOperation(
  dataset: Dataset,
  operation: Operation,
  needed: ReadonlySet<string>,
  lowering: Lowering,
): Promise<Dataset> {
  if (operation.do === "map") return mappedRows(dataset, operation, lowering);
  if (operation.do === "repartition") return repartitioned(dataset, operation, needed, lowering);
  if (dataset.end !== undefined) return withStep(dataset, pruned(operation, needed));
  switch (operation.do) {
    case "group":
      return groupRows(dataset, operation.sink, lowering);
    case "head":
      return firstRows(dataset, operation.rows, needed);
    case "tail":
      return lastRows(dataset, operation.rows, needed);
    case "sort":
      return sortRows(dataset, operation.keys, needed, lowering);
    case "window":
      return windowRows(dataset, operation.columns, needed, lowering);
    case "over":
      return overRows(dataset, operation, needed, lowering);
    case "distinct":
      return distinctRows(dataset, operation.columns, needed, lowering);
    default:
      return withStep(dataset, operation);
  }
}

async function lowerBase(base: Base, needed: ReadonlySet<string>, lowering: Lowering): Promise<Dataset> {
  const { builder } = lowering;
  if (base.kind === "join") return lowerJoin(base, needed, lowering);
  if (base.kind === "source") {
    for (const note of base.read.notes) builder.note(note);
    const { read, schema } = base;
    const { bytesIn } = read.estimate(schema, { to: "collect", columns: [] });
    const rows = read.rows ?? Math.ceil(bytesIn / (8 * Math.max(1, schema.length)));
    return { read, steps: [], schema, rows, textBytes: read.textBytes ?? 16 };
  }
  const columns = base.schema.filter(({ name }) => needed.has(name));
  const names = columns.map(({ name }) => name);
  const of = [];
  let rows = 0;
  let textBytes = 0;
  for (const input of base.inputs) {
    const dataset = openedRows(builder, await lowerPipeline(input, needed, lowering));
    of.push(keep(builder, dataset, "part", names));
    rows += dataset.rows;
    textBytes = Math.max(textBytes, dataset.textBytes);
  }
  builder.note(`one behind the other: ${base.inputs.length} frames, each kept as it comes`);
  return {
    read: framesRead(columns, { kind: "union", of }, rows, textBytes),
    steps: [],
    schema: columns,
    rows,
    textBytes,
  };
}

/** The operation without what makes columns that nobody needs: those it would make them of may be gone. */
function prunedOperation(operation: Operation, needed: ReadonlySet<string>): Operation {
  if (operation.do === "select") return { do: "select", names: operation.names.filter((name) => needed.has(name)) };
  if (operation.do !== "assign") return operation;
  return { do: "assign", columns: operation.columns.filter(({ name }) => needed.has(name)) };
}

/** All columns of a pipeline. */
export function allColumns(pipeline: Pipeline): Set<string> {
  return new Set(schemaOf(pipeline).map(({ name }) => name));
}

/** Makes no column that nothing needs: what it reads may be gone. */
function pruned(operation: Operation, needed: ReadonlySet<string>): Operation {
  if (operation.do !== "assign") return operation;
  return { ...operation, columns: operation.columns.filter(({ name }) => needed.has(name)) };
}
