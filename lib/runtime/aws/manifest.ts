import type { Json, JsonObject } from "../../errors.ts";
import { peakBytes } from "../../plan/estimate.ts";
import type { Stage } from "../../plan/plan.ts";
import { taskCount } from "../../plan/rules.ts";
import type { Batch } from "./protocol.ts";

/**
 * How the tasks of a stage are cut into batches, each of which one call of Work runs. A batch is an aligned run of 2^k tasks, so that its partials may be
 * merged to a whole subtree of the fixed fold tree before they travel.
 *
 * What a task will take is projected by three terms:
 *
 *     a fixed overhead + bytes in / rate of the kernel + peak bytes / rate of memory
 *
 * A projection may be off by a factor of two or three. So only a batch of up to half a minute becomes an Express child, which has 100 seconds for an attempt;
 * and a batch that lasts longer than planned hands the rest of its tasks to another call (batch-run.ts).
 */
export interface Batching {
  /** Tasks of a batch, a power of two; the last may have fewer. */
  readonly size: number;
  readonly batches: number;
  /** What a batch is projected to take, in seconds. */
  readonly seconds: number;
  /** Express children live 5 minutes and begin at 1,000 a second; Standard ones live as long as they need, and begin at 100 a second. */
  readonly children: "EXPRESS" | "STANDARD";
}

/** More children of a map are slower to start and to look at. */
const MOST_CHILDREN = 10_000;
/** As many as an account may run at once: fewer children than this leave workers idle. */
const WIDE = 1_000;
/** No batch is planned to last longer, in seconds. */
const LONGEST_S = 60;
/** Children are Express up to this, in seconds. */
const EXPRESS_S = 30;
/** Where children are many, batches are made to last this long: starting a child takes a tenth of a second. */
const WORTHWHILE_S = 5;
/** Of a task: its code, a request or two to S3, a message. In seconds. */
const OVERHEAD_S = 0.02;
/** How fast memory is made, filled and encoded, in bytes a second: for work that makes more than it reads. */
const MEMORY_RATE = 500e6;
/** Messages name every task of a batch. */
const MOST_TASKS = 4_096;

/** Bytes of input a second, on one arm64 processor with S3's latency (a GET gives some 80 MB/s); by measurements on this machine, halved. */
const RATES: { readonly [family: string]: number } = {
  frame: 60e6,
  array: 80e6,
  // Decoding an image of 4 MB takes about a third of a second.
  images: 8e6,
  bag: 10e6,
};
const OTHER_RATE = 5e6;

/** What one task is projected to take, in seconds. */
export function taskSeconds(stage: Stage): number {
  const rate = RATES[familyOf(stage)] ?? OTHER_RATE;
  const bytes = stage.estimate.bytesIn / Math.max(1, taskCount(stage.tasks));
  return OVERHEAD_S + bytes / rate + peakBytes(stage) / MEMORY_RATE;
}

export function batching(stage: Stage): Batching {
  const count = taskCount(stage.tasks);
  const each = taskSeconds(stage);
  // Tasks that may turn out not to be needed are not put behind others that take long.
  const worthwhile = stage.output.kind === "fold" && stage.output.enough !== undefined ? 0 : WORTHWHILE_S;
  let size = 1;
  const larger = () => {
    const children = Math.ceil(count / size);
    return children > MOST_CHILDREN || (children > WIDE && size * each < worthwhile);
  };
  while (larger() && 2 * size * each <= LONGEST_S && 2 * size <= MOST_TASKS) size *= 2;
  const seconds = Math.min(size, count) * each;
  return { size, batches: Math.ceil(count / size), seconds, children: isBounded(stage, size) ? "EXPRESS" : "STANDARD" };
}

/** Whether a batch surely ends while an Express child lives: users' functions may take whatever they like. */
function isBounded(stage: Stage, size: number): boolean {
  const { timeoutMs, retries = 2 } = stage;
  if (timeoutMs !== undefined) return size * timeoutMs * (1 + retries) <= 2_000 * EXPRESS_S;
  const isOurs = ["frame", "array", "images"].includes(familyOf(stage)) && !JSON.stringify(stage.work).includes('"fn"');
  return isOurs && size * taskSeconds(stage) <= EXPRESS_S;
}

/** Which function has the code: what reads images, and HDF5, is only in one. */
export function workerOf(stage: Stage): "work" | "work-image" {
  return familyOf(stage) === "images" || readsHdf5(stage.work.params) ? "work-image" : "work";
}

/** Wherever in its parameters the file is described: as a frame's source, or a node of an array's program. */
function readsHdf5(params: Json | JsonObject | undefined): boolean {
  if (typeof params !== "object" || params === null) return false;
  return Object.entries(params).some(([key, value]) => (key === "format" && value === "hdf5") || readsHdf5(value));
}

function familyOf({ work: { op } }: Stage): string {
  return op.split(".")[0];
}

const LINES_A_PIECE = 4_096;

/** The batches of the first round, as lines. */
export function firstManifest(stage: Stage, size: number): AsyncGenerator<Uint8Array> {
  return manifestOf(batchesOf(taskCount(stage.tasks), size));
}

function* batchesOf(count: number, size: number): Generator<Batch> {
  for (let first = 0; first < count; first += size) yield { first, count: Math.min(size, count - first) };
}

/** Lines of JSON, in pieces that can be written as they come: nothing here grows with the number of batches. */
export async function* manifestOf(batches: Iterable<Batch>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let lines: string[] = [];
  for (const batch of batches) {
    lines.push(JSON.stringify(batch), "\n");
    if (lines.length < 2 * LINES_A_PIECE) continue;
    yield encoder.encode(lines.join(""));
    lines = [];
  }
  if (lines.length > 0) yield encoder.encode(lines.join(""));
}
