import { NotFoundError, PlanError, StoreFaultError } from "../../errors.ts";
import type { Plan, Stage } from "../../plan/plan.ts";
import { attemptOf } from "./attempts.ts";
import { BatchRun } from "./batch-run.ts";
import { caughtError } from "./caught.ts";
import { stopKey } from "./keys.ts";
import { tellWhyLost } from "./lost-batches.ts";
import { workerOf } from "./manifest.ts";
import { Outbox } from "./outbox.ts";
import type { WorkAnswer, WorkInput } from "./protocol.ts";
import { cancelledOf, isOver, planOf, sizeAt } from "./run-objects.ts";
import type { Services } from "./services.ts";

/**
 * An Express child waits for a function for less long than that may run, and what a batch takes is only projected. So this is no failure: a call that nobody
 * waits for has all the time there is, and where the first one answers nevertheless, Collect takes one of the two.
 */
const CUT_SHORT = "States.Timeout";
/** Nothing was run: calls that nobody waits for are kept by Lambda until there is room. */
const NO_ROOM = "Lambda.TooManyRequestsException";

/**
 * Runs the tasks of a batch one after the other, with the same `runTask` as a thread of this machine, and tells Collect of them by messages. It may be called
 * again with the same batch, at the same time as well: outputs have names of their own and are written once, and Collect knows what it has.
 *
 * A task that fails for good is told to Collect, which knows whether it matters; so this fails only where its surroundings do (S3, SQS, the machine), and Step
 * Functions calls it again then. Where that was in vain it is called with `lost`, and passes that on.
 */
export async function work(input: WorkInput, services: Services): Promise<WorkAnswer> {
  const { run, stage, batch } = input;
  try {
    await workOn(input, services);
  } catch (error) {
    // The run's queue, or its plan: deleted when it was over, or not known yet.
    if (!(error instanceof NotFoundError)) return tellWhyLost(input, error, services);
    if (!(await isOver(services, input, attemptOf(input))))
      throw new StoreFaultError(error.message, { fields: error.fields, cause: error, retryable: true });
    services.log("info", "Nobody waits for this batch any more.", { run, stage, batch });
  }
  return { first: batch.first, count: batch.count };
}

async function workOn(input: WorkInput, services: Services): Promise<void> {
  const { run, part, batch, lost } = input;
  if (lost?.Error === CUT_SHORT || lost?.Error === NO_ROOM) {
    const { lost: _, ...again } = input;
    const stage = stageOf(await planOf(services, run, part), input.stage);
    services.log("warn", "A batch is called once more, by itself: its child had no time left, or no worker.", {
      run,
      stage: stage.id,
      batch,
      error: lost.Error,
    });
    return services.startWork(workerOf(stage), again);
  }
  if (lost !== undefined) {
    const tasks = `tasks [${batch.first}, ${batch.first + batch.count})`;
    const error = caughtError(lost, `Stage "${input.stage}", ${tasks}`);
    services.log("error", error.message, { run, stage: input.stage, batch });
    return new Outbox(input, services).lose(error);
  }
  const stage = stageOf(await planOf(services, run, part), input.stage);
  if (!(await isNotWanted(input, stage, services))) await new BatchRun(input, stage, services).run();
}

/** @throws PlanError */
export function stageOf(plan: Plan, id: string): Stage {
  const found = plan.stages.find((stage) => stage.id === id);
  if (found !== undefined) return found;
  throw new PlanError(`The plan has no stage "${id}".`, { fields: { stage: id, known: plan.stages.map((s) => s.id) } });
}

/** Cancelled, or enough is had. Collect looks for both itself. */
async function isNotWanted(input: WorkInput, stage: Stage, services: Services): Promise<boolean> {
  if ((await cancelledOf(services, input.run, attemptOf(input))) !== undefined) return true;
  const { output } = stage;
  if (output.kind !== "fold" || output.enough === undefined) return false;
  return (await sizeAt(services, stopKey(input, attemptOf(input)))) !== undefined;
}
