import { InternalError } from "../../errors.ts";
import { loadFold } from "../../kernels/registry.ts";
import type { Plan } from "../../plan/plan.ts";
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

/** What a plan gave that is over. */
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
  const last = plan.stages.at(-1);
  if (last === undefined) throw new InternalError(`Part ${part} of run ${run} is a plan without stages.`);
  const { output, tasks, id: stage } = last;
  if (output.kind !== "fold") {
    const refs = Array.from({ length: taskCount(tasks) }, (_, task) => ({ run: name, stage, task }));
    return { run: name, refs, report };
  }
  const fold = await loadFold(output.fold.op, output.fold.params);
  const bytes = await partialOf(services, { run, part, stage });
  if (bytes === undefined && over.at(-1)?.folded === true)
    throw new InternalError(`Stage "${stage}" of run ${name} is over, and its partial is not there.`, {
      fields: { run, part, stage },
    });
  return { run: name, partial: bytes === undefined ? fold.empty() : fold.decode(bytes), report };
}
