import { isMainThread } from "node:worker_threads";
import { currentTask } from "./context.ts";

/** Something a task printed: consecutive pieces of one stream are one. */
export interface Printed {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** A task's output beyond this is left out, in UTF-16 code units. */
const MOST_UNITS = 1 << 20;

interface Recorded {
  readonly stream: "stdout" | "stderr";
  text: string;
}

let pieces: Recorded[] = [];
let units = 0;
let leftOut = 0;
let recording = false;

/**
 * From now on, what is printed on this thread (console, process.stdout, process.stderr) is kept for `takePrinted`, and goes nowhere
 * else. In a worker only: the main thread's output is the program's.
 */
export function recordPrinted(): void {
  if (recording || isMainThread) return;
  recording = true;
  // The console writes to these two.
  process.stdout.write = recorder("stdout");
  process.stderr.write = recorder("stderr");
}

/** Tasks of plans that run now, and are not known as `currentTask`. */
let recorded = 0;

/** Runs a task of a plan, what it prints being its own (see `recordTasks`). */
export async function whileRecorded<T>(body: () => Promise<T>): Promise<T> {
  recorded++;
  try {
    return await body();
  } finally {
    recorded--;
  }
}

/**
 * The same in a function of the cloud, whose main thread runs tasks: what they print is kept, and goes to the function's log besides. What else is printed is
 * the function's own.
 */
export function recordTasks(): void {
  if (recording) return;
  recording = true;
  for (const stream of ["stdout", "stderr"] as const) {
    const write = process[stream].write.bind(process[stream]);
    const decoder = new TextDecoder();
    process[stream].write = (chunk: Uint8Array | string, encoding?: BufferEncoding | Written, written?: Written) => {
      if (currentTask() !== undefined || recorded > 0)
        keep(stream, typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }));
      return typeof encoding === "function" ? write(chunk, encoding) : write(chunk, encoding, written);
    };
  }
}

/** What was printed since the last time, or undefined; the caller asks behind each task. */
export function takePrinted(): Printed[] | undefined {
  if (pieces.length === 0) return undefined;
  const taken: Recorded[] = pieces;
  if (leftOut > 0)
    taken.push({
      stream: "stderr",
      text: `[${leftOut} more characters of output were left out: a task keeps ${MOST_UNITS}]\n`,
    });
  pieces = [];
  units = 0;
  leftOut = 0;
  return taken;
}

/** Takes back what was taken: whoever asks next gets it, before what comes. */
export function putBackPrinted(taken: readonly Printed[]): void {
  const since = pieces;
  pieces = [];
  for (const { stream, text } of taken) keep(stream, text);
  pieces.push(...since);
}

type Written = (error?: Error | null) => void;

function recorder(stream: "stdout" | "stderr"): typeof process.stdout.write {
  const decoder = new TextDecoder();
  return (chunk: Uint8Array | string, encoding?: BufferEncoding | Written, written?: Written): boolean => {
    keep(stream, typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }));
    const done = typeof encoding === "function" ? encoding : written;
    if (done !== undefined) queueMicrotask(() => done());
    return true;
  };
}

function keep(stream: "stdout" | "stderr", text: string): void {
  const room = MOST_UNITS - units;
  const kept = text.length <= room ? text : text.slice(0, room);
  leftOut += text.length - kept.length;
  units += kept.length;
  if (kept === "") return;
  const last = pieces.at(-1);
  if (last?.stream === stream) last.text += kept;
  else pieces.push({ stream, text: kept });
}
