import { loadFold } from "../../kernels/registry.ts";
import type { Plan, Stage } from "../../plan/plan.ts";
import { taskCount } from "../../plan/rules.ts";
import { doneKey, manifestKey, objectUrl, partialKey, stagePrefix } from "./keys.ts";
import { batching, firstManifest, workerOf } from "./manifest.ts";
import { stagesOver } from "./part-result.ts";
import type { Directive, StageDone } from "./protocol.ts";
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

/** The round of a stage that is to be run: the last that has a manifest; the first gets it here, those behind it from Collect. */
export async function beginRound(run: string, { part, stage }: Next, services: Services): Promise<StageDirective> {
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
