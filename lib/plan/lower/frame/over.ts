import { fieldsAmong } from "../../../collections/names.ts";
import { overReads, overSchema } from "../../../collections/dataframe/over-nodes.ts";
import { POSITION } from "../../../kernels/frame/position.ts";
import type { Operation } from "../../../kernels/frame/steps.ts";
import { bytesOf, withStep, type Dataset } from "./dataset.ts";
import { exchange, inPartitions, overSections, partitionsFor, sectionsOf, smallBytes } from "./exchange.ts";
import type { Lowering } from "./lower.ts";
import { columnsOf, sortRows } from "./order.ts";

/**
 * Few rows are gathered in one place. Many meet by the hash of what they are partitioned by, and go back into their order; without partitions, all of
 * them have to meet.
 */
export function overRows(
  dataset: Dataset,
  operation: Operation & { readonly do: "over" },
  needed: ReadonlySet<string>,
  lowering: Lowering,
): Dataset {
  const { builder } = lowering;
  const columns = operation.columns.filter(({ name }) => needed.has(name));
  if (columns.length === 0) return dataset;
  const spec = { ...operation, columns };
  const made = new Set(columns.map(({ name }) => name));
  const before = new Set([...[...needed].filter((name) => !made.has(name)), ...overReads(spec)]);
  const names = columnsOf(dataset, before);
  const schema = fieldsAmong(dataset.schema, names);
  const bytes = bytesOf(schema, dataset.rows, dataset.textBytes);
  if (bytes <= smallBytes(builder.taskBytes))
    return {
      ...dataset,
      schema: overSchema(spec, schema),
      end: { sink: { to: "collect", columns: names }, schema: dataset.schema, after: [spec] },
    };
  const isParted = spec.partitionBy.length > 0;
  const partitions = isParted ? partitionsFor(bytes, builder.taskBytes) : 1;
  builder.note(
    isParted
      ? `over: rows of equal ${spec.partitionBy.join(", ")} meet by hash, and go back into their order (${inPartitions({ ...dataset, schema }, partitions)})`
      : "over: all rows meet in one place, since nothing parts them",
  );
  const placed = withStep(dataset, { do: "place", name: POSITION });
  const all = [...schema, { name: POSITION, type: "int64" as const }];
  const by = isParted ? ({ do: "hash", keys: spec.partitionBy } as const) : ({ do: "all" } as const);
  const sink = { to: "collect" as const, columns: all.map(({ name }) => name) };
  const sent = exchange(builder, placed, "exchange", sink, by, partitions);
  const whole = { make: { do: "rows" as const, schema: all }, then: [spec] };
  const met = overSections(placed, sectionsOf(sent, partitions), whole, overSchema(spec, all), dataset.rows);
  const keys = [{ column: POSITION, descending: false, nulls: "last" as const }];
  const kept = [...names.filter((name) => !made.has(name)), ...made];
  const back = isParted ? sortRows(met, keys, new Set(kept), lowering) : met;
  return withStep(back, { do: "select", names: kept });
}
