import { InternalError } from "../../errors.ts";
import { loadFold } from "../../kernels/registry.ts";
import type { Stage } from "../../plan/plan.ts";
import { CloudFold } from "./cloud-fold.ts";
import type { CollectLimits } from "./collect-limits.ts";
import { doneKey, partialKey, stagePrefix, type StagePlace } from "./keys.ts";
import { tellOfAll } from "./lane-progress.ts";
import type { CollectInput, StageDone, StageUsage } from "./protocol.ts";
import { doneOf, partialOf, planOf, putJsonOnce, putOnce } from "./run-objects.ts";
import type { Services } from "./services.ts";
import { stageOf } from "./work.ts";

/**
 * Folds what the lanes of a stage gave, once all of them are done: the top of the fold tree, which is the tree over their numbers. Each lane comes here when it
 * is done itself, so that the last one finds all; of two at once both find the same.
 */
export async function gatherLanes(input: CollectInput, services: Services, limits: CollectLimits): Promise<void> {
  const { run, part, stage, lanes } = input;
  if (lanes === undefined) return;
  const place = { run, part, stage };
  const done: StageDone[] = [];
  for (const one of await Promise.all([...lanesIn(place, lanes.count)].map((lane) => doneOf(services, lane)))) {
    if (one === undefined) return;
    done.push(one);
  }
  if ((await doneOf(services, place)) !== undefined) return;
  const planned = stageOf(await planOf(services, run, part), stage);
  if (planned.output.kind === "fold") {
    const folded = await foldLanes(planned, [...lanesIn(place, lanes.count)], services, limits);
    await putOnce(services, partialKey(place), folded);
  }
  await tellOfAll(services, input, services.clock.now());
  await putJsonOnce(services, doneKey(place), doneTogether(done));
}

function* lanesIn(place: StagePlace, count: number): Generator<StagePlace> {
  for (let lane = 0; lane < count; lane++) yield { ...place, lane };
}

async function foldLanes(
  stage: Stage,
  lanes: readonly StagePlace[],
  services: Services,
  { memoryBytes }: CollectLimits,
): Promise<Uint8Array> {
  const { output } = stage;
  if (output.kind !== "fold") throw new InternalError(`Stage "${stage.id}" does not fold.`);
  const window = { start: 0, end: lanes.length };
  const place = { ...services, prefix: stagePrefix(lanes[0]), memoryBytes, window };
  const fold = new CloudFold(stage, await loadFold(output.fold.op, output.fold.params), place);
  for (const [at, lane] of lanes.entries()) {
    const bytes = await partialOf(services, lane);
    if (bytes === undefined) throw new InternalError(`Lane ${at} of stage "${stage.id}" is done, and left no partial.`);
    await fold.offer(at, 0, { bytes, size: bytes.byteLength, exact: true });
  }
  return fold.result();
}

function doneTogether(lanes: readonly StageDone[]): StageDone {
  const sum = (of: (lane: StageDone) => number) => lanes.reduce((total, lane) => total + of(lane), 0);
  const used = (name: keyof StageUsage) => sum(({ usage }) => usage?.[name] ?? 0);
  return {
    tasks: sum(({ tasks }) => tasks),
    attempts: sum(({ attempts }) => attempts),
    recordsIn: sum(({ recordsIn }) => recordsIn),
    recordsOut: sum(({ recordsOut }) => recordsOut),
    bytesOut: sum(({ bytesOut }) => bytesOut),
    busyMs: sum(({ busyMs }) => busyMs),
    wallMs: Math.max(...lanes.map(({ wallMs }) => wallMs)),
    repaired: Object.assign({}, ...lanes.map(({ repaired }) => repaired)) as StageDone["repaired"],
    folded: lanes.every(({ folded }) => folded),
    usage: {
      batches: used("batches"),
      workMs: used("workMs"),
      workMbMs: used("workMbMs"),
      messages: used("messages"),
      objects: used("objects"),
      collectMs: used("collectMs"),
      collectMbMs: used("collectMbMs"),
    },
  };
}
