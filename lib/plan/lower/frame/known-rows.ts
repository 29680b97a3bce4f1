import type { Operation } from "../../../kernels/frame/steps.ts";
import type { Pipeline } from "./logical.ts";

/** How many rows come out of a pipeline, where its sources have counted theirs and each operation says what it leaves of them. */
export function knownRows({ base, operations }: Pipeline): number | undefined {
  let rows: number | undefined;
  if (base.kind === "source" && base.read.counted === true) rows = base.read.rows;
  if (base.kind === "concat") rows = sum(base.inputs.map(knownRows));
  for (const operation of operations) rows = rowsBehind(operation, rows);
  return rows;
}

function rowsBehind(operation: Operation, rows: number | undefined): number | undefined {
  if (operation.do === "group" && operation.sink.keys.length === 0) return 1;
  if (rows === undefined) return undefined;
  switch (operation.do) {
    case "assign":
    case "select":
    case "sort":
    case "window":
    case "over":
    case "repartition":
    case "place":
      return rows;
    case "head":
    case "tail":
      return Math.min(rows, operation.rows);
    default:
      return undefined;
  }
}

function sum(all: readonly (number | undefined)[]): number | undefined {
  return all.reduce((a, b) => (a === undefined || b === undefined ? undefined : a + b), 0);
}
