import { fieldsAmong } from "../../../collections/names.ts";
import { POSITION } from "../../../kernels/frame/position.ts";
import type { CollectSink } from "../../../kernels/frame/steps.ts";
import { estimateGroups } from "./cardinality.ts";
import { bytesOf, withStep, type Dataset } from "./dataset.ts";
import { exchange, inPartitions, overSections, partitionsFor, sectionsOf, smallBytes } from "./exchange.ts";
import type { Lowering } from "./lower.ts";
import { columnsOf, sortRows } from "./order.ts";

/**
 * The first row of each combination. Few of them meet in one place; many go to partitions by hash, with where they stood, and are put in
 * that order again.
 */
export async function distinctRows(
  dataset: Dataset,
  columns: readonly string[],
  needed: ReadonlySet<string>,
  lowering: Lowering,
): Promise<Dataset> {
  const { builder } = lowering;
  const names = columnsOf(dataset, new Set([...needed, ...columns]));
  const schema = fieldsAmong(dataset.schema, names);
  const { groups: rows } = await estimateGroups(dataset, columns, lowering);
  const bytes = bytesOf(schema, rows, dataset.textBytes);
  const pick = { by: "distinct", columns } as const;
  const after = [{ do: "distinct" as const, columns }];
  if (bytes <= smallBytes(builder.taskBytes)) {
    const sink: CollectSink = { to: "collect", columns: names, pick };
    return { ...dataset, schema, rows, end: { sink, schema: dataset.schema, after } };
  }
  const placed = withStep(dataset, { do: "place", name: POSITION });
  const all = [...schema, { name: POSITION, type: "int64" as const }];
  const partitions = partitionsFor(bytes, builder.taskBytes);
  builder.note(
    `distinct ${columns.join(", ")}: rows meet by hash, and go back into their order (${inPartitions({ ...dataset, schema, rows }, partitions)})`,
  );
  const sink: CollectSink = { to: "collect", columns: all.map(({ name }) => name), pick };
  const sent = exchange(builder, placed, "exchange", sink, { do: "hash", keys: columns }, partitions);
  const whole = { make: { do: "rows" as const, schema: all }, then: after };
  const met = overSections(placed, sectionsOf(sent, partitions), whole, all, rows);
  const keys = [{ column: POSITION, descending: false, nulls: "last" as const }];
  return withStep(sortRows(met, keys, new Set(names), lowering), { do: "select", names });
}
