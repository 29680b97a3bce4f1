import { CancelledError, InternalError, StalledError, UnreadableError } from "../../errors.ts";
import { loadFold } from "../../kernels/registry.ts";
import { refuseTooLarge } from "../../plan/estimate.ts";
import type { Plan, Stage } from "../../plan/plan.ts";
import { taskCount } from "../../plan/rules.ts";
import { validatePlan } from "../../plan/validate.ts";
import { caughtError } from "./caught.ts";
import { projectedBill, refuseTooCostly } from "./cost.ts";
import { doneKey, manifestKey, objectUrl, partialKey, planKey, seenKey, stagePrefix } from "./keys.ts";
import { refuseLocal } from "./local-sources.ts";
import { batching, firstManifest, workerOf } from "./manifest.ts";
import { stagesOver } from "./part-result.ts";
import { replay } from "./replay.ts";
import { hasResult, writeResult } from "./result.ts";
import type { AdvanceInput, Directive, RunRequest, StageDone } from "./protocol.ts";
import {
  bytesAt,
  cancelledOf,
  failedOf,
  putJsonOnce,
  putOnce,
  recorded,
  requestOf,
  sizeAt,
  type Bucket,
} from "./run-objects.ts";
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
    const request = await requestOf(services, run);
    refuseOtherBundle(request, services);
    await refuseOver(request, services);
    const next = await (request.what.kind === "plan"
      ? partOfPlan(request, request.what.plan, services)
      : partOfCollection(request, request.what, services));
    if (next === undefined) return { action: "finish", run };
    const directive = await begin(run, next, services);
    const isSame = directive.part === input.part && directive.stage === input.stage && directive.round === input.round;
    // What the tasks came to would lie in S3. This is something else, and would come again.
    if (error !== undefined && isSame) throw caughtError(error, `Stage "${next.stage.id}" of run ${run}`);
    if (isSame)
      throw new InternalError(`Round ${directive.round} of stage "${directive.stage}" of run ${run} left nothing.`);
    return directive;
  });
}

type StageDirective = Extract<Directive, { action: "stage" }>;

interface Next {
  readonly part: number;
  readonly stage: Stage;
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

/** The first stage that is not over. Those without tasks are over at once. */
async function nextOf(run: string, part: number, plan: Plan, services: Services): Promise<Next | undefined> {
  for (let over = await stagesOver(services, run, part, plan); ; over = await stagesOver(services, run, part, plan)) {
    const stage = plan.stages[over.length];
    if (stage === undefined) return undefined;
    if (taskCount(stage.tasks) > 0) return { part, stage };
    await endEmpty({ run, part, stage: stage.id }, stage, services);
  }
}

async function endEmpty(
  place: { readonly run: string; readonly part: number; readonly stage: string },
  { output }: Stage,
  services: Services,
): Promise<void> {
  const folded = output.kind === "fold";
  if (folded) {
    const fold = await loadFold(output.fold.op, output.fold.params);
    await putOnce(services, partialKey(place), fold.encode(fold.empty()));
  }
  const none = { tasks: 0, attempts: 0, recordsIn: 0, recordsOut: 0, bytesOut: 0, busyMs: 0, wallMs: 0 };
  const done: StageDone = { ...none, repaired: {}, folded };
  await putJsonOnce(services, doneKey(place), done);
}

/** The round of a stage that is to be run: the last that has a manifest; the first gets it here, those behind it from Collect. */
async function begin(run: string, { part, stage }: Next, services: Services): Promise<StageDirective> {
  const { store, queues, bucket, log, clock } = services;
  const place = { run, part, stage: stage.id };
  const { size, batches, children, seconds } = batching(stage);
  const round = await lastRound(place, services);
  const manifest = manifestKey(place, Math.max(0, round));
  const began = clock.now();
  if (round < 0) await store.putStream(objectUrl(services, manifest), firstManifest(stage, size));
  log("info", "A round begins.", {
    ...place,
    round,
    batches,
    size,
    children,
    seconds,
    manifestMs: clock.now() - began,
  });
  return {
    action: "stage",
    ...place,
    round: Math.max(0, round),
    queue: await queues.create(run),
    children,
    worker: workerOf(stage),
    bucket,
    manifest,
    batches: round <= 0 ? batches : await linesOf(manifest, services),
  };
}

/** The number of the last manifest; −1 where there is none. */
async function lastRound(place: Parameters<typeof stagePrefix>[0], services: Bucket): Promise<number> {
  let last = -1;
  const prefix = `${objectUrl(services, stagePrefix(place))}manifest-`;
  for await (const { url } of services.store.list(prefix))
    last = Math.max(last, parseInt(url.slice(prefix.length), 10));
  return last;
}

async function linesOf(key: string, services: Bucket): Promise<number> {
  const bytes = await bytesAt(services, key);
  return bytes === undefined ? 0 : bytes.reduce((count, byte) => count + Number(byte === 10), 0);
}

function refuseOtherBundle({ run, bundle }: RunRequest, services: Services): void {
  if (bundle === undefined || services.bundle === undefined || bundle === services.bundle) return;
  throw new UnreadableError(`Run ${run} comes from an abanico with other functions than the stack has.`, {
    fields: { run, expected: services.bundle, found: bundle },
    fix: "deploy the stack with the version that the client has: npx abanico deploy.",
  });
}

/** @throws CancelledError, StalledError */
async function refuseOver({ run, createdAt, deadlineMs = DAY_MS }: RunRequest, services: Services): Promise<void> {
  const reason = await cancelledOf(services, run);
  if (reason !== undefined) throw new CancelledError(`Run ${run} was cancelled: ${reason}`, { fields: { run } });
  if (services.clock.now() <= createdAt + deadlineMs) return;
  throw new StalledError(`Run ${run} has gone on for longer than its deadline of ${deadlineMs} ms.`, {
    fields: { run, deadlineMs },
    fix: "give it longer (deadlineMs), or less to do at once.",
  });
}
