import type { ArrayNode } from "../collections/array/nodes.ts";
import type { DType } from "../collections/array/dtype.ts";
import { InternalError } from "../errors.ts";
import { PLAN_VERSION, type Estimate, type Plan, type Ref, type StageOutput, type Work } from "../plan/plan.ts";
import type { RunResult, Runtime } from "../runtime/runtime.ts";
import type { RunnerHost } from "./runner.ts";
import { forgetWith } from "./forgotten.ts";

/**
 * An array over what a stage of a run keeps: one output a chunk along the first axis, of these lengths. Outputs that hold nothing are in the grid, but
 * are no chunks. Forgotten once nothing mentions the array any more.
 */
export function keptArray(
  { run, stage }: Pick<Ref, "run" | "stage">,
  lengths: readonly number[],
  rest: readonly number[],
  dtype: DType,
  runtime: Runtime,
): ArrayNode {
  const whole = rest.map((length) => [length]);
  const some = lengths.filter((length) => length > 0);
  const node: ArrayNode = {
    op: "kept",
    run,
    stage,
    grid: [lengths, ...whole],
    shape: [some.reduce((sum, length) => sum + length, 0), ...rest],
    dtype,
    chunks: [some.length > 0 ? some : [0], ...whole],
  };
  forgetWith(node, run, runtime);
  return node;
}

/** A plan of one stage with a task for each of some kept outputs. */
export function overRefs(id: string, work: Work, refs: readonly Ref[], output: StageOutput, estimate: Estimate): Plan {
  return { abanico: PLAN_VERSION, stages: [{ id, work, tasks: { kind: "refs", refs }, output, estimate }], notes: [] };
}

/** What a kernel tells of each of some kept outputs, in their order. */
export async function toldOf<T>(
  work: Work,
  refs: readonly Ref[],
  estimate: Estimate,
  { runtime, onEvent }: RunnerHost,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const output: StageOutput = { kind: "fold", fold: { op: "list", params: {} } };
  const { partial } = await runtime.run(overRefs("facts", work, refs, output, estimate), { signal, onEvent });
  if (!Array.isArray(partial)) throw new InternalError(`"${work.op}" told nothing.`);
  return partial as readonly T[]; // the kernel's
}

/** The outputs of a run that keeps them. */
export function keptIn({ refs, run }: RunResult): { readonly refs: readonly Ref[]; readonly run: string } {
  if (refs === undefined) throw new InternalError("A run that keeps its outputs kept none.");
  return { refs, run };
}
