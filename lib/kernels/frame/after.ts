import { overSchema } from "../../collections/dataframe/over-nodes.ts";
import type { Schema } from "../../collections/schema.ts";
import { fieldOf } from "../../collections/typing.ts";
import { InternalError } from "../../errors.ts";
import { firstRows } from "./collect.ts";
import { distinctRows } from "./distinct.ts";
import type { Frame } from "./encode.ts";
import { GroupState, groupSchema } from "./group.ts";
import { lastRows } from "./pick.ts";
import { compileSteps, schemaAfter } from "./pipeline.ts";
import { inSlices } from "./slice.ts";
import { sortFrame } from "./sort.ts";
import { stackRow, stackSchema } from "./stack.ts";
import type { Operation } from "./steps.ts";
import { applyWindows, windowSchema } from "./windows/apply.ts";
import { applyOver } from "./windows/over.ts";

/** Does the operations to a frame that is in memory whole: what stands behind the last fold of a plan. */
export function applyAfter(frame: Frame, operations: readonly Operation[]): Frame {
  return operations.reduce(applyOne, frame);
}

function applyOne(frame: Frame, operation: Operation): Frame {
  switch (operation.do) {
    case "select":
      return { ...frame, schema: operationSchema(frame.schema, operation) };
    case "head":
      return frame.batch.rows <= operation.rows ? frame : firstRows(frame, operation.rows);
    case "tail":
      return lastRows(frame, operation.rows);
    case "sort":
      return sortFrame(frame, operation.keys);
    case "distinct":
      return distinctRows(frame, operation.columns);
    case "window":
      return applyWindows(frame, operation.columns);
    case "over":
      return applyOver(frame, operation);
    case "stack":
      return stackRow(frame, operation);
    case "map":
    case "repartition":
      throw new InternalError(`${operation.do} is a stage of its own.`);
    case "group": {
      const state = new GroupState(operation.sink, frame.schema);
      // After the first of them most keys are known.
      for (const batch of inSlices(frame.batch)) state.update(batch);
      return state.finish();
    }
    default: {
      const { run, schema } = compileSteps([operation], frame.schema);
      return { schema, batch: run(frame.batch) };
    }
  }
}

/** The columns behind an operation. `UnknownColumnError`, `TypeMismatchError`. */
export function operationSchema(schema: Schema, operation: Operation): Schema {
  switch (operation.do) {
    case "select":
      return operation.names.map((name) => fieldOf(name, schema));
    case "head":
    case "tail":
      return schema;
    case "sort":
      for (const { column } of operation.keys) fieldOf(column, schema);
      return schema;
    case "distinct":
      for (const name of operation.columns) fieldOf(name, schema);
      return schema;
    case "window":
      return windowSchema(schema, operation.columns);
    case "map":
      return operation.schema;
    case "repartition":
      return schema;
    case "over":
      return overSchema(operation, schema);
    case "stack":
      return stackSchema(operation, schema);
    case "group":
      return groupSchema(operation.sink, schema);
    default:
      return schemaAfter(schema, operation);
  }
}
