import { CancelledError, InternalError, StalledError, UnreadableError } from "../../errors.ts";
import { objectAt } from "../../collections/plain.ts";
import { refuseTooLarge } from "../../plan/estimate.ts";
import type { Plan } from "../../plan/plan.ts";
import { validatePlan } from "../../plan/validate.ts";
import { removeQueue } from "./ending.ts";
import { attemptAt, noteAttempt, type RunAttempt } from "./attempts.ts";
import { planKey, requestKey, seenKey } from "./keys.ts";
import { refuseLocal } from "./local-sources.ts";
import { whyLost } from "./lost-batches.ts";
import { beginRound, nextOf, type Next } from "./rounds.ts";
import { ask, askedBy, runAt } from "./pipelines.ts";
import { replay } from "./replay.ts";
import { hasResult, writeResult } from "./result.ts";
import { refuseAbove } from "./spent.ts";
import type { AdvanceInput, Directive, RunRequest } from "./protocol.ts";
import { begin, begunAt, cancelledOf, failedOf, putJsonOnce, recorded, requestOf, sizeAt } from "./run-objects.ts";
import type { Services } from "./services.ts";

const DAY_MS = 86_400_000;

/**
 * Says what a run needs next: a round of a stage, or its end. It looks at nothing but the objects in S3, and what it writes it writes once; so it may be
 * called again at any time.
 *
 * A plan is part 0 of its run. A collection is planned here, by its client's runner (replay.ts), part by part. Of a run that is resumed it goes on from
 * where the attempts before have come to (attempts.ts, resumed-round.ts).
 */
export function advance(input: AdvanceInput, services: Services): Promise<Directive> {
  const at = attemptAt(input);
  const { run, attempt } = at;
  const { error } = input;
  return recorded(services, at, async () => {
    if (attempt === 1) await askDirectly(input, services);
    const request = await requestOf(services, run);
    refuseOtherBundle(request, services);
    if (input.part === undefined) await beginAttempt(at, services);
    await refuseOver(request, attempt, services);
    const next = await (request.what.kind === "plan"
      ? partOfPlan(request, request.what.plan, attempt, services)
      : partOfCollection(request, request.what, attempt, services));
    if (next === undefined) return { action: "finish", run, attempt };
    // Planning may have taken minutes.
    await refuseCancelled(at, services);
    const directive = await beginRound(at, next, services, request.lanes);
    await refuseCancelled(at, services, () => removeQueue(services, at));
    const isSame = directive.part === input.part && directive.stage === input.stage && directive.round === input.round;
    // What the tasks came to would lie in S3. This is something else, and would come again.
    if (error !== undefined && isSame) throw await whyLost(next.stage.id, at, error, services);
    if (isSame)
      throw new InternalError(`Round ${directive.round} of stage "${directive.stage}" of run ${run} left nothing.`);
    return directive;
  });
}

async function beginAttempt(at: RunAttempt, services: Services): Promise<void> {
  // Whoever resumes a run has noted it already, unless the execution was started by hand.
  if (at.attempt > 1) await noteAttempt(services, at, services.clock.now());
  await begin(services, at.run, at.attempt);
}

/** An execution may be started by plain JSON, without `start` or a client: its name is the run's then. */
async function askDirectly({ run, asked }: AdvanceInput, services: Services): Promise<void> {
  if (asked === undefined || (await sizeAt(services, requestKey(run))) !== undefined) return;
  const { run: _, ...json } = objectAt(asked, "");
  if (Object.keys(json).length > 0) await ask(runAt(run), (await askedBy(json, run, services)).asked, services);
}

/** The next stage; undefined where all are over. */
async function partOfPlan(
  request: RunRequest,
  plan: Plan,
  attempt: number,
  services: Services,
): Promise<Next | undefined> {
  const { run } = request;
  if ((await sizeAt(services, planKey(run, 0))) === undefined) {
    await check({ part: 0, plan }, request, services);
    await putJsonOnce(services, planKey(run, 0), plan);
  }
  const failed = await failedOf(services, run, 0, attempt);
  if (failed !== undefined) throw failed;
  return nextOf(run, 0, plan, services);
}

async function partOfCollection(
  request: RunRequest,
  what: Extract<RunRequest["what"], { kind: "collection" }>,
  attempt: number,
  services: Services,
): Promise<Next | undefined> {
  const { run } = request;
  for (;;) {
    if (await hasResult(services, run)) return undefined;
    const replayed = await replay({ run, attempt }, what, services);
    if (replayed.kind === "value") {
      await writeResult(services, run, replayed.value);
      continue;
    }
    const { part, plan, record, isNew } = replayed;
    if (isNew) await check({ part, plan }, request, services);
    // Of two that plan at once, one counts, with what it has seen; the other starts from there.
    if (isNew && !(await putJsonOnce(services, seenKey(run, part), record))) continue;
    await putJsonOnce(services, planKey(run, part), plan);
    const next = await nextOf(run, part, plan, services);
    if (next !== undefined) return next;
  }
}

/** @throws PlanError, PlanTooLargeError, OptionError, CostError */
async function check(
  { part, plan }: { readonly part: number; readonly plan: Plan },
  { run, maxCost }: RunRequest,
  services: Services,
): Promise<void> {
  validatePlan(plan);
  refuseTooLarge(plan, services.taskBytes);
  refuseLocal(plan);
  await refuseAbove(maxCost, { run, part, plan }, services);
}

function refuseOtherBundle({ run, bundle }: RunRequest, services: Services): void {
  if (bundle === undefined || services.bundle === undefined || bundle === services.bundle) return;
  throw new UnreadableError(`Run ${run} comes from an abanico with other functions than the stack has.`, {
    fields: { run, expected: services.bundle, found: bundle },
    fix: "deploy the stack with the version that the client has: npx abanico deploy.",
  });
}

/** Who cancels a run stops its execution and deletes its queue: what is made after that nobody else deletes. @throws CancelledError */
async function refuseCancelled(
  { run, attempt }: RunAttempt,
  services: Services,
  tidy?: () => Promise<void>,
): Promise<void> {
  const reason = await cancelledOf(services, run, attempt);
  if (reason === undefined) return;
  await tidy?.();
  throw new CancelledError(`Run ${run} was cancelled${reason === "" ? "." : `: ${reason}`}`, { fields: { run } });
}

/** @throws CancelledError, StalledError */
async function refuseOver(request: RunRequest, attempt: number, services: Services): Promise<void> {
  const { run, deadlineMs = DAY_MS } = request;
  await refuseCancelled({ run, attempt }, services);
  if (services.clock.now() <= (await begunAt(services, request, attempt)) + deadlineMs) return;
  throw new StalledError(`Run ${run} has gone on for longer than its deadline of ${deadlineMs} ms.`, {
    fields: { run, deadlineMs },
    fix: "give it longer (deadlineMs), or less to do at once.",
  });
}
