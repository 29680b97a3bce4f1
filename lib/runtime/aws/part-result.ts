import { InternalError } from "../../errors.ts";
import { loadFold } from "../../kernels/registry.ts";
import type { Plan, Ref } from "../../plan/plan.ts";
import { taskCount } from "../../plan/rules.ts";
import type { RunResult } from "../runtime.ts";
import { partName } from "./keys.ts";
import { reportOf } from "./look.ts";
import type { StageDone } from "./protocol.ts";
import { doneOf, partialOf, type Bucket } from "./run-objects.ts";

type StageOver = StageDone & { readonly stage: string };

/** What is known of the stages of a part that are over, in order; they end where one is not. */
export async function stagesOver(services: Bucket, run: string, part: number, plan: Plan): Promise<StageOver[]> {
  const over: StageOver[] = [];
  for (const { id: stage } of plan.stages) {
    const done = await doneOf(services, { run, part, stage });
    if (done === undefined) break;
    over.push({ stage, ...done });
  }
  return over;
}

/** The merged partial where the last stage folds, refs where it keeps. */
export async function givenBy(
  services: Bucket,
  plan: Plan,
  { run, part }: { readonly run: string; readonly part: number },
): Promise<{ readonly partial: unknown } | { readonly refs: readonly Ref[] }> {
  const last = plan.stages.at(-1);
  if (last === undefined) throw new InternalError(`The run ${run} has a plan without stages.`);
  const { output, tasks, id } = last;
  if (output.kind !== "fold") {
    const refs = Array.from({ length: taskCount(tasks) }, (_, task) => ({ run: partName(run, part), stage: id, task }));
    return { refs };
  }
  const fold = await loadFold(output.fold.op, output.fold.params);
  const bytes = await partialOf(services, { run, part, stage: id });
  if (bytes !== undefined) return { partial: fold.decode(bytes) };
  if (taskCount(tasks) === 0) return { partial: fold.empty() };
  throw new InternalError(`The run ${run} is over, and its partial is not there.`, { fields: { run, stage: id } });
}

/** The same with what is told of its stages. */
export async function resultOfPart(
  services: Bucket,
  run: string,
  part: number,
  plan: Plan,
  over: readonly StageOver[],
): Promise<RunResult> {
  const name = partName(run, part);
  const stages = over.map((done) => reportOf(done.stage, done));
  const report = { run: name, wallMs: stages.reduce((sum, { wallMs }) => sum + wallMs, 0), stages };
  return { run: name, ...(await givenBy(services, plan, { run, part })), report };
}
