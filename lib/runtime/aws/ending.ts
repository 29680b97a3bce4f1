import { toErrorRecord } from "../../errors.ts";
import { attemptName, type RunAttempt } from "./attempts.ts";
import { objectUrl, resultsPrefix, runPrefix } from "./keys.ts";
import { queuesOf } from "./lane-objects.ts";
import { laneQueue } from "./lanes.ts";
import type { RunNotice, RunOutcome, RunRequest } from "./protocol.ts";
import type { Services } from "./services.ts";

/** What Finish and Fail both do. */

/** Deletions at a time. */
const AT_ONCE = 32;
/** For what comes behind, in milliseconds. */
const RESERVE_MS = 20_000;

/**
 * Deletes a run's objects but for those that `keep` names by their key below the run. What there is no time for, or no permission, goes by the bucket's
 * lifecycle rule: a run that has its result does not fail of it.
 */
export async function deleteObjects(services: Services, run: string, keep: (name: string) => boolean): Promise<void> {
  try {
    await deleteAll(services, run, keep);
  } catch (error) {
    services.log("warn", "Not all of a run's objects could be deleted.", { run, error: toErrorRecord(error).message });
  }
}

async function deleteAll(services: Services, run: string, keep: (name: string) => boolean): Promise<void> {
  const { store, clock, log } = services;
  const prefix = objectUrl(services, runPrefix(run));
  let deleted = 0;
  let urls: string[] = [];
  const flush = async () => {
    await Promise.all(urls.map((url) => store.delete(url)));
    deleted += urls.length;
    urls = [];
  };
  for await (const { url } of store.list(prefix)) {
    if (keep(url.slice(prefix.length))) continue;
    urls.push(url);
    if (urls.length < AT_ONCE) continue;
    await flush();
    if (clock.remaining() > RESERVE_MS) continue;
    log("warn", "There was no time to delete all of a run's objects.", { run, deleted });
    return;
  }
  await flush();
}

/** Tells the results queue how a run ended, where it asks for that. */
export async function notify(services: Services, request: RunRequest, outcome: RunOutcome): Promise<void> {
  if (request.notify !== true) return;
  await services.queues.send(services.resultsQueue, [JSON.stringify(noticeOf(services, request, outcome))]);
}

function noticeOf(services: Services, { run, what }: RunRequest, outcome: RunOutcome): RunNotice {
  const whose = { run, ...(what.kind === "collection" && what.name !== undefined ? { name: what.name } : {}) };
  if (!outcome.ok) {
    const { tag, name, message } = outcome.error;
    return { ...whose, ok: false, error: { ...(tag === undefined ? {} : { tag }), name, message } };
  }
  if (outcome.result === undefined) return { ...whose, ok: true };
  return { ...whose, ok: true, results: objectUrl(services, resultsPrefix(run)) };
}

/** The run's queues go with all that may still be in them; where they stay, SQS forgets what is in them after its retention time. */
export async function removeQueue(services: Services, at: RunAttempt): Promise<void> {
  const failed = (error: unknown) =>
    services.log("warn", "The queue of a run could not be deleted.", { ...at, error: toErrorRecord(error).message });
  try {
    const queue = await services.queues.create(attemptName(at));
    const lanes = await queuesOf(services, at.run);
    // One that cannot be deleted keeps none of the others.
    for (let lane = 0; lane < lanes; lane++) await services.queues.remove(laneQueue(queue, lane)).catch(failed);
  } catch (error) {
    failed(error);
  }
}
