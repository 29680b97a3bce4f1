import { AGGREGATES } from "../../../collections/aggregate-table.ts";
import type { GroupSink, SortKey } from "../../../kernels/frame/steps.ts";
import { groupSchema } from "../../../kernels/frame/group.ts";
import { estimateGroups } from "./cardinality.ts";
import { bytesOf, enlarged, type Dataset } from "./dataset.ts";
import {
  exchange,
  exchangeByRange,
  inPartitions,
  overSections,
  partitionsFor,
  rereadable,
  sectionsOf,
  smallBytes,
} from "./exchange.ts";
import type { Lowering } from "./lower.ts";
import { sortRows } from "./order.ts";
import { columnsTaken } from "../../optimize/operations.ts";

/** From so many groups on their states are merged in partitions: one merge after the other would take too long. */
const MANY_GROUPS = 500_000;
/** What the state of an aggregate takes. */
const STATE_BYTES = 24;

/** Few groups fold into one partial. Many go to ranges of their keys, so that each is finished on its own, and the whole is sorted by key as ever. */
export async function groupRows(dataset: Dataset, sink: GroupSink, lowering: Lowering): Promise<Dataset> {
  const { builder } = lowering;
  const schema = groupSchema(sink, dataset.schema);
  if (sink.keys.length > 0 && sink.aggregates.some(({ value }) => AGGREGATES[value.kind].holistic))
    return wholeGroups(dataset, sink, lowering);
  const groups = sink.keys.length === 0 ? 1 : await estimateGroups(dataset, sink.keys, lowering);
  const keyBytes = bytesOf(schema.slice(0, sink.keys.length), groups, dataset.textBytes);
  const bytes = keyBytes + groups * STATE_BYTES * sink.aggregates.length;
  const end = { sink, schema: dataset.schema, after: [] };
  // Without keys there is one group, which no exchange would part; of no rows it would make one a partition.
  const isFolded = sink.keys.length === 0 || (groups < MANY_GROUPS && bytes <= smallBytes(builder.taskBytes));
  if (isFolded) return { ...enlarged(builder, dataset, sink, groups), schema, rows: groups, end };
  const partitions = partitionsFor(bytes, builder.taskBytes);
  builder.note(
    `group by ${sink.keys.join(", ")}: about ${groups} groups, whose states meet in partitions (${inPartitions({ ...dataset, schema, rows: groups }, partitions)})`,
  );
  const keys = sink.keys.map(ascending);
  if (dataset.read.whole !== undefined) {
    // What a run makes first would have to be kept to be sampled: its groups meet by hash, and are put in order then.
    const sent = exchange(builder, dataset, "exchange", sink, { do: "hash", keys: sink.keys }, partitions);
    const whole = { make: { do: "groups" as const, sink, schema: dataset.schema }, then: [] };
    const met = overSections(dataset, sectionsOf(sent, partitions), whole, schema, groups);
    return sortRows(met, keys, new Set(schema.map(({ name }) => name)), lowering);
  }
  const source = rereadable(builder, dataset, [...columnsTaken(sink)]);
  const sent = exchangeByRange(builder, source, keys, sink, { partitions, positions: false });
  const whole = { make: { do: "groups" as const, sink, schema: source.schema }, then: [] };
  return overSections(source, sectionsOf(sent, partitions), whole, schema, groups);
}

/** All rows of a group meet, in one place where they are few. */
async function wholeGroups(dataset: Dataset, sink: GroupSink, { builder }: Lowering): Promise<Dataset> {
  const schema = groupSchema(sink, dataset.schema);
  const taken = columnsTaken(sink);
  const rowsSchema = dataset.schema.filter(({ name }) => taken.has(name));
  const columns = rowsSchema.map(({ name }) => name);
  const bytes = bytesOf(rowsSchema, dataset.rows, dataset.textBytes);
  const gather = { to: "collect" as const, columns };
  const then = [{ do: "group" as const, sink }];
  if (bytes <= smallBytes(builder.taskBytes))
    return { ...dataset, schema, end: { sink: gather, schema: dataset.schema, after: then } };
  const partitions = partitionsFor(bytes, builder.taskBytes);
  builder.note(
    `group by ${sink.keys.join(", ")}: all rows of a group meet (${inPartitions({ ...dataset, schema: rowsSchema }, partitions)})`,
  );
  const source = rereadable(builder, dataset, columns);
  const sent = exchangeByRange(builder, source, sink.keys.map(ascending), gather, { partitions, positions: false });
  const whole = { make: { do: "rows" as const, schema: rowsSchema }, then };
  return overSections(source, sectionsOf(sent, partitions), whole, schema, dataset.rows);
}

function ascending(column: string): SortKey {
  return { column, descending: false, nulls: "last" };
}
