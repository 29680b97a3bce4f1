import { AbanicoError, CancelledError, fromErrorRecord, toErrorRecord } from "../../errors.ts";
import type { Plan } from "../../plan/plan.ts";
import type { RunEvent, RunOptions, RunReport, RunResult } from "../runtime.ts";
import { attemptName, newestAttempt, type RunAttempt } from "./attempts.ts";
import type { Cloud } from "./cloud.ts";
import { billOf } from "./cost.ts";
import { cancelKey, objectUrl, partName, requestKey } from "./keys.ts";
import { queuesOf } from "./lane-objects.ts";
import { laneQueue } from "./lanes.ts";
import { StageLook, reportOf } from "./look.ts";
import { givenBy } from "./part-result.ts";
import { PROTOCOL, type RunOutcome, type RunRequest } from "./protocol.ts";
import { putJsonOnce } from "./run-objects.ts";
import { awaitOutcome } from "./watch.ts";
import { withLogs } from "./worker-logs.ts";

/** What a run asks for, but for what the client itself fills in. */
export type Asked = Omit<RunRequest, "abanico" | "run" | "createdAt">;

export function newRunId(): string {
  return `run-${crypto.randomUUID().slice(0, 13)}`;
}

/** Writes the request and starts the execution. Both may be done again: the request is there once, and so is the execution, by its name. */
export async function beginRun(cloud: Cloud, run: string, asked: Asked): Promise<void> {
  const request: RunRequest = { abanico: PROTOCOL, run, createdAt: cloud.clock.now(), ...asked };
  await putJsonOnce(cloud, requestKey(run), request);
  await cloud.startRun(run);
}

/**
 * Stops a run, its latest attempt: the marker tells workers and Collect, which then end by themselves; the execution is stopped at once, since no one waits for them. Either will do.
 *
 * @throws where neither could be done: the run goes on
 */
export async function stopRun(cloud: Cloud, run: string, reason: string): Promise<void> {
  const at = await newestAttempt(cloud, run).catch(() => ({ run, attempt: 1 }));
  const done = await Promise.allSettled([
    cloud.store.put(objectUrl(cloud, cancelKey(run, at.attempt)), new TextEncoder().encode(reason)),
    cloud.stopRun(attemptName(at), reason),
  ]);
  const failed = done.filter((one) => one.status === "rejected");
  if (failed.length === done.length) throw failed[0].reason;
  // Fail does it otherwise, and does not come to it here.
  await removeQueues(cloud, at);
}

/** Of an attempt: what cannot be deleted SQS forgets by itself. */
export async function removeQueues(cloud: Cloud, at: RunAttempt): Promise<void> {
  const queues = await queuesOf(cloud, at.run).catch(() => 1);
  for (let lane = 0; lane < queues; lane++)
    await cloud.removeQueue(laneQueue(attemptName(at), lane)).catch(() => undefined);
}

/** Runs a plan from its request to its result. What it has made is not deleted here. */
export async function runPlan(
  cloud: Cloud,
  run: string,
  plan: Plan,
  asked: Omit<Asked, "what">,
  { signal, onEvent, intake }: RunOptions,
): Promise<RunResult> {
  const name = partName(run, 0);
  const { emit, failed } = guarded(onEvent);
  const ends = signal === undefined ? failed : AbortSignal.any([signal, failed]);
  let begun = false;
  try {
    ends.throwIfAborted();
    emit({ type: "run-started", run: name, plan });
    begun = true;
    await beginRun(cloud, run, { ...asked, what: { kind: "plan", plan } });
    const look = new StageLook(cloud, { run, part: 0, name }, plan, emit);
    const watching = awaitOutcome(cloud, run, { signal: ends, onLook: () => look.look() });
    const outcome = await watching.catch((error: unknown) => {
      throw ends.aborted ? error : goesOn(error, run);
    });
    if (!outcome.ok) throw await withLogs(cloud, run, fromErrorRecord(outcome.error));
    look.finish(outcome.stages);
    const report = reportOfRun(name, outcome, cloud);
    const result = await givenBy(cloud, plan, outcome);
    ends.throwIfAborted();
    emit({ type: "run-finished", run: name, report });
    failed.throwIfAborted();
    return { run: name, ...result, report };
  } catch (thrown) {
    const stopped = ends.aborted && thrown === ends.reason;
    const error = stopped && !failed.aborted ? cancelled(thrown) : thrown;
    // Whoever stops it is told that it was stopped, and not why it could not be.
    if (stopped && begun)
      await stopRun(cloud, run, error instanceof Error ? error.message : String(error)).catch(() => undefined);
    emit({ type: "run-failed", run: name, error: toErrorRecord(error) });
    intake?.changed({ error });
    throw error;
  }
}

/** The run itself has not failed where only the watching has: it can be found again. */
function goesOn(error: unknown, run: string): unknown {
  if (!(error instanceof AbanicoError) || (error.tag !== "Unreadable" && error.tag !== "StoreFault")) return error;
  const { fix, ...record } = toErrorRecord(error);
  const more = `the run goes on without this client: (await client.attach("${run}")).result(), or npx abanico status ${run}.`;
  return fromErrorRecord({
    ...record,
    message: `${record.message}\n  ${more}`,
    fix: fix === undefined ? more : `${fix} Then ${more}`,
    fields: { ...record.fields, run },
  });
}

/** A subscriber that throws ends the run, as it does everywhere; where the run ends anyway, it must not hide why. */
function guarded(onEvent: ((event: RunEvent) => void) | undefined) {
  const abort = new AbortController();
  const emit = (event: RunEvent): void => {
    try {
      onEvent?.(event);
    } catch (error) {
      abort.abort(error);
    }
  };
  return { emit, failed: abort.signal };
}

function cancelled(reason: unknown): CancelledError {
  return reason instanceof CancelledError ? reason : new CancelledError("The run was cancelled.", { cause: reason });
}

type Done = RunOutcome & { readonly ok: true };

export function reportOfRun(name: string, outcome: Done, { stack }: Pick<Cloud, "stack">): RunReport {
  return {
    run: name,
    wallMs: outcome.wallMs,
    stages: outcome.stages.map((done) => reportOf(done.stage, done)),
    bill: billOf(outcome, stack),
  };
}
