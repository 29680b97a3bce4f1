import {
  CancelledError,
  InternalError,
  NotFoundError,
  StalledError,
  TaskError,
  fromErrorRecord,
  toErrorRecord,
  type AbanicoError,
} from "../../errors.ts";
import { attemptName, newestAttempt, type RunAttempt } from "./attempts.ts";
import type { Cloud, Execution } from "./cloud.ts";
import type { RunOutcome } from "./protocol.ts";
import { resumable } from "./resumable.ts";
import { cancelledOf, outcomeOf, requestOf } from "./run-objects.ts";

/** Between looks, in milliseconds: from the first to the last, half as long again each time nothing has moved. */
const FIRST_LOOK_MS = 200;
const LAST_LOOK_MS = 3_000;
/** The execution itself is looked at less often: Step Functions refills 15 requests a second for all of an account. In milliseconds. */
const EXECUTION_MS = 5_000;
/** For so long after its start an execution may not be known yet, in milliseconds. */
const UNKNOWN_MS = 30_000;
/** An execution that is over has written its outcome before; where that is not there after so many looks more, it never will be. */
const LOOKS_BEHIND = 3;

export interface WatchOptions {
  readonly signal?: AbortSignal;
  /** Told at each look; says whether anything has moved. */
  readonly onLook?: () => Promise<boolean>;
}

/**
 * Waits for the outcome of a run, of its latest attempt: the object that Finish or Fail writes. What the state machine says of the execution matters only where that
 * object does not come: it was stopped, or broke.
 *
 * @throws the signal's reason; NotFoundError where there is no such run; what says how the execution ended where it left no outcome
 */
export async function awaitOutcome(cloud: Cloud, run: string, options: WatchOptions = {}): Promise<RunOutcome> {
  const { clock } = cloud;
  const { signal, onLook } = options;
  const at = await newestAttempt(cloud, run);
  const begun = clock.now();
  let asked = begun;
  let delay = FIRST_LOOK_MS;
  let behind = 0;
  for (;;) {
    signal?.throwIfAborted();
    const outcome = await outcomeOf(cloud, run, at.attempt);
    if (outcome !== undefined) {
      await onLook?.();
      return outcome;
    }
    const now = clock.now();
    if (behind > 0 || now - asked >= EXECUTION_MS) {
      asked = now;
      const execution = await cloud.executionOf(attemptName(at));
      const isOver = execution.status === "missing" ? now - begun > UNKNOWN_MS : execution.status !== "running";
      behind = isOver ? behind + 1 : 0;
      if (behind > LOOKS_BEHIND) throw await endOf(cloud, at, execution);
    }
    const moved = (await onLook?.()) === true;
    await clock.sleep(behind > 0 ? 1_000 : delay, signal);
    delay = moved ? FIRST_LOOK_MS : Math.min(LAST_LOOK_MS, delay * 1.5);
  }
}

/** The same, of a run that someone may have cancelled: whatever its execution came to while it was stopped, that is why. */
export async function endOf(cloud: Cloud, at: RunAttempt, execution: Execution): Promise<Error> {
  const { run, attempt } = at;
  const request = await requestOf(cloud, run).catch(() => undefined);
  if (execution.status === "missing") return request === undefined ? endedWithout(run, execution) : neverBegan(at);
  const reason = await cancelledOf(cloud, run, attempt);
  const error =
    reason === undefined
      ? endedWithout(run, execution)
      : new CancelledError(`Run ${run} was cancelled${reason === "" ? "." : `: ${reason}`}`, {
          fields: { run, reason, status: execution.status },
        });
  return request === undefined ? error : fromErrorRecord(resumable(toErrorRecord(error), request, true));
}

/** Whoever asked for it died before its execution began. */
function neverBegan(at: RunAttempt): NotFoundError {
  const { run } = at;
  return new NotFoundError(`Run ${run} was asked for, and its execution ${attemptName(at)} is not there.`, {
    fields: { ...at },
    fix: `npx abanico resume ${run}, or await client.resume("${run}"), lets it begin.`,
  });
}

/** How a run ended whose execution is over and left no outcome. */
export function endedWithout(run: string, { status, error, cause }: Execution): AbanicoError {
  const fields = { run, status, error, cause };
  const said = [error, cause].filter((text) => text !== undefined && text !== "").join(": ");
  const because = said === "" ? "" : `: ${said}`;
  switch (status) {
    case "missing":
      return new NotFoundError(`There is no run ${run} in this stack.`, {
        fields,
        fix: "see abanico status for the runs there are; they are known for 90 days.",
      });
    case "aborted":
      return new CancelledError(`The run ${run} was stopped from elsewhere${because}.`, { fields });
    case "timed-out":
      return new StalledError(`The run ${run} took longer than its state machine allows${because}.`, {
        fields,
        fix: "give it less to do at once, or raise the limit of the stack.",
      });
    case "failed":
      return new TaskError(`The state machine failed the run ${run} before it could say why${because}.`, {
        fields,
        fix: `see its execution in Step Functions, or abanico logs ${run}.`,
      });
    default:
      return new InternalError(`The run ${run} has ended (${status}) and left no outcome.`, { fields });
  }
}
