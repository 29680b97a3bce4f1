import { formatBytes } from "../../../collections/options.ts";
import type { Schema } from "../../../collections/schema.ts";
import { fieldOf } from "../../../collections/typing.ts";
import type { JoinOutput, JoinSpec } from "../../../kernels/frame/steps.ts";
import type { OutputsOf } from "../../plan.ts";
import { bytesOf, keep, withStep, type Dataset, type DatasetRead, type PlanBuilder } from "./dataset.ts";
import { CACHED_PARTITION, exchange, openedRows, overSections, partitionsFor, smallBytes } from "./exchange.ts";
import type { JoinBase } from "./join-columns.ts";
import { lowerPipeline, type Lowering } from "./lower.ts";

/** One side of a join: its dataset, and what it brings. */
interface Side {
  readonly name: "left" | "right";
  readonly dataset: Dataset;
  readonly keys: readonly string[];
  readonly columns: readonly string[];
  readonly bytes: number;
}

/** A side that is small is kept, and looked up by every task that reads the other. Otherwise both sides' rows meet by hash of their keys. */
export async function lowerJoin(base: JoinBase, needed: ReadonlySet<string>, lowering: Lowering): Promise<Dataset> {
  const { builder } = lowering;
  const output = base.output.filter(({ name }) => needed.has(name));
  const left = await sideOf("left", base, output, lowering);
  const right = await sideOf("right", base, output, lowering);
  // The probing side gives the order, and is the one that an outer side's missing rows are seen from.
  const [probe, table] = base.how === "right" ? [right, left] : [left, right];
  const small = smallBytes(builder.taskBytes);
  const mayLookUp = base.how !== "outer";
  if (mayLookUp && table.bytes <= small && (base.how !== "inner" || table.bytes <= probe.bytes || probe.bytes > small))
    return lookUp(base, output, probe, table, builder);
  if (base.how === "inner" && probe.bytes <= small) return lookUp(base, output, table, probe, builder);
  return shuffle(base, output, probe, table, builder);
}

async function sideOf(
  name: "left" | "right",
  base: JoinBase,
  output: JoinBase["output"],
  lowering: Lowering,
): Promise<Side> {
  const keys = name === "left" ? base.leftKeys : base.rightKeys;
  const brought = output.filter(({ from }) => from === name || from === "key").map(({ column }) => column);
  const wanted = new Set([...keys, ...brought]);
  const dataset = openedRows(lowering.builder, await lowerPipeline(base[name], wanted, lowering));
  const columns = dataset.schema.map((field) => field.name).filter((column) => wanted.has(column));
  const bytes = bytesOf(schemaFor(dataset, columns), dataset.rows, dataset.textBytes);
  return { name, dataset, keys, columns, bytes };
}

function schemaFor(dataset: Dataset, columns: readonly string[]): Schema {
  return columns.map((name) => fieldOf(name, dataset.schema));
}

function specOf(base: JoinBase, output: JoinBase["output"], probe: Side, table: Side): JoinSpec {
  const how = base.how === "right" ? "left" : base.how;
  return {
    how,
    probeKeys: probe.keys,
    tableKeys: table.keys,
    table: schemaFor(table.dataset, table.columns),
    output: output.map(({ name, type, from, column }): JoinOutput => {
      // The left side's, where both have a row: 0 and −0 are equal keys.
      if (from === "key" && base.how === "inner")
        return { name, type, from: probe.name === "left" ? "probe" : "table", column };
      if (from === "key") return { name, type, from, probe: column, table: column };
      return { name, type, from: from === probe.name ? "probe" : "table", column };
    }),
  };
}

function lookUp(base: JoinBase, output: JoinBase["output"], probe: Side, table: Side, builder: PlanBuilder): Dataset {
  const kept = keep(builder, table.dataset, `${table.name}-side`, table.columns);
  builder.note(
    `${base.how} join on ${keysOf(base)}: broadcast of the ${table.name} side, which is small (${formatBytes(Math.ceil(table.bytes))} estimated, beside ${formatBytes(Math.ceil(probe.bytes))}); rows keep the order of the ${probe.name} side`,
  );
  const dataset: Dataset = {
    ...probe.dataset,
    read: besideTable(probe.dataset.read, kept, Math.ceil(4 * table.bytes)),
    textBytes: Math.max(probe.dataset.textBytes, table.dataset.textBytes),
  };
  return withStep(dataset, { do: "lookup", table: kept.stage, join: specOf(base, output, probe, table) });
}

/** The same read, of tasks that hold a table of so many bytes beside. */
function besideTable(read: DatasetRead, table: OutputsOf, tableBytes: number): DatasetRead {
  const { inBlocks } = read;
  return {
    ...read,
    beside: [...(read.beside ?? []), table],
    estimate: (columns, sink) => {
      const { bytesIn, peakBytes } = read.estimate(columns, sink);
      return { bytesIn, peakBytes: { ...peakBytes, "joined side": (peakBytes["joined side"] ?? 0) + tableBytes } };
    },
    ...(inBlocks === undefined
      ? {}
      : { inBlocks: (blockSize: number) => besideTable(inBlocks(blockSize), table, tableBytes) }),
  };
}

function shuffle(base: JoinBase, output: JoinBase["output"], probe: Side, table: Side, builder: PlanBuilder): Dataset {
  const rows =
    base.how === "outer" ? probe.dataset.rows + table.dataset.rows : Math.max(probe.dataset.rows, table.dataset.rows);
  const bytes = probe.bytes + table.bytes;
  const partitions = partitionsFor(bytes, builder.taskBytes, CACHED_PARTITION);
  const reason =
    base.how === "outer" && table.bytes <= smallBytes(builder.taskBytes)
      ? "an outer join needs all rows of both sides together"
      : "neither side is small";
  builder.note(
    `${base.how} join on ${keysOf(base)}: both sides meet by hash, since ${reason} (${formatBytes(Math.ceil(probe.bytes))} and ${formatBytes(Math.ceil(table.bytes))} estimated, ${partitions} ${partitions === 1 ? "partition" : "partitions"}); rows are ordered by partition, and in it as on the ${probe.name} side`,
  );
  const send = ({ name, dataset, keys, columns }: Side) =>
    exchange(builder, dataset, `${name}-side`, { to: "collect", columns }, { do: "hash", keys }, partitions);
  const [from, and] = [send(probe), send(table)];
  const schema = output.map(({ name, type }) => ({ name, type }));
  const make = {
    do: "join" as const,
    join: specOf(base, output, probe, table),
    probe: from.stage,
    rows: schemaFor(probe.dataset, probe.columns),
    schema,
  };
  const tasks = {
    kind: "sections" as const,
    stage: from.stage,
    producers: from.count,
    partitions,
    and: { stage: and.stage, producers: and.count },
  };
  const textBytes = Math.max(probe.dataset.textBytes, table.dataset.textBytes);
  return overSections({ ...probe.dataset, textBytes }, tasks, { make, then: [] }, schema, rows);
}

function keysOf({ leftKeys, rightKeys }: JoinBase): string {
  return leftKeys.map((name, i) => (name === rightKeys[i] ? name : `${name} = ${rightKeys[i]}`)).join(", ");
}
