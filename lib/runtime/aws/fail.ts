import { NotFoundError, UnreadableError, toErrorRecord, type ErrorRecord } from "../../errors.ts";
import { attemptAt, type RunAttempt } from "./attempts.ts";
import { caughtError } from "./caught.ts";
import { notify, removeQueue } from "./ending.ts";
import { outcomeKey } from "./keys.ts";
import type { FailInput, RunInput, RunOutcome, RunRequest } from "./protocol.ts";
import { resumable } from "./resumable.ts";
import { begunAt, failureOf, outcomeOf, putJsonOnce, requestOf } from "./run-objects.ts";
import type { Services } from "./services.ts";

/**
 * Ends an attempt of a run that failed: says why in its outcome, unless it has ended already, and tells the results queue. The run's objects stay, for whoever looks for
 * the reason, and for the attempt that resumes it; the bucket's lifecycle rule deletes them. May be called again.
 */
export async function fail(input: FailInput, services: Services): Promise<RunInput> {
  const at = attemptAt(input);
  const { run, attempt } = at;
  const request = await requestIfThere(services, run);
  let outcome = await outcomeOf(services, run, attempt);
  if (outcome === undefined) {
    const why = await reasonOf(services, at, input.error ?? {}, request);
    const now = services.clock.now();
    const failed: RunOutcome = {
      ok: false,
      run,
      error: why,
      wallMs: request === undefined ? 0 : now - (await begunAt(services, request, attempt)),
    };
    // Where another has been quicker, its outcome counts.
    outcome = (await putJsonOnce(services, outcomeKey(run, attempt), failed))
      ? failed
      : await outcomeOf(services, run, attempt);
    services.log("error", why.message, { ...at, error: why.name });
  }
  await removeQueue(services, at);
  if (outcome !== undefined && request !== undefined) await notify(services, request, outcome);
  return at;
}

/** There is none where what was asked for was not well formed. */
async function requestIfThere(services: Services, run: string): Promise<RunRequest | undefined> {
  try {
    return await requestOf(services, run);
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof UnreadableError) return undefined;
    throw error;
  }
}

/** What a function threw is recorded whole; of what happened to a function, or to Step Functions, there is only what that tells. */
async function reasonOf(
  services: Services,
  { run, attempt }: RunAttempt,
  caught: NonNullable<FailInput["error"]>,
  request: RunRequest | undefined,
): Promise<ErrorRecord> {
  const told = caughtError(caught, `Run ${run}`);
  const recorded = await failureOf(services, run, attempt);
  // One that was recorded before may have passed, and something else ended the run.
  if (
    recorded !== undefined &&
    (caught.Error === undefined || recorded.name === told.name || recorded.name === caught.Error)
  )
    return request === undefined ? recorded : resumable(recorded, request);
  const record = toErrorRecord(told);
  return request === undefined ? record : resumable(record, request);
}
