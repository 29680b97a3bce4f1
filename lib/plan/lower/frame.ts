/**
 * From a DataFrame's description to a plan: one fan over the source's shards, in which all operations up to the first that ends a stage
 * (a group by, a head) are fused, and one fold. What stands behind that is done to the folded frame, which is small or was asked for whole.
 */
import type { FrameNode, KeptNode } from "../../collections/dataframe/nodes.ts";
import type { ScalarType, Schema } from "../../collections/schema.ts";
import { InternalError, type JsonObject } from "../../errors.ts";
import { operationSchema } from "../../kernels/frame/after.ts";
import type { CollectParams, GroupParams } from "../../kernels/frame/folds.ts";
import type { ScanParams } from "../../kernels/frame/scan.ts";
import type { Operation, Sink } from "../../kernels/frame/steps.ts";
import type { Store } from "../../store/store.ts";
import { estimateFrames, estimateScan } from "../estimate.ts";
import { pruneColumns, pushFiltersDown } from "../optimize/operations.ts";
import { PLAN_VERSION, type Plan, type Stage } from "../plan.ts";
import { resolveCsv } from "../source/csv.ts";
import { fileRead } from "../source/file.ts";
import type { Read } from "../source/read.ts";

/** A plan, and the columns of its result. */
export interface LoweredFrame {
  readonly plan: Plan;
  readonly schema: Schema;
}

export interface LowerOptions {
  readonly store: Store;
  /** Types that an earlier attempt at this run found to be wider than the sample. */
  readonly widened?: ReadonlyMap<string, ScalarType>;
  /** Keep the rows shard by shard instead of folding them into one frame. */
  readonly keep?: boolean;
  readonly signal?: AbortSignal;
}

export async function lowerFrame(node: FrameNode, options: LowerOptions): Promise<LoweredFrame> {
  const { source, operations } = linearize(node);
  if (source.kind === "bag") throw new InternalError("A bag's items become rows before a frame over them is planned.");
  const resolved = await readOf(source, options);
  const schemas = schemasAlong(resolved.schema, operations);
  const optimized = pushFiltersDown({ operations, notes: [] });
  const end = optimized.operations.findIndex((operation) => operation.do === "group" || operation.do === "head");
  const fused = end < 0 ? optimized.operations : optimized.operations.slice(0, end);
  const after = end < 0 ? [] : optimized.operations.slice(end + 1);
  const before = fused.reduce(operationSchema, resolved.schema);
  const sink = sinkOf(end < 0 ? undefined : optimized.operations[end], before);
  const { columns, steps } = pruneColumns(resolved.schema, fused, sink);
  const read = resolved.narrow?.(columns, steps) ?? resolved;
  const scan: ScanParams = { source: read.format, columns, steps, sink };
  const stage: Stage = {
    id: "scan",
    work: { op: "frame.scan", params: scan as unknown as JsonObject }, // plain JSON by its type, which lacks an index signature only
    tasks: read.tasks,
    output: options.keep ? { kind: "keep" } : foldOf(sink, steps.reduce(operationSchema, columns), after),
    estimate: read.estimate(columns, sink),
  };
  const notes = [...read.notes, ...optimized.notes, fusionNote(resolved.schema, columns, steps.length, sink)];
  return { plan: { abanico: PLAN_VERSION, stages: [stage], notes }, schema: schemas[schemas.length - 1] };
}

/** Whether a frame's rows can be kept shard by shard as they are: nothing ends a stage. */
export function isScan(node: FrameNode): boolean {
  return linearize(node).operations.every((operation) => operation.do !== "group" && operation.do !== "head");
}

type SourceKind = "csv" | "file" | "kept" | "bag";

function linearize(node: FrameNode): { source: Extract<FrameNode, { kind: SourceKind }>; operations: Operation[] } {
  const operations: Operation[] = [];
  let at = node;
  while ("input" in at) {
    operations.unshift(operationOf(at));
    at = at.input;
  }
  return { source: at, operations };
}

function operationOf(node: Exclude<FrameNode, { kind: SourceKind }>): Operation {
  switch (node.kind) {
    case "filter":
      return { do: "filter", condition: node.condition };
    case "assign":
      return { do: "assign", columns: node.columns };
    case "select":
      return { do: "select", names: node.names };
    case "head":
      return { do: "head", rows: node.rows };
    case "group":
      return {
        do: "group",
        sink: { to: "group", keys: node.keys, aggregates: node.aggregates, keepNulls: node.keepNulls },
      };
  }
}

/** The schema before the first operation, and behind each: this is where unknown columns and types that do not fit are refused. */
function schemasAlong(first: Schema, operations: readonly Operation[]): Schema[] {
  const schemas = [first];
  for (const operation of operations) schemas.push(operationSchema(schemas[schemas.length - 1], operation));
  return schemas;
}

function sinkOf(last: Operation | undefined, schema: Schema): Sink {
  if (last?.do === "group") return last.sink;
  const columns = schema.map(({ name }) => name);
  return last?.do === "head" ? { to: "collect", columns, limit: last.rows } : { to: "collect", columns };
}

function foldOf(sink: Sink, schema: Schema, after: readonly Operation[]): Stage["output"] {
  if (sink.to === "group") {
    const params: GroupParams = { sink, schema, after };
    return { kind: "fold", fold: { op: "frame.group", params: params as unknown as JsonObject } }; // as above
  }
  const fields = sink.columns.map((name) => {
    const field = schema.find((f) => f.name === name);
    if (field === undefined) throw new InternalError(`The plan lost column "${name}".`);
    return field;
  });
  const { limit } = sink;
  const params: CollectParams = { schema: fields, after, ...(limit === undefined ? {} : { limit }) };
  return {
    kind: "fold",
    fold: { op: "frame.collect", params: params as unknown as JsonObject },
    ...(limit === undefined ? {} : { enough: limit }),
  }; // as above
}

type SourceNode = Extract<FrameNode, { kind: "csv" | "file" | "kept" }>;

function readOf(source: SourceNode, options: LowerOptions): Promise<Read> | Read {
  if (source.kind === "csv") return csvRead(source, options);
  return source.kind === "file" ? fileRead(source, options) : keptRead(source);
}

async function csvRead(source: Extract<FrameNode, { kind: "csv" }>, options: LowerOptions): Promise<Read> {
  const csv = await resolveCsv(source, options.store, options.widened, options.signal);
  return {
    schema: csv.format.columns.map(({ name, type }) => ({ name, type })),
    format: { format: "csv", csv: csv.format },
    tasks: { kind: "ranges", sources: csv.sources, blockSize: csv.blockSize },
    notes: csv.notes,
    estimate: (columns, sink) => estimateScan(csv, columns, sink),
  };
}

function keptRead({ schema, refs, rows, bytes }: KeptNode): Read {
  return {
    schema,
    format: { format: "frame" },
    tasks: { kind: "refs", refs },
    notes: [],
    estimate: () => estimateFrames(rows, bytes, refs.length),
  };
}

function fusionNote(source: Schema, columns: Schema, steps: number, sink: Sink): string {
  const end =
    sink.to === "group"
      ? "partial aggregation"
      : sink.limit === undefined
        ? "gathering rows"
        : "gathering the first rows";
  return `fused into one task a shard: reading ${columns.length} of ${source.length} columns (${columns.map(({ name }) => name).join(", ") || "none: rows are counted"}), ${steps} ${steps === 1 ? "step" : "steps"}, ${end}`;
}
