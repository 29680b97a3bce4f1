/** What tasks read beside their own input: bounds of ranges, tables of joins. Made once a thread for all tasks of a stage. */
import type { Schema } from "../../collections/schema.ts";
import { InternalError } from "../../errors.ts";
import { besideRefs, type TaskContext } from "../kernel.ts";
import { concatenate } from "./collect.ts";
import { decodeFrame, type Frame } from "./encode.ts";
import { JoinTable } from "./join.ts";
import { findBounds, type Bounds } from "./ranges.ts";
import type { ScanParams } from "./scan.ts";

export interface Beside {
  readonly bounds: Bounds | undefined;
  /** By stage. */
  readonly tables: ReadonlyMap<string, JoinTable>;
}

/** By the stage's parameters, so that it goes when the stage does. */
const made = new WeakMap<ScanParams, Promise<Beside>>();

export function besideOf(params: ScanParams, context: TaskContext): Promise<Beside> {
  let beside = made.get(params);
  if (beside === undefined) {
    beside = makeBeside(params, context);
    made.set(params, beside);
    // The next task may have more luck.
    beside.catch(() => made.delete(params));
  }
  return beside;
}

async function makeBeside({ steps, sink }: ScanParams, context: TaskContext): Promise<Beside> {
  const tables = new Map<string, JoinTable>();
  for (const step of steps)
    if (step.do === "lookup") {
      const frames = await framesOf(step.table, context);
      tables.set(step.table, new JoinTable(step.join, joined(step.join.table, frames).batch));
    }
  if (sink.to !== "exchange" || sink.by.do !== "range") return { bounds: undefined, tables };
  const { keys, sample, positions } = sink.by;
  return { bounds: findBounds(await framesOf(sample, context), keys, sink.partitions, positions), tables };
}

function joined(schema: Schema, frames: readonly Frame[]): Frame {
  return concatenate(
    schema,
    frames.map(({ batch }) => batch),
  );
}

async function framesOf(stage: string, context: TaskContext): Promise<Frame[]> {
  const refs = besideRefs(context, stage);
  if (refs.length === 0) throw new InternalError(`Nothing of stage "${stage}" lies beside this task.`);
  const frames: Frame[] = [];
  for (const ref of refs) frames.push(decodeFrame(await context.fetch(ref)));
  return frames;
}
