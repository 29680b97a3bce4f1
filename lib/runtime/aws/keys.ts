/**
 * Where a run's objects lie in the stack's bucket. Every name follows from what it is of, so that who writes twice writes the same.
 *
 *     runs/<run>/request.json   begun.json   outcome.json   cancel   failure.json
 *     runs/<run>/attempt-<n>.json   begun-<n>.json   outcome-<n>.json   cancel-<n>   failure-<n>.json: of the n-th attempt, from the second on
 *     runs/<run>/<part>/plan.json   seen.json   failed.json   failed-<n>.json
 *     runs/<run>/<part>/<stage>/manifest-<round>.jsonl   done.json   partial   checkpoint-<n>   progress.json   stop
 *     runs/<run>/<part>/<stage>/lanes.json   lane-<n>/done.json, partial, checkpoint-<n>, progress.json, exit.json
 *     runs/<run>/<part>/<stage>/out/<hash>/<task>[@<from>]
 *     results/<run>/value    bundles/<hash>.mjs    pipelines/<name>.json
 *     runs/calls-<client>/…    large values of single calls, on their way to a function and back
 */
/** The URL of an object of the stack's bucket. */
export const objectUrl = ({ bucket }: { readonly bucket: string }, key: string): string => `s3://${bucket}/${key}`;

export const requestKey = (run: string): string => `runs/${run}/request.json`;
/** What belongs to one attempt of a run (attempts.ts); that of the first has the plain name. */
const ofAttempt = (name: string, attempt: number): string => (attempt === 1 ? name : `${name}-${attempt}`);
/** When an attempt began, by the clock of a function: milliseconds since 1970. */
export const begunKey = (run: string, attempt = 1): string => `runs/${run}/${ofAttempt("begun", attempt)}.json`;
export const outcomeKey = (run: string, attempt = 1): string => `runs/${run}/${ofAttempt("outcome", attempt)}.json`;
/** Its being there cancels the attempt; it holds the reason, as text. */
export const cancelKey = (run: string, attempt = 1): string => `runs/${run}/${ofAttempt("cancel", attempt)}`;
/** The error that a function threw last, an `ErrorRecord`: Fail takes it, since Step Functions passes on but a text. */
export const failureKey = (run: string, attempt = 1): string => `runs/${run}/${ofAttempt("failure", attempt)}.json`;
export const runPrefix = (run: string): string => `runs/${run}/`;

export interface StagePlace {
  readonly run: string;
  readonly part: number;
  readonly stage: string;
  /** Of a stage that is folded in several lanes, see lanes.ts: what one of them keeps lies apart. */
  readonly lane?: number;
}

/** What the planner of a collection had seen when it made this part, see journal.ts. */
export const seenKey = (run: string, part: number): string => `runs/${run}/${part}/seen.json`;
export const planKey = (run: string, part: number): string => `runs/${run}/${part}/plan.json`;
/**
 * The error that a part came to, an `ErrorRecord`. Collect writes it before it throws; Advance gives it to what planned the part, which may plan again
 * (types that turned out wider), and fails the attempt otherwise.
 */
export const failedKey = (run: string, part: number, attempt = 1): string =>
  `runs/${run}/${part}/${ofAttempt("failed", attempt)}.json`;
export const stagePrefix = ({ run, part, stage }: StagePlace): string => `runs/${run}/${part}/${stage}/`;
/** What belongs to the stage, or to one of its lanes. */
const ownPrefix = (place: StagePlace): string =>
  stagePrefix(place) + (place.lane === undefined ? "" : `lane-${place.lane}/`);
/** The highest number of lanes that a stage of the run has: so many queues there are. */
export const queuesKey = (run: string): string => `runs/${run}/queues.json`;
/** How the stage is cut into lanes, `Lanes`; absent where it is one. */
export const lanesKey = (place: StagePlace): string => `${stagePrefix(place)}lanes.json`;
/** Where a source's next record starts behind the last task of a lane, for the lane that goes on with that source. */
export const exitKey = (place: StagePlace): string => `${ownPrefix(place)}exit.json`;
export const manifestKey = (place: StagePlace, round: number): string => `${stagePrefix(place)}manifest-${round}.jsonl`;
export const doneKey = (place: StagePlace): string => `${ownPrefix(place)}done.json`;
export const partialKey = (place: StagePlace): string => `${ownPrefix(place)}partial`;
/** Its being there says that an attempt has enough: batches that have not begun need not. The next one may not have all of that. */
export const stopKey = (place: StagePlace, attempt = 1): string => `${stagePrefix(place)}${ofAttempt("stop", attempt)}`;
/** Checkpoints have one numbering for all rounds: who writes number n after someone else has learns that it is not the only one. */
export const checkpointPrefix = (place: StagePlace): string => `${ownPrefix(place)}checkpoint-`;
export const progressKey = (place: StagePlace): string => `${ownPrefix(place)}progress.json`;
/** What a run of a collection gave, see result.ts. */
export const resultsPrefix = (run: string): string => `results/${run}/`;
/** The same as bytes of `values.ts`: what programs of this library read. */
export const resultKey = (run: string): string => `${resultsPrefix(run)}value`;
/** A pipeline that waits for dropped files, see start.ts. */
export const PIPELINES_PREFIX = "pipelines/";
export const pipelineKey = (name: string): string => `${PIPELINES_PREFIX}${name}.json`;
/** A bundle of a user's module, by the hash that its refs have (callables/reference.ts). */
export const bundleKey = (hash: string): string => `bundles/${hash}.mjs`;
/** A large value of a single call; `name` is unique for the client. */
export const callKey = (client: string, name: string): string => `runs/calls-${client}/${name}`;

/** The output of a task; of one that was repaired, the start that was proven to it belongs to the name. */
export function outputKey(place: StagePlace, task: number, from?: number): string {
  return `${stagePrefix(place)}out/${spread(task)}/${task}${from === undefined ? "" : `@${from}`}`;
}

/** Two hex digits that put neighbours apart: S3 limits requests a prefix. By Knuth's multiplicative hash. */
function spread(task: number): string {
  return ((Math.imul(task, 0x9e3779b1) >>> 24) & 0xff).toString(16).padStart(2, "0");
}

/** The name by which refs (plan.ts) call a part of a run, and back. */
export const partName = (run: string, part: number): string => `${run}.${part}`;

export function partOfName(name: string): { readonly run: string; readonly part: number } | undefined {
  const found = /^(.+)\.(\d+)$/.exec(name);
  return found === null ? undefined : { run: found[1], part: Number(found[2]) };
}
