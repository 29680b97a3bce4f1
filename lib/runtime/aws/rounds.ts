import { loadFold } from "../../kernels/registry.ts";
import type { Plan, Stage } from "../../plan/plan.ts";
import { taskCount } from "../../plan/rules.ts";
import { attemptName, attemptOf, firstRoundOf, type RunAttempt } from "./attempts.ts";
import { doneKey, lanesKey, manifestKey, objectUrl, partialKey, stagePrefix, type StagePlace } from "./keys.ts";
import { noteQueues, writtenLanes } from "./lane-objects.ts";
import { lanesOf, laneQueue, oneLane } from "./lanes.ts";
import { batching, firstManifest, manifestOf, workerOf } from "./manifest.ts";
import { stagesOver } from "./part-result.ts";
import { leftOf } from "./resumed-round.ts";
import type { Directive, Lanes, StageDone } from "./protocol.ts";
import { bytesAt, putJsonOnce, putOnce, type Bucket } from "./run-objects.ts";
import type { Services } from "./services.ts";

/** A stage of a part that is not over. */
export interface Next {
  readonly part: number;
  readonly stage: Stage;
}

export type StageDirective = Extract<Directive, { action: "stage" }>;

/** The first stage that is not over. Those without tasks are over at once. */
export async function nextOf(run: string, part: number, plan: Plan, services: Services): Promise<Next | undefined> {
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

/**
 * The round of a stage that is to be run: the last of the attempt that has a manifest; the first gets it here, those behind it from Collect. The first of an attempt
 * that resumes the run has only what is left. `asked`: for so many lanes.
 */
export async function beginRound(
  at: RunAttempt,
  { part, stage }: Next,
  services: Services,
  asked?: number,
): Promise<StageDirective> {
  const { store, queues, bucket, log, clock } = services;
  const place = { run: at.run, part, stage: stage.id };
  const queue = attemptName(at);
  const { size, batches, children, seconds } = batching(stage);
  const rounds = await roundsOf(place, services);
  const own = rounds.filter((round) => attemptOf({ round }) === at.attempt);
  const round = Math.max(firstRoundOf(at.attempt), ...own);
  const manifest = manifestKey(place, round);
  const began = clock.now();
  // Before its manifest: from then on the stage has as many.
  const lanes = await lanesFor(place, stage, { isNew: rounds.length === 0, queue, asked }, services);
  if (own.length === 0) {
    const left = rounds.length === 0 ? undefined : await leftOf(services, place, { stage, size, lanes });
    const lines = left === undefined ? firstManifest(stage, size) : manifestOf(left);
    await store.putStream(objectUrl(services, manifest), lines);
  }
  log("info", "A round begins.", {
    ...place,
    round,
    batches,
    size,
    children,
    seconds,
    lanes: lanes.count,
    manifestMs: clock.now() - began,
  });
  return {
    action: "stage",
    ...place,
    round,
    queue: await queues.create(queue),
    children,
    worker: workerOf(stage),
    bucket,
    manifest,
    batches: round === 0 ? batches : await linesOf(manifest, services),
    lanes,
    collects: Array.from({ length: lanes.count }, (_, lane) => lane),
  };
}

/** The numbers of the rounds that have a manifest, of all attempts. */
async function roundsOf(place: StagePlace, services: Bucket): Promise<number[]> {
  const rounds: number[] = [];
  const prefix = `${objectUrl(services, stagePrefix(place))}manifest-`;
  for await (const { url } of services.store.list(prefix)) rounds.push(parseInt(url.slice(prefix.length), 10));
  return rounds;
}

/**
 * How a stage is cut into lanes: as it was when its first round began, whatever would be chosen now. `asked`: by the run's request. The queues of its lanes are
 * there when this ends.
 */
async function lanesFor(
  place: Parameters<typeof lanesKey>[0],
  stage: Stage,
  { isNew, queue, asked }: { readonly isNew: boolean; readonly queue: string; readonly asked: number | undefined },
  services: Services,
): Promise<Lanes> {
  const projected = isNew ? lanesOf(stage, batching(stage), asked) : undefined;
  // One lane is the same whoever finds it: who plans at the same time, or later.
  const chosen = projected !== undefined && projected.count > 1 ? projected : oneLane(taskCount(stage.tasks));
  if (chosen.count > 1) await putJsonOnce(services, lanesKey(place), chosen);
  const lanes = isNew && chosen.count === 1 ? chosen : ((await writtenLanes(services, place)) ?? chosen);
  if (lanes.count > 1) await noteQueues(services, place.run, lanes.count);
  const name = (lane: number) => laneQueue(queue, lane);
  await Promise.all(Array.from({ length: lanes.count - 1 }, (_, i) => services.queues.create(name(i + 1))));
  return lanes;
}

async function linesOf(key: string, services: Bucket): Promise<number> {
  const bytes = await bytesAt(services, key);
  return bytes === undefined ? 0 : bytes.reduce((count, byte) => count + Number(byte === 10), 0);
}
