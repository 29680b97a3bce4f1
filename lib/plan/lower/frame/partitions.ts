import { fieldsAmong } from "../../../collections/names.ts";
import type { JsonObject } from "../../../errors.ts";
import type { MapParams } from "../../../kernels/frame/map/map.ts";
import type { Operation } from "../../../kernels/frame/steps.ts";
import { bytesOf, closed, framesRead, keep, overKept, type Dataset, type PlanBuilder } from "./dataset.ts";
import { taskCount } from "../../rules.ts";
import { exchange, exchangeByRange, inPartitions, openedRows, overSections, sectionsOf } from "./exchange.ts";
import type { Lowering } from "./lower.ts";
import { columnsOf } from "./order.ts";

/** A stage of its own: a user's function is called once for the rows of each task. */
export function mappedRows(
  dataset: Dataset,
  { columns, fn, args, schema }: Operation & { readonly do: "map" },
  { builder }: Lowering,
): Dataset {
  const opened = openedRows(builder, dataset);
  // A range of a file may guess wrongly where its first record starts: no function is to see that.
  const source = opened.read.tasks.kind === "ranges" ? keptRows(builder, opened, columns) : opened;
  const { stage } = closed(source, builder.idFor("map"), { to: "collect", columns }, () => ({ kind: "keep" }));
  const params: MapParams = { rows: stage.work, fn, args, schema };
  const output = stage.estimate.peakBytes["output"] ?? 0;
  builder.stages.push({
    ...stage,
    work: { op: "frame.map", params: params as unknown as JsonObject }, // plain JSON by its type
    estimate: {
      ...stage.estimate,
      peakBytes: { ...stage.estimate.peakBytes, "the function's table and result": 3 * output },
    },
  });
  const tasks = { kind: "outputs", stage: stage.id, count: taskCount(stage.tasks) } as const;
  const { rows, textBytes } = source;
  return { read: framesRead(schema, tasks, rows, textBytes), steps: [], schema, rows, textBytes };
}

function keptRows(builder: PlanBuilder, dataset: Dataset, columns: readonly string[]): Dataset {
  return overKept(dataset, { kind: "outputs", ...keep(builder, dataset, "rows", columns) }, columns);
}

/** Rows go, in their order, to partitions that are about equally large: where they begin, a sample of the rows' places tells. */
export function repartitioned(
  dataset: Dataset,
  { partitions, bytes }: Operation & { readonly do: "repartition" },
  needed: ReadonlySet<string>,
  { builder }: Lowering,
): Dataset {
  const opened = openedRows(builder, dataset);
  const columns = columnsOf(opened, needed);
  const schema = fieldsAmong(opened.schema, columns);
  const size = bytesOf(schema, opened.rows, opened.textBytes);
  const count = partitions ?? Math.max(1, Math.ceil(size / (bytes ?? size)));
  builder.note(`repartition: rows go to ${inPartitions({ ...opened, schema }, count)}, in their order`);
  const whole = { make: { do: "rows" as const, schema }, then: [] };
  const sink = { to: "collect" as const, columns };
  if (count === 1) {
    const sent = exchange(builder, opened, "exchange", sink, { do: "all" }, 1);
    return overSections(opened, sectionsOf(sent, 1), whole, schema, opened.rows);
  }
  const kept = keptRows(builder, opened, columns);
  const sent = exchangeByRange(builder, kept, [], sink, { partitions: count, positions: true });
  return overSections(kept, sectionsOf(sent, count), whole, schema, kept.rows);
}
