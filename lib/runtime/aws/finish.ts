import type { Plan } from "../../plan/plan.ts";
import { attemptAt } from "./attempts.ts";
import { deleteObjects, notify, removeQueue } from "./ending.ts";
import { objectUrl, outcomeKey, resultKey } from "./keys.ts";
import { stagesOver } from "./part-result.ts";
import type { RunInput, RunOutcome } from "./protocol.ts";
import { begunAt, outcomeOf, planOf, putJsonOnce, recorded, requestOf, seenOf } from "./run-objects.ts";
import type { Services } from "./services.ts";

/**
 * Ends a run all of whose parts are over: says so in `outcome.json`, tells the results queue, and deletes what nobody needs any more. Of a plan the partial or
 * the outputs of its last stage stay, for the client that asked for it; of a collection its result. May be called again.
 */
export function finish(input: RunInput, services: Services): Promise<RunInput> {
  const at = attemptAt(input);
  const { run, attempt } = at;
  return recorded(services, at, async () => {
    const request = await requestOf(services, run);
    const isPlan = request.what.kind === "plan";
    let outcome = await outcomeOf(services, run, attempt);
    if (outcome === undefined) {
      const parts = isPlan ? 1 : await partsOf(services, run);
      const wallMs = services.clock.now() - (await begunAt(services, request, attempt));
      const result = isPlan ? {} : { result: objectUrl(services, resultKey(run)) };
      const stages = await allStages(services, run, parts);
      outcome = { ok: true, run, part: Math.max(0, parts - 1), stages, wallMs, ...result };
      // Where another has been quicker, its outcome counts.
      if (!(await putJsonOnce(services, outcomeKey(run, attempt), outcome)))
        outcome = (await outcomeOf(services, run, attempt)) ?? outcome;
      services.log("info", "A run is over.", { ...at, parts, wallMs });
    }
    await removeQueue(services, at);
    await notify(services, request, outcome);
    await deleteObjects(services, run, request.what.kind === "plan" ? keptOfPlan(request.what.plan) : isRecord);
    return { run };
  });
}

/** How many parts a collection was planned in. */
async function partsOf(services: Services, run: string): Promise<number> {
  let parts = 0;
  while ((await seenOf(services, run, parts)) !== undefined) parts++;
  return parts;
}

/** The stages of all parts, in order. A part that was planned again ends with the stage before the one that failed. */
async function allStages(services: Services, run: string, parts: number) {
  const stages: (RunOutcome & { ok: true })["stages"][number][] = [];
  for (let part = 0; part < parts; part++)
    stages.push(...(await stagesOver(services, run, part, await planOf(services, run, part))));
  return stages;
}

/** What tells of the run, and of each of its attempts. */
const isRecord = (name: string): boolean => /^(request|attempt-\d+|outcome(-\d+)?)\.json$/.test(name);

function keptOfPlan({ stages }: Plan): (name: string) => boolean {
  const last = stages.at(-1);
  const outputs = last?.output.kind === "fold" ? `0/${last.id}/partial` : `0/${last?.id}/out/`;
  return (name) => isRecord(name) || name === "0/plan.json" || name.endsWith("/done.json") || name.startsWith(outputs);
}
