import type { JsonObject } from "../../lib/errors.ts";
import type { Plan, Stage, StageOutput, TaskRule, Work } from "../../lib/plan/plan.ts";

/** Small plans over the kernels beside this file. */

const module = new URL("./kernels.ts", import.meta.url).href;
export const callOf = (name: string, params: JsonObject = {}): Work => ({
  op: "call",
  params: { ...params, module, name },
});

export interface StageInit extends Partial<Omit<Stage, "work" | "tasks" | "output">> {
  readonly work: Work;
  readonly tasks: TaskRule | number;
  readonly output?: StageOutput;
}

export const stageOf = ({ work, tasks, output, ...rest }: StageInit): Stage => ({
  id: "only",
  estimate: { bytesIn: 0, peakBytes: { task: 1_000 } },
  ...rest,
  work,
  tasks: typeof tasks === "number" ? { kind: "count", count: tasks } : tasks,
  output: output ?? { kind: "fold", fold: callOf("sum") },
});

export const planOf = (...stages: StageInit[]): Plan => ({ abanico: 1, stages: stages.map(stageOf), notes: [] });
export const foldWith = (name: string, params: JsonObject = {}): StageOutput => ({
  kind: "fold",
  fold: callOf(name, params),
});
export const KEEP: StageOutput = { kind: "keep" };

/** The error that a promise fails with; it must. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("this should have failed with an Error");
}
