import { amended } from "../amended.ts";
import type { DataFrame } from "../collections/dataframe/dataframe.ts";
import type { WriteTarget, WrittenFile } from "../collections/dataframe/write.ts";
import type { Schema } from "../collections/schema.ts";
import {
  AbanicoError,
  ConflictError,
  NotFoundError,
  fromErrorRecord,
  toErrorRecord,
  type JsonObject,
} from "../errors.ts";
import { emptyFrame } from "../kernels/formats/empty-frame.ts";
import { writeFrame, type WriteFile, type Written } from "../kernels/formats/write.ts";
import type { ScanParams } from "../kernels/frame/scan.ts";
import type { Plan, Stage } from "../plan/plan.ts";
import { taskCount } from "../plan/rules.ts";
import type { ObjectInfo, Store } from "../store/store.ts";
import { toAddress, toUrl } from "../store/urls.ts";
import { foldedFrame, overRows, runChanged } from "./run-frame.ts";
import type { RunnerHost } from "./runner.ts";

/** How each format's files are named. The first is what parts get; a path that ends in any of them is one file. */
const ENDINGS: { readonly [F in WriteTarget["format"]]: readonly string[] } = {
  csv: [".csv", ".tsv", ".txt"],
  parquet: [".parquet", ".pq"],
  json: [".jsonl", ".ndjson", ".json"],
  arrow: [".arrow", ".feather", ".ipc"],
};
const DIGITS = 5;

/**
 * Runs a frame and writes its rows: each task its own part, so that the rows never meet in one place. One file is written by the client once all
 * rows are there, unless one task has them anyway; so is the outcome of a fold.
 */
export async function writeFiles(
  frame: DataFrame,
  target: WriteTarget,
  host: RunnerHost,
  signal: AbortSignal,
): Promise<WrittenFile[]> {
  const file = fileOf(target);
  const before = await refuseExisting(file, target, host.store, signal);
  try {
    const written = await overRows(frame, host, signal, (ready) => run(ready, file, host, signal));
    const names = new Set(written.map(({ url }) => url));
    for (const { url } of before) if (!names.has(url)) await host.store.delete(url);
    return written.map(({ url, rows, bytes }) => ({ path: toAddress(url), rows, bytes }));
  } catch (error) {
    if (host.runtime.resumes === true) throw await toldOfParts(error, file, before, host.store);
    // Parts of a write that failed would be read as if they were all. What was there before the write cannot be had back.
    if (before.length === 0) for await (const { url } of existing(file, host.store)) await host.store.delete(url);
    throw error;
  }
}

function fileOf({ format, path, encoding }: WriteTarget): WriteFile {
  const isTemplate = path.includes("*");
  const isFile = !isTemplate && ENDINGS[format].some((ending) => path.toLowerCase().endsWith(ending));
  const spelled = isTemplate || isFile ? path : `${path.replace(/\/?$/, "/")}part-*${ENDINGS[format][0]}`;
  // A file's URL has its own spelling of most characters, but not of "*".
  return { format, encoding, url: toUrl(spelled), digits: DIGITS };
}

async function run(frame: DataFrame, file: WriteFile, host: RunnerHost, signal: AbortSignal): Promise<Written[]> {
  const isParted = file.url.includes("*");
  const wholly = async () => {
    const folded = await foldedFrame(frame, host, signal);
    return [await writeFrame(folded, file, 0, host.store, signal)];
  };
  let inTasks = true;
  const { lowered, result } = await runChanged(frame, host, true, signal, (plan) => {
    const writing = writingPlan(plan, file, isParted);
    inTasks = writing !== undefined;
    return writing;
  });
  if (!inTasks || result === undefined) return wholly();
  const files = result.partial as Written[]; // the fold of a plan that writes
  return files.length > 0 ? files : [await writeEmpty(lowered, file, host.store, signal)];
}

/** The plan, its last stage writing what it would have kept; undefined where it ends in a fold, or in several parts where one file is wanted. */
function writingPlan(plan: Plan, file: WriteFile, isParted: boolean): Plan | undefined {
  const last = plan.stages[plan.stages.length - 1];
  if (last.output.kind !== "keep" || last.work.op !== "frame.scan") return undefined;
  const { sink } = last.work.params as unknown as ScanParams; // by its op
  if (sink.to !== "collect" || sink.limit !== undefined || (!isParted && taskCount(last.tasks) > 1)) return undefined;
  const params = { rows: last.work, file } as unknown as JsonObject; // plain JSON by its type
  const writing: Stage = {
    ...last,
    work: { op: "frame.write", params },
    output: { kind: "fold", fold: { op: "list", params: {} } },
    estimate: {
      ...last.estimate,
      peakBytes: { ...last.estimate.peakBytes, "the file": 2 * (last.estimate.peakBytes["output"] ?? 0) },
    },
  };
  return { ...plan, stages: [...plan.stages.slice(0, -1), writing] };
}

/** Columns without rows have types too. */
function writeEmpty(
  { schema }: { readonly schema: Schema },
  file: WriteFile,
  store: Store,
  signal: AbortSignal,
): Promise<Written> {
  return writeFrame(emptyFrame(schema), file, 0, store, signal);
}

/** So many are counted: each thousand is a request. */
const MOST_COUNTED = 10_000;

/** The error that says which files are there of a write that may go on: they would be read as if they were all. */
async function toldOfParts(
  error: unknown,
  file: WriteFile,
  before: readonly ObjectInfo[],
  store: Store,
): Promise<unknown> {
  if (!(error instanceof AbanicoError)) return error;
  const known = new Map(before.map(({ url, etag }) => [url, etag]));
  const own: string[] = [];
  try {
    for await (const { url, etag } of existing(file, store)) {
      if (known.get(url) !== etag) own.push(url);
      if (own.length === MOST_COUNTED) break;
    }
  } catch {
    return error; // what the write failed of matters more
  }
  if (own.length === 0) return error;
  const left = toAddress(file.url);
  const files = own.length === MOST_COUNTED ? `${MOST_COUNTED} files or more` : `${own.length} files`;
  const note = `what the write has put to ${left} so far (${files}) is not all of it. It stays for its run to be resumed; delete it where it is not to be.`;
  return fromErrorRecord(amended(toErrorRecord(error), { note, fields: { left, files: own.length } }));
}

/** What is there of the same names. @throws ConflictError where it may not be replaced. */
async function refuseExisting(
  file: WriteFile,
  { overwrite, path }: WriteTarget,
  store: Store,
  signal: AbortSignal,
): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const info of existing(file, store, signal)) {
    const { url } = info;
    if (!overwrite)
      throw new ConflictError(`${toAddress(url)} is there already; ${path} would be written over it.`, {
        fields: { url },
        fix: "write to another place, or pass { overwrite: true }.",
      });
    found.push(info);
  }
  return found;
}

async function* existing({ url }: WriteFile, store: Store, signal?: AbortSignal): AsyncGenerator<ObjectInfo> {
  const options = signal === undefined ? {} : { signal };
  const [before, behind] = url.split("*");
  if (behind === undefined) {
    try {
      yield await store.head(url, options);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
    return;
  }
  for await (const info of store.list(before, options)) {
    const number = info.url.slice(before.length, info.url.length - behind.length);
    if (info.url.endsWith(behind) && /^\d+$/.test(number)) yield info;
  }
}
