import {
  ConflictError,
  NotFoundError,
  UnreadableError,
  fromErrorRecord,
  toErrorRecord,
  type ErrorRecord,
} from "../../errors.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Store } from "../../store/store.ts";
import {
  begunKey,
  cancelKey,
  doneKey,
  failedKey,
  failureKey,
  objectUrl,
  outcomeKey,
  partialKey,
  planKey,
  requestKey,
  seenKey,
  type StagePlace,
} from "./keys.ts";
import type { PartRecord } from "./journal.ts";
import { PROTOCOL, type RunOutcome, type RunRequest, type StageDone } from "./protocol.ts";
import type { Services } from "./services.ts";

/** The objects of a run, read and written as what they are. Nothing of a run is known but by them. */
export type Bucket = Pick<Services, "store" | "bucket">;

/** The bytes of an object; undefined where it is not there. */
export async function bytesAt(services: Bucket, key: string): Promise<Uint8Array | undefined> {
  try {
    return await services.store.get(objectUrl(services, key));
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** The size of an object in bytes; undefined where it is not there. */
export async function sizeAt(services: Bucket, key: string): Promise<number | undefined> {
  try {
    return (await services.store.head(objectUrl(services, key))).size;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

async function jsonAt(services: Bucket, key: string, tell?: (bytes: number) => void): Promise<unknown> {
  const bytes = await bytesAt(services, key);
  if (bytes === undefined) return undefined;
  tell?.(bytes.byteLength);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new UnreadableError(`${objectUrl(services, key)} is not JSON.`, { fields: { key }, cause });
  }
}

const encoder = new TextEncoder();

/** Writes an object, whatever was there. */
export async function putJson(services: Bucket, key: string, value: unknown): Promise<void> {
  await services.store.put(objectUrl(services, key), encoder.encode(JSON.stringify(value)));
}

/** Writes an object that is not there yet. False where it is: of all who write it, the first has. */
export async function putOnce(services: Bucket, key: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await services.store.put(objectUrl(services, key), bytes, { ifAbsent: true });
    return true;
  } catch (error) {
    if (error instanceof ConflictError) return false;
    throw error;
  }
}

export function putJsonOnce(services: Bucket, key: string, value: unknown): Promise<boolean> {
  return putOnce(services, key, encoder.encode(JSON.stringify(value)));
}

/** @throws NotFoundError, UnreadableError */
export async function requestOf(services: Bucket, run: string): Promise<RunRequest> {
  const found = (await jsonAt(services, requestKey(run))) as RunRequest | undefined; // written by `start` or a client
  if (found === undefined)
    throw new NotFoundError(`There is no run ${run} in the bucket ${services.bucket}.`, {
      fields: { run, bucket: services.bucket },
      fix: "start it by the client, or by the function start: they write its request first.",
    });
  if (found.abanico === PROTOCOL) return found;
  throw new UnreadableError(`Run ${run} speaks version ${found.abanico} of the protocol, this stack ${PROTOCOL}.`, {
    fields: { run, expected: PROTOCOL, found: found.abanico },
    fix: "deploy the stack with the client's version of abanico: npx abanico deploy.",
  });
}

/** Notes when an attempt begins: once. */
export async function begin(
  services: Pick<Services, "store" | "bucket" | "clock">,
  run: string,
  attempt = 1,
): Promise<void> {
  await putJsonOnce(services, begunKey(run, attempt), services.clock.now());
}

/** When an attempt began, in milliseconds since 1970, as functions measure time: the clock of the client that asked for it may be wrong by hours. */
export async function begunAt(services: Bucket, { run, createdAt }: RunRequest, attempt = 1): Promise<number> {
  const begun = await jsonAt(services, begunKey(run, attempt));
  return typeof begun === "number" ? begun : createdAt;
}

/** What has been read of these objects, which never change once they are there. Goes with the store, and holds the last few. */
const plans = new WeakMap<Store, Map<string, KeptPlan>>();
const PLANS_KEPT = 4;
/** Of those that are kept beside the last, in bytes of JSON: a plan of a million files has 100 MB. */
const PLAN_BYTES = 16 * 2 ** 20;

interface KeptPlan {
  readonly plan: Promise<Plan>;
  /** Of its JSON, once that is known. */
  bytes: number;
}

/** The plan of a part. @throws NotFoundError */
export function planOf(services: Bucket, run: string, part: number): Promise<Plan> {
  const key = planKey(run, part);
  const known = plans.get(services.store) ?? new Map<string, KeptPlan>();
  plans.set(services.store, known);
  let kept = known.get(key);
  known.delete(key);
  forget(known);
  if (kept === undefined) {
    const reading: KeptPlan = { plan: readPlan(services, key, (bytes) => (reading.bytes = bytes)), bytes: 0 };
    kept = reading;
    kept.plan.catch(() => known.delete(key));
  }
  known.set(key, kept);
  return kept.plan;
}

/** Makes room for one more. */
function forget(known: Map<string, KeptPlan>): void {
  let bytes = 0;
  for (const kept of known.values()) bytes += kept.bytes;
  for (const [oldest, kept] of known) {
    if (known.size < PLANS_KEPT && bytes <= PLAN_BYTES) return;
    known.delete(oldest);
    bytes -= kept.bytes;
  }
}

async function readPlan(services: Bucket, key: string, tell: (bytes: number) => void): Promise<Plan> {
  const found = await jsonAt(services, key, tell);
  if (found !== undefined) return found as Plan; // Advance has checked it before it wrote it
  throw new NotFoundError(`There is no plan ${objectUrl(services, key)}.`, {
    fields: { key },
    fix: "the run is over and its objects are deleted; start it again.",
  });
}

/** What the planner of a collection had seen when it made a part; undefined where it has not. */
export async function seenOf(services: Bucket, run: string, part: number): Promise<PartRecord | undefined> {
  return (await jsonAt(services, seenKey(run, part))) as PartRecord | undefined; // Advance's
}

export async function doneOf(services: Bucket, place: StagePlace): Promise<StageDone | undefined> {
  return (await jsonAt(services, doneKey(place))) as StageDone | undefined; // Collect's
}

export function partialOf(services: Bucket, place: StagePlace): Promise<Uint8Array | undefined> {
  return bytesAt(services, partialKey(place));
}

/** How an attempt ended; undefined where it has not, or could not say. */
export async function outcomeOf(services: Bucket, run: string, attempt = 1): Promise<RunOutcome | undefined> {
  return (await jsonAt(services, outcomeKey(run, attempt))) as RunOutcome | undefined; // Finish's or Fail's
}

/** The error that a part came to in an attempt. */
export async function failedOf(services: Bucket, run: string, part: number, attempt = 1): Promise<Error | undefined> {
  const record = (await jsonAt(services, failedKey(run, part, attempt))) as ErrorRecord | undefined; // Collect's
  return record === undefined ? undefined : fromErrorRecord(record);
}

export async function failureOf(services: Bucket, run: string, attempt = 1): Promise<ErrorRecord | undefined> {
  return (await jsonAt(services, failureKey(run, attempt))) as ErrorRecord | undefined; // of `recorded`
}

/** Why the attempt was cancelled; undefined where it was not. */
export async function cancelledOf(services: Bucket, run: string, attempt = 1): Promise<string | undefined> {
  const bytes = await bytesAt(services, cancelKey(run, attempt));
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** Whether nobody waits for a stage's outputs any more: the stage or the attempt is over, or was cancelled. */
export async function isOver(services: Bucket, place: StagePlace, attempt = 1): Promise<boolean> {
  const keys = [outcomeKey(place.run, attempt), cancelKey(place.run, attempt), doneKey(place)];
  return (await Promise.all(keys.map((key) => sizeAt(services, key)))).some((size) => size !== undefined);
}

/** Runs `body`; what it throws lies in S3 before Step Functions gets a text of it. */
export async function recorded<T>(
  services: Services,
  { run, attempt }: { readonly run: string; readonly attempt: number },
  body: () => Promise<T>,
): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const record = toErrorRecord(error);
    services.log("error", record.message, { run, attempt, error: record.name });
    try {
      await putJson(services, failureKey(run, attempt), record);
    } catch (other) {
      services.log("error", "The error could not be recorded.", { run, error: toErrorRecord(other).message });
    }
    throw error;
  }
}
