import { CancelledError, InternalError, StalledError, UnreadableError } from "../../errors.ts";
import { objectAt } from "../../collections/plain.ts";
import { refuseTooLarge } from "../../plan/estimate.ts";
import type { Plan } from "../../plan/plan.ts";
import { validatePlan } from "../../plan/validate.ts";
import { caughtError } from "./caught.ts";
import { removeQueue } from "./ending.ts";
import { projectedBill, refuseTooCostly } from "./cost.ts";
import { planKey, requestKey, seenKey } from "./keys.ts";
import { refuseLocal } from "./local-sources.ts";
import { beginRound, nextOf, type Next } from "./rounds.ts";
import { ask, askedBy, runAt } from "./pipelines.ts";
import { replay } from "./replay.ts";
import { hasResult, writeResult } from "./result.ts";
import type { AdvanceInput, Directive, RunRequest } from "./protocol.ts";
import { begin, begunAt, cancelledOf, failedOf, putJsonOnce, recorded, requestOf, sizeAt } from "./run-objects.ts";
import type { Services } from "./services.ts";

const DAY_MS = 86_400_000;
const DEFAULT_MEMORY_MB = 2_048;

/**
 * Says what a run needs next: a round of a stage, or its end. It looks at nothing but the objects in S3, and what it writes it writes once; so it may be
 * called again at any time.
 *
 * A plan is part 0 of its run. A collection is planned here, by its client's runner (replay.ts), part by part.
 */
export function advance(input: AdvanceInput, services: Services): Promise<Directive> {
  const { run, error } = input;
  return recorded(services, run, async () => {
    await askDirectly(input, services);
    const request = await requestOf(services, run);
    refuseOtherBundle(request, services);
    if (input.part === undefined) await begin(services, run);
    await refuseOver(request, services);
    const next = await (request.what.kind === "plan"
      ? partOfPlan(request, request.what.plan, services)
      : partOfCollection(request, request.what, services));
    if (next === undefined) return { action: "finish", run };
    // Planning may have taken minutes.
    await refuseCancelled(run, services);
    const directive = await beginRound(run, next, services);
    await refuseCancelled(run, services, () => removeQueue(services, run));
    const isSame = directive.part === input.part && directive.stage === input.stage && directive.round === input.round;
    // What the tasks came to would lie in S3. This is something else, and would come again.
    if (error !== undefined && isSame) throw caughtError(error, `Stage "${next.stage.id}" of run ${run}`);
    if (isSame)
      throw new InternalError(`Round ${directive.round} of stage "${directive.stage}" of run ${run} left nothing.`);
    return directive;
  });
}

/** An execution may be started by plain JSON, without `start` or a client: its name is the run's then. */
async function askDirectly({ run, asked }: AdvanceInput, services: Services): Promise<void> {
  if (asked === undefined || (await sizeAt(services, requestKey(run))) !== undefined) return;
  const { run: _, ...json } = objectAt(asked, "");
  if (Object.keys(json).length > 0) await ask(runAt(run), (await askedBy(json, run, services)).asked, services);
}

/** The next stage; undefined where all are over. */
async function partOfPlan(request: RunRequest, plan: Plan, services: Services): Promise<Next | undefined> {
  const { run } = request;
  if ((await sizeAt(services, planKey(run, 0))) === undefined) {
    check(plan, request, services);
    await putJsonOnce(services, planKey(run, 0), plan);
  }
  const failed = await failedOf(services, run, 0);
  if (failed !== undefined) throw failed;
  return nextOf(run, 0, plan, services);
}

async function partOfCollection(
  request: RunRequest,
  what: Extract<RunRequest["what"], { kind: "collection" }>,
  services: Services,
): Promise<Next | undefined> {
  const { run } = request;
  for (;;) {
    if (await hasResult(services, run)) return undefined;
    const replayed = await replay(run, what, services);
    if (replayed.kind === "value") {
      await writeResult(services, run, replayed.value);
      continue;
    }
    const { part, plan, record, isNew } = replayed;
    if (isNew) check(plan, request, services);
    // Of two that plan at once, one counts, with what it has seen; the other starts from there.
    if (isNew && !(await putJsonOnce(services, seenKey(run, part), record))) continue;
    await putJsonOnce(services, planKey(run, part), plan);
    const next = await nextOf(run, part, plan, services);
    if (next !== undefined) return next;
  }
}

/** @throws PlanError, PlanTooLargeError, OptionError, CostError */
function check(plan: Plan, { maxCost }: RunRequest, { taskBytes, workMemoryMb = DEFAULT_MEMORY_MB }: Services): void {
  validatePlan(plan);
  refuseTooLarge(plan, taskBytes);
  refuseLocal(plan);
  refuseTooCostly(projectedBill(plan, { workMemoryMb }), maxCost);
}

function refuseOtherBundle({ run, bundle }: RunRequest, services: Services): void {
  if (bundle === undefined || services.bundle === undefined || bundle === services.bundle) return;
  throw new UnreadableError(`Run ${run} comes from an abanico with other functions than the stack has.`, {
    fields: { run, expected: services.bundle, found: bundle },
    fix: "deploy the stack with the version that the client has: npx abanico deploy.",
  });
}

/** Who cancels a run stops its execution and deletes its queue: what is made after that nobody else deletes. @throws CancelledError */
async function refuseCancelled(run: string, services: Services, tidy?: () => Promise<void>): Promise<void> {
  const reason = await cancelledOf(services, run);
  if (reason === undefined) return;
  await tidy?.();
  throw new CancelledError(`Run ${run} was cancelled${reason === "" ? "." : `: ${reason}`}`, { fields: { run } });
}

/** @throws CancelledError, StalledError */
async function refuseOver(request: RunRequest, services: Services): Promise<void> {
  const { run, deadlineMs = DAY_MS } = request;
  await refuseCancelled(run, services);
  if (services.clock.now() <= (await begunAt(services, request)) + deadlineMs) return;
  throw new StalledError(`Run ${run} has gone on for longer than its deadline of ${deadlineMs} ms.`, {
    fields: { run, deadlineMs },
    fix: "give it longer (deadlineMs), or less to do at once.",
  });
}
