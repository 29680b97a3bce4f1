import { PlanError } from "../../errors.ts";
import type { Plan, Stage } from "../../plan/plan.ts";
import { BatchRun } from "./batch-run.ts";
import { caughtError } from "./caught.ts";
import { stopKey } from "./keys.ts";
import { workerOf } from "./manifest.ts";
import { Outbox } from "./outbox.ts";
import type { WorkAnswer, WorkInput } from "./protocol.ts";
import { cancelledOf, planOf, sizeAt } from "./run-objects.ts";
import type { Services } from "./services.ts";

/**
 * An Express child waits for a function for less long than that may run, and what a batch takes is only projected. So this is no failure: a call that nobody
 * waits for has all the time there is, and where the first one answers nevertheless, Collect takes one of the two.
 */
const CUT_SHORT = "States.Timeout";

/**
 * Runs the tasks of a batch one after the other, with the same `runTask` as a thread of this machine, and tells Collect of them by messages. It may be called
 * again with the same batch, at the same time as well: outputs have names of their own and are written once, and Collect knows what it has.
 *
 * A task that fails for good is told to Collect, which knows whether it matters; so this fails only where its surroundings do (S3, SQS, the machine), and Step
 * Functions calls it again then. Where that was in vain it is called with `lost`, and passes that on.
 */
export async function work(input: WorkInput, services: Services): Promise<WorkAnswer> {
  const { run, part, batch, lost } = input;
  const answer = { first: batch.first, count: batch.count };
  if (lost?.Error === CUT_SHORT) {
    const { lost: _, ...again } = input;
    const stage = stageOf(await planOf(services, run, part), input.stage);
    services.log("warn", "A batch takes longer than a child has: it goes on by itself.", {
      run,
      stage: stage.id,
      batch,
    });
    await services.startWork(workerOf(stage), again);
    return answer;
  }
  if (lost !== undefined) {
    const tasks = `tasks [${batch.first}, ${batch.first + batch.count})`;
    const error = caughtError(lost, `Stage "${input.stage}", ${tasks}`);
    services.log("error", error.message, { run, stage: input.stage, batch });
    await new Outbox(input, services).fail(batch.first, 1, error);
    return answer;
  }
  const stage = stageOf(await planOf(services, run, part), input.stage);
  if (await isNotWanted(input, stage, services)) return answer;
  await new BatchRun(input, stage, services).run();
  return answer;
}

/** @throws PlanError */
export function stageOf(plan: Plan, id: string): Stage {
  const found = plan.stages.find((stage) => stage.id === id);
  if (found !== undefined) return found;
  throw new PlanError(`The plan has no stage "${id}".`, { fields: { stage: id, known: plan.stages.map((s) => s.id) } });
}

/** Cancelled, or enough is had. Collect looks for both itself. */
async function isNotWanted(input: WorkInput, stage: Stage, services: Services): Promise<boolean> {
  if ((await cancelledOf(services, input.run)) !== undefined) return true;
  const { output } = stage;
  if (output.kind !== "fold" || output.enough === undefined) return false;
  return (await sizeAt(services, stopKey(input))) !== undefined;
}
