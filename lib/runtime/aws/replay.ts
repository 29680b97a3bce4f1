import { createHash } from "node:crypto";
import { runnerOf } from "../../client/runner.ts";
import { fromJSON, fromTravelling } from "../../collections/from-json.ts";
import { isArrayWrite } from "../../collections/array/array-write.ts";
import { ChunkedArray } from "../../collections/array/chunked-array.ts";
import { DataFrame } from "../../collections/dataframe/dataframe.ts";
import type { Collection } from "../../collections/collection.ts";
import { CancelledError, InternalError, PlanError, TaskTimeoutError } from "../../errors.ts";
import type { Plan, Ref } from "../../plan/plan.ts";
import { CallGraph } from "../calls/call-graph.ts";
import { WaveExecutor } from "../calls/wave-executor.ts";
import type { Runtime, RunResult } from "../runtime.ts";
import { Vault } from "../vault.ts";
import type { RunAttempt } from "./attempts.ts";
import { Journal, type PartRecord } from "./journal.ts";
import { outputKey, partName } from "./keys.ts";
import { OutputReader, commit } from "./outputs.ts";
import { resultOfPart, stagesOver } from "./part-result.ts";
import { ReplayedWaves } from "./replayed-waves.ts";
import type { RunRequest } from "./protocol.ts";
import { failedOf, seenOf } from "./run-objects.ts";
import type { Services } from "./services.ts";

/**
 * Runs of collections: the client's own runner is run again from its beginning at every step. Its k-th plan gives at once what part k of the run gave,
 * where that is over, or throws the error that it came to; at the first plan that is not over everything stands still, for good: `replay` tells
 * which plan that is, and the runner never hears of anything again. So whatever a runner does between its plans (plan again with wider types, put chunks together,
 * name files) needs no word about it here; and nothing of it may depend on anything but the collection, what it sees of the store, and its plans.
 */
export type Replayed =
  | { readonly kind: "value"; readonly value: unknown; readonly parts: number }
  | {
      readonly kind: "part";
      readonly part: number;
      readonly plan: Plan;
      readonly record: PartRecord;
      readonly isNew: boolean;
    };

type CollectionRequest = Extract<RunRequest["what"], { kind: "collection" }>;

/** The stage of what a runner keeps by itself; no plan has one of this name. */
const KEPT_STAGE = "kept_";

/** For what comes behind planning, in milliseconds. */
const RESERVE_MS = 15_000;

export async function replay(at: RunAttempt, what: CollectionRequest, services: Services): Promise<Replayed> {
  const { run } = at;
  const stopped = Promise.withResolvers<Replayed>();
  let standing = false;
  const never = new Promise<never>(() => {});
  const through = async <T>(operation: () => Promise<T>): Promise<T> => {
    if (standing) return never;
    const value = await operation();
    return standing ? never : value;
  };
  const records = await recordsOf(services, run);
  const journal = new Journal(services.store, records, through, run);
  const reader = new OutputReader(services);
  let parts = 0;
  let kept = 0;

  const standAt = (part: number, plan: Plan, record: PartRecord, isNew: boolean): Promise<never> => {
    standing = true;
    stopped.resolve({ kind: "part", part, plan, record, isNew });
    return never;
  };
  const runPart = async (plan: Plan): Promise<RunResult> => {
    const part = parts++;
    const digest = digestOf(plan);
    const record = records[part];
    if (record === undefined) return standAt(part, plan, { ...journal.fresh, digest }, true);
    if (record.digest !== digest) throw strayed(run, part);
    const over = await stagesOver(services, run, part, plan);
    // Whatever an attempt before has failed with: another one has run it.
    if (over.length === plan.stages.length) return resultOfPart(services, run, part, plan, over);
    const failed = await failureOfPart(services, at, part, records.length > part + 1);
    if (failed !== undefined) throw failed;
    return standAt(part, plan, record, false);
  };

  const waves = new ReplayedWaves(run, services, {
    isPlanned: (plan) => records[parts]?.digest === digestOf(plan),
    run: (plan) => runPart(plan),
  });
  const vault = new Vault(services.taskBytes / 4);
  const calls = new CallGraph(
    new WaveExecutor({
      run: (plan, ms) => through(() => waves.run(plan, ms)),
      keep: (bytes) => through(() => waves.keep(bytes)),
      fetch: (ref) => through(() => waves.fetch(ref)),
    }),
    vault,
  );

  const runtime: Runtime = {
    name: "cloud",
    resumes: true,
    threads: 1,
    taskBytes: services.taskBytes,
    calls,
    run: (plan) => through(() => runPart(plan)),
    prepare: () => undefined,
    fetch: (ref) => through(() => reader.fetch(ref)),
    keep: (bytes) =>
      through(async (): Promise<Ref> => {
        const place = { run, part: 0, stage: KEPT_STAGE };
        const task = kept++;
        await commit(services, outputKey(place, task), bytes);
        return { run: partName(run, 0), stage: KEPT_STAGE, task };
      }),
    // What is let go of now is asked for again the next time: Finish deletes it all.
    release: () => through(async () => undefined),
    scale: async () => undefined,
    close: async () => undefined,
  };
  const host = { runtime, store: journal.store, onEvent: () => undefined };
  const signal = new AbortController().signal;
  // One after the other, in the order of the graph: parts are told apart by their order. None behind one that failed, which the graph fails with: a part behind its own would say that the run went on.
  let last: Promise<unknown> = Promise.resolve();
  calls.collections = (given) => {
    const collection = fromTravelling(given);
    const next = last.then(async () => (await runnerOf(collection)).compute(collection, host, signal));
    last = next;
    return next;
  };
  const value = compute(what, host, signal).then((result): Replayed => ({ kind: "value", value: result, parts }));
  // Where it stands still nobody waits for it.
  value.catch(() => undefined);
  const left = services.clock.remaining() - RESERVE_MS;
  const timer = left < 2 ** 31 ? setTimeout(() => stopped.reject(tooLong(run)), Math.max(0, left)) : undefined;
  try {
    return await Promise.race([value, stopped.promise]);
  } finally {
    clearTimeout(timer);
    standing = true;
    calls.close(new CancelledError("The run is planned to where it stands."));
    await vault.close();
  }
}

/**
 * What a part failed with. Where the planner has planned another part behind it, that belongs to the run (types that turned out wider), in whichever attempt it was; otherwise it
 * has ended an attempt, and the next one tries again.
 */
async function failureOfPart(
  services: Services,
  { run, attempt }: RunAttempt,
  part: number,
  wentOn: boolean,
): Promise<Error | undefined> {
  for (let of = attempt; of > 0; of--) {
    const failed = await failedOf(services, run, part, of);
    if (failed !== undefined || !wentOn) return failed;
  }
  return undefined;
}

function tooLong(run: string): TaskTimeoutError {
  return new TaskTimeoutError(`Planning run ${run} took longer than a function may.`, {
    fields: { run },
    fix: "give it less to plan at once: fewer files, or a graph whose calls do not go on with so many others, one after the other; or have the plans made by a client, with compute.",
  });
}

type Host = Parameters<Awaited<ReturnType<typeof runnerOf<unknown, Collection<unknown>>>>["compute"]>[1];

async function compute({ collection, write }: CollectionRequest, host: Host, signal: AbortSignal): Promise<unknown> {
  const described = fromJSON(collection as unknown); // checked there
  if (write === undefined) return (await runnerOf(described)).compute(described, host, signal);
  if (isArrayWrite(write)) {
    if (!(described instanceof ChunkedArray)) throw refusedWrite(write.format, "array", described.kind);
    return (await import("../../client/array-files.ts")).writeArray(described.node, write, host, signal);
  }
  if (!(described instanceof DataFrame)) throw refusedWrite(write.format, "frame", described.kind);
  return (await import("../../client/run-write.ts")).writeFiles(described, write, host, signal);
}

function refusedWrite(format: string, expected: string, found: string): PlanError {
  return new PlanError(`write as ${format} expects a collection of kind "${expected}", found "${found}".`, {
    fields: { path: "write", expected, found },
    fix: "describe the write in the collection: bags and images have one of their own.",
  });
}

export function digestOf(plan: Plan): string {
  return createHash("sha256").update(JSON.stringify(plan)).digest("hex");
}

/** What is recorded of the parts so far, in order. */
async function recordsOf(services: Services, run: string): Promise<PartRecord[]> {
  const parts: PartRecord[] = [];
  for (;;) {
    const found = await seenOf(services, run, parts.length);
    if (found === undefined) return parts;
    parts.push(found);
  }
}

function strayed(run: string, part: number): InternalError {
  return new InternalError(`Run ${run} was planned anew and came to another plan than before, as part ${part}.`, {
    fields: { run, part },
    fix: "start it again; that happens where the stack is deployed anew while it runs, or a source is not what it was.",
  });
}
