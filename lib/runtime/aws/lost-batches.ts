import { fromErrorRecord, toErrorRecord } from "../../errors.ts";
import { caughtError } from "./caught.ts";
import { attemptOf, type RunAttempt } from "./attempts.ts";
import { failureKey } from "./keys.ts";
import type { Caught, WorkInput } from "./protocol.ts";
import { failureOf, putJson } from "./run-objects.ts";
import type { Services } from "./services.ts";

/** What a map fails with whose batches fail, whatever they failed with. */
const BATCHES_LOST = "States.ExceedToleratedFailureThreshold";

/** Of a call that cannot even say that its batch is lost, Step Functions tells nothing: why that is lies in S3, for Advance. Throws the error. */
export async function tellWhyLost(input: WorkInput, error: unknown, services: Services): Promise<never> {
  const { run, stage, batch, lost } = input;
  if (lost === undefined) throw error;
  const { fields, ...record } = toErrorRecord(error);
  const why = { ...record, fields: { ...fields, stage, batch: { ...batch } } };
  await putJson(services, failureKey(run, attemptOf(input)), why).catch((other: unknown) =>
    services.log("error", "Why a batch is lost could not be recorded.", { run, stage, batch, error: String(other) }),
  );
  throw error;
}

/** Why a round failed: what a batch that was lost has said of it, where one has; else what Step Functions tells. */
export async function whyLost(
  stage: string,
  { run, attempt }: RunAttempt,
  error: Caught,
  services: Services,
): Promise<Error> {
  const said = error.Error === BATCHES_LOST ? await failureOf(services, run, attempt) : undefined;
  if (said?.fields?.["stage"] === stage) return fromErrorRecord(said);
  return caughtError(error, `Stage "${stage}" of run ${run}`);
}
