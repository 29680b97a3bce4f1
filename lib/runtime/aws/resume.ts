import { StalledError } from "../../errors.ts";
import { attemptName, newestAttempt, noteAttempt, type RunAttempt } from "./attempts.ts";
import type { Cloud } from "./cloud.ts";
import { cancelKey, objectUrl } from "./keys.ts";
import { removeQueues } from "./plan-run.ts";
import { cancelledOf, outcomeOf } from "./run-objects.ts";

export interface Resumed extends RunAttempt {
  /** `resumed`: by this call, or one at the same time; otherwise there was nothing to resume. */
  readonly state: "resumed" | "running" | "succeeded";
}

/** For what is being stopped to have ended, in milliseconds. */
const STOP_MS = 60_000;
const LOOK_MS = 1_000;

/**
 * Lets a run go on that failed, was cancelled, or whose execution was stopped, as its next attempt. Of several who ask at once one attempt comes, which has a name that
 * follows from the last one's. A run that goes on, or has its result, stays as it is.
 *
 * @throws StalledError where it was cancelled and does not end
 */
export async function resumeRun(cloud: Cloud, run: string): Promise<Resumed> {
  const last = await newestAttempt(cloud, run);
  const outcome = await outcomeOf(cloud, run, last.attempt);
  if (outcome?.ok === true) return { ...last, state: "succeeded" };
  if (outcome === undefined) {
    const status = await statusOf(cloud, last);
    if (status === "running") return { ...last, state: "running" };
    if (status === "missing") {
      // Whoever asked for it died before its execution began.
      await cloud.startRun(run, last.attempt);
      return { ...last, state: "resumed" };
    }
    await endForGood(cloud, last);
  }
  const next = { run, attempt: last.attempt + 1 };
  await noteAttempt(cloud, next, cloud.clock.now());
  await cloud.startRun(run, next.attempt);
  return { ...next, state: "resumed" };
}

/** Of an attempt without an outcome. One that was cancelled, and is about to end, is waited for. */
async function statusOf(cloud: Cloud, at: RunAttempt): Promise<"running" | "missing" | "over"> {
  const until = cloud.clock.now() + STOP_MS;
  for (;;) {
    const { status } = await cloud.executionOf(attemptName(at));
    if (status === "missing") return status;
    if (status !== "running" || (await outcomeOf(cloud, at.run, at.attempt)) !== undefined) return "over";
    if ((await cancelledOf(cloud, at.run, at.attempt)) === undefined) return "running";
    if (cloud.clock.now() > until)
      throw new StalledError(`Run ${at.run} was cancelled, and has not ended yet.`, {
        fields: { ...at },
        fix: `try again in a minute; npx abanico status ${at.run} says how it stands.`,
      });
    await cloud.clock.sleep(LOOK_MS);
  }
}

/** An execution that was stopped from elsewhere leaves functions that go on, and its queue. */
async function endForGood(cloud: Cloud, at: RunAttempt): Promise<void> {
  const why = new TextEncoder().encode(`It goes on as attempt ${at.attempt + 1}.`);
  if ((await cancelledOf(cloud, at.run, at.attempt)) === undefined)
    await cloud.store.put(objectUrl(cloud, cancelKey(at.run, at.attempt)), why);
  await removeQueues(cloud, at);
}
