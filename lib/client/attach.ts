import type { Collection } from "../collections/collection.ts";
import { knownKeys, wholeNumber, wrong } from "../collections/options.ts";
import { NotFoundError, PlanError, type Json } from "../errors.ts";
import type { Cloud } from "../runtime/aws/cloud.ts";
import type { AwsRuntime } from "../runtime/aws/runtime.ts";
import { BundleUploads } from "../runtime/aws/bundle-uploads.ts";
import { refuseLocalPaths } from "../runtime/aws/local-sources.ts";
import { beginRun, newRunId } from "../runtime/aws/plan-run.ts";
import { requestOf } from "../runtime/aws/run-objects.ts";
import { RUN_NAMES, isRunName, runOfAttempt } from "../runtime/aws/attempts.ts";
import { partOfName } from "../runtime/aws/keys.ts";
import { resumeRun } from "../runtime/aws/resume.ts";
import { endedWithout } from "../runtime/aws/watch.ts";
import { CloudRun } from "./cloud-run.ts";
import { dollars } from "./parts.ts";

/*
 * How a run outlives its client. Two ways lead to one:
 *
 * - `compute` makes its plans here and runs each as a run of its own (`runtime.run`), whose id the event "run-started" tells. So all collections can be computed: those with
 *   inline functions, which no JSON may hold, and those that start from what a client keeps; and what comes behind a plan (wider types, another plan, an Arrow table) is done
 *   here. Where the client dies, its plan is still run to its end, and `attach` gives what its last stage folded to: of frames and bags the very result.
 * - `start` gives the collection as JSON to the stack, which makes all plans itself: nothing is left to do here, and `attach` gives the result, whatever it took.
 *
 * `resume` does what `attach` does, and lets a run go on first that has failed or was stopped.
 */

export interface StartOptions {
  /** The run's id: who starts again with the same one starts nothing new; `client.resume` lets one go on. Up to 40 letters, digits, hyphens and underscores. Default: a random one. */
  readonly id?: string;
  /** The run fails after this long, in milliseconds. Default: a day. */
  readonly deadlineMs?: number;
  /** Whether a message on the stack's results queue tells of its end. Default false. */
  readonly notify?: boolean;
  /** Refuses where its plans are projected to cost more, in US dollars. Default: the client's. */
  readonly maxCost?: number;
}

const OPTIONS = ["id", "deadlineMs", "notify", "maxCost"];

/** @throws PlanError, OptionError */
export async function startRun<T>(
  { cloud, common }: AwsRuntime,
  collection: Collection<T>,
  options: StartOptions,
): Promise<CloudRun<T>> {
  knownKeys(options, OPTIONS, "start(…)");
  const { id = newRunId(), deadlineMs, notify, maxCost } = options;
  if (typeof id !== "string" || !isRunName(id)) throw wrong("start(…) option id", RUN_NAMES, id);
  if (deadlineMs !== undefined) wholeNumber(deadlineMs, "start(…) option deadlineMs", 1);
  if (notify !== undefined && typeof notify !== "boolean")
    throw wrong("start(…) option notify", "true or false", notify);
  const json = jsonOf(collection);
  refuseLocalPaths(json);
  const described = await new BundleUploads(cloud).upload(json);
  await beginRun(cloud, id, {
    ...common,
    what: { kind: "collection", collection: described },
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(notify === undefined ? {} : { notify }),
    ...(maxCost === undefined ? {} : { maxCost: dollars(maxCost, "start(…) option maxCost") }),
  });
  return new CloudRun<T>(cloud, id);
}

/** @throws PlanError */
function jsonOf(collection: Collection<unknown>): Json {
  if (!("toJSON" in collection) || typeof collection.toJSON !== "function")
    throw new PlanError(`A collection of kind "${collection.kind}" has no JSON.`, {
      fields: { kind: collection.kind },
      fix: "compute it: await client.compute(collection).",
    });
  // Plain data by its name; what is left of it as text is what travels.
  return JSON.parse(JSON.stringify(collection)) as Json;
}

/** @throws NotFoundError */
export async function attachRun({ cloud }: Pick<AwsRuntime, "cloud">, name: string): Promise<CloudRun<unknown>> {
  return new CloudRun(cloud, await knownRun(cloud, name, "attach(…)"));
}

/** @throws NotFoundError, StalledError */
export async function resumedRun({ cloud }: Pick<AwsRuntime, "cloud">, name: string): Promise<CloudRun<unknown>> {
  const run = await knownRun(cloud, name, "resume(…)");
  await resumeRun(cloud, run);
  return new CloudRun(cloud, run);
}

/** The run that is meant, whose objects are still there. @throws NotFoundError */
export async function knownRun(cloud: Cloud, name: string, where: string): Promise<string> {
  if (typeof name !== "string" || name === "") throw wrong(where, "the id of a run", name);
  // Events and refs name a part of it, lists of executions an attempt.
  const run = runOfAttempt(partOfName(name)?.run ?? name);
  try {
    await requestOf(cloud, run);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    const execution = await cloud.executionOf(run);
    throw execution.status === "missing" ? endedWithout(run, execution) : forgotten(run, error);
  }
  return run;
}

function forgotten(run: string, cause: unknown): NotFoundError {
  return new NotFoundError(`The run ${run} was long ago: its objects are deleted.`, {
    fields: { run },
    cause,
    fix: "run it again; a stack's runRetention says how long objects of runs are kept.",
  });
}
