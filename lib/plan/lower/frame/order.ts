import { fieldsAmong } from "../../../collections/names.ts";
import type { CollectSink, SortKey } from "../../../kernels/frame/steps.ts";
import { bytesOf, type Dataset } from "./dataset.ts";
import {
  exchangeByRange,
  inPartitions,
  overSections,
  partitionsFor,
  rereadable,
  sectionsOf,
  smallBytes,
} from "./exchange.ts";
import type { Lowering } from "./lower.ts";

/** The dataset's columns that are needed, in its order. */
export function columnsOf(dataset: Dataset, needed: ReadonlySet<string>): string[] {
  return dataset.schema.map(({ name }) => name).filter((name) => needed.has(name));
}

/** A dataset whose rows are gathered by a fold, and then have `after` done to them. */
function gathered(
  dataset: Dataset,
  sink: CollectSink,
  after: NonNullable<Dataset["end"]>["after"],
  rows: number,
): Dataset {
  const schema = fieldsAmong(dataset.schema, sink.columns);
  return { ...dataset, schema, rows: Math.min(rows, dataset.rows), end: { sink, schema: dataset.schema, after } };
}

export function firstRows(dataset: Dataset, rows: number, needed: ReadonlySet<string>): Dataset {
  return gathered(dataset, { to: "collect", columns: columnsOf(dataset, needed), limit: rows }, [], rows);
}

export function lastRows(dataset: Dataset, rows: number, needed: ReadonlySet<string>): Dataset {
  const columns = columnsOf(dataset, needed);
  return gathered(dataset, { to: "collect", columns, limit: rows, pick: { by: "last" } }, [{ do: "tail", rows }], rows);
}

/** The first rows of an order: each task gives its own, of which few are left then. */
export function firstInOrder(
  dataset: Dataset,
  keys: readonly SortKey[],
  rows: number,
  needed: ReadonlySet<string>,
  { builder }: Lowering,
): Dataset {
  const after = [
    { do: "sort" as const, keys },
    { do: "head" as const, rows },
  ];
  if (dataset.end !== undefined)
    return {
      ...dataset,
      rows: Math.min(rows, dataset.rows),
      end: { ...dataset.end, after: [...dataset.end.after, ...after] },
    };
  const columns = columnsOf(dataset, withKeys(needed, keys));
  builder.note(`limit pushed down: each task gives its first ${rows} rows by ${keysText(keys)}`);
  return gathered(dataset, { to: "collect", columns, limit: rows, pick: { by: "order", keys } }, after, rows);
}

/** Small data are sorted in one place; others go to the parts of the order, and each part is sorted on its own. */
export function sortRows(
  dataset: Dataset,
  keys: readonly SortKey[],
  needed: ReadonlySet<string>,
  { builder }: Lowering,
): Dataset {
  const columns = columnsOf(dataset, withKeys(needed, keys));
  const schema = fieldsAmong(dataset.schema, columns);
  const bytes = bytesOf(schema, dataset.rows, dataset.textBytes);
  if (keys.length === 0) return dataset;
  if (bytes <= smallBytes(builder.taskBytes))
    return gathered(dataset, { to: "collect", columns }, [{ do: "sort", keys }], dataset.rows);
  const partitions = partitionsFor(bytes, builder.taskBytes);
  builder.note(
    `sort by ${keysText(keys)}: rows go to ranges of a sample's keys (${inPartitions({ ...dataset, schema }, partitions)})`,
  );
  const source = rereadable(builder, dataset, columns);
  const sent = exchangeByRange(builder, source, keys, { to: "collect", columns }, { partitions, positions: true });
  const then = [{ do: "sort" as const, keys }];
  return overSections(
    source,
    sectionsOf(sent, partitions),
    { make: { do: "rows", schema }, then },
    schema,
    dataset.rows,
  );
}

function withKeys(needed: ReadonlySet<string>, keys: readonly SortKey[]): Set<string> {
  return new Set([...needed, ...keys.map(({ column }) => column)]);
}

export function keysText(keys: readonly SortKey[]): string {
  return keys.map(({ column, descending }) => (descending ? `${column} descending` : column)).join(", ");
}
