import { objectUrl, runPrefix } from "./keys.ts";
import type { AdvanceInput, RunInput } from "./protocol.ts";
import { putJsonOnce, type Bucket } from "./run-objects.ts";

/**
 * A run that has failed, or was stopped, is resumed as its next attempt: an execution of its own, over the same objects. What parts and stages have come to
 * belongs to the run, and is not done again; how an attempt began and ended belongs to it alone, so that a late function of an attempt before can neither
 * tell the outcome of this one nor cancel it.
 *
 *     runs/<run>/request.json ─▶ attempt 1 ─▶ outcome.json      attempt-2.json ─▶ attempt 2 ─▶ outcome-2.json      …
 */
export interface RunAttempt {
  readonly run: string;
  /** From 1. */
  readonly attempt: number;
}

/** Of a stage's rounds. An execution has 25,000 events at most, and a round takes some thirty: so no attempt comes to as many. */
const MOST_ROUNDS = 1_000;

/** Rounds of a stage have one numbering through all attempts: the number of the first that an attempt may have. */
export const firstRoundOf = (attempt: number): number => (attempt - 1) * MOST_ROUNDS;

/** The attempt that a round belongs to. */
export const attemptOf = ({ round }: { readonly round: number }): number => Math.floor(round / MOST_ROUNDS) + 1;

/** What comes between the name of a run and the number of an attempt, in the name of its execution and of its queue: no run may be named so. */
const MARK = "--";
const NAMED = /^(.+)--\d+$/;

/** The name of an attempt's execution, and of its queue: of the first that of its run. */
export const attemptName = ({ run, attempt }: RunAttempt): string => (attempt === 1 ? run : `${run}${MARK}${attempt}`);

/** The run that an execution of this name belongs to. */
export const runOfAttempt = (name: string): string => NAMED.exec(name)?.[1] ?? name;

/** What may name a run: it is part of keys, and of the names of executions and queues. */
export const RUN_NAMES = "up to 40 letters, digits, hyphens and underscores, not ending in two hyphens and a number";

export function isRunName(name: string): boolean {
  return /^[A-Za-z0-9][\w-]{0,39}$/.test(name) && !NAMED.test(name);
}

/** Which attempt a function is called for, by the input of its state. */
export function attemptAt({ run, attempt, round, asked }: RunInput & Partial<AdvanceInput>): RunAttempt {
  if (attempt !== undefined) return { run, attempt };
  if (round !== undefined) return { run, attempt: attemptOf({ round }) };
  return resumedBy(asked, run) ?? { run, attempt: 1 };
}

/** The input of an execution that resumes a run, whose name the execution's has to be. */
function resumedBy(asked: unknown, name: string): RunAttempt | undefined {
  if (typeof asked !== "object" || asked === null || !("run" in asked) || !("attempt" in asked)) return undefined;
  const { run, attempt } = asked;
  if (typeof run !== "string" || typeof attempt !== "number" || !Number.isSafeInteger(attempt)) return undefined;
  return attempt > 1 && attemptName({ run, attempt }) === name ? { run, attempt } : undefined;
}

const attemptPrefix = (run: string): string => `${runPrefix(run)}attempt-`;

/** The latest attempt of a run that someone has asked for. */
export async function newestAttempt(bucket: Bucket, run: string): Promise<RunAttempt> {
  const prefix = objectUrl(bucket, attemptPrefix(run));
  let attempt = 1;
  for await (const { url } of bucket.store.list(prefix))
    attempt = Math.max(attempt, parseInt(url.slice(prefix.length), 10));
  return { run, attempt };
}

/** Notes that there is such an attempt: once. `at`: milliseconds since 1970. False where someone else has. */
export function noteAttempt(bucket: Bucket, { run, attempt }: RunAttempt, at: number): Promise<boolean> {
  return putJsonOnce(bucket, `${attemptPrefix(run)}${attempt}.json`, { at });
}
