import { NotFoundError, UnreadableError, toErrorRecord, type ErrorRecord } from "../../errors.ts";
import { caughtError } from "./caught.ts";
import { notify, removeQueue } from "./ending.ts";
import { outcomeKey } from "./keys.ts";
import type { FailInput, RunInput, RunOutcome, RunRequest } from "./protocol.ts";
import { begunAt, failureOf, outcomeOf, putJsonOnce, requestOf } from "./run-objects.ts";
import type { Services } from "./services.ts";

/**
 * Ends a run that failed: says why in `outcome.json`, unless it has ended already, and tells the results queue. The run's objects stay, for whoever looks for
 * the reason; the bucket's lifecycle rule deletes them. May be called again.
 */
export async function fail({ run, error = {} }: FailInput, services: Services): Promise<RunInput> {
  const request = await requestIfThere(services, run);
  let outcome = await outcomeOf(services, run);
  if (outcome === undefined) {
    const why = await reasonOf(services, run, error);
    const now = services.clock.now();
    const failed: RunOutcome = {
      ok: false,
      run,
      error: why,
      wallMs: request === undefined ? 0 : now - (await begunAt(services, request)),
    };
    // Where another has been quicker, its outcome counts.
    outcome = (await putJsonOnce(services, outcomeKey(run), failed)) ? failed : await outcomeOf(services, run);
    services.log("error", why.message, { run, error: why.name });
  }
  await removeQueue(services, run);
  if (outcome !== undefined && request !== undefined) await notify(services, request, outcome);
  return { run };
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
  run: string,
  caught: NonNullable<FailInput["error"]>,
): Promise<ErrorRecord> {
  const told = caughtError(caught, `Run ${run}`);
  const recorded = await failureOf(services, run);
  // One that was recorded before may have passed, and something else ended the run.
  if (
    recorded !== undefined &&
    (caught.Error === undefined || recorded.name === told.name || recorded.name === caught.Error)
  )
    return recorded;
  return toErrorRecord(told);
}
