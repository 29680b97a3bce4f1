import { InternalError } from "../errors.ts";
import type { Fold, Kernel, Span, TaskContext, TaskOutput } from "../kernels/kernel.ts";
import { loadFold, loadKernel } from "../kernels/registry.ts";
import type { Stage, Task } from "../plan/plan.ts";
import { encodeSections } from "./sections.ts";
import { writeSections, writeWhole, type SpillFile } from "./spill-file.ts";
import { weigh } from "./weight.ts";

/** What one task gave, as bytes: the same from a thread, inline and from Lambda. */
export interface TaskResult {
  readonly index: number;
  /** An encoded partial, kept bytes, or (for an exchange) one object with an index footer: see sections.ts. */
  readonly body: Uint8Array;
  /** Where the body is, if the thread has written it to disk: then `body` is empty. */
  readonly file?: SpillFile;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly span?: Span;
  /** Time in the kernel and in encoding, in milliseconds. */
  readonly ms: number;
}

/** Smaller outputs are not worth a file, in bytes. */
const SMALLEST_FILE = 64 * 1024;

interface Prepared {
  readonly kernel: Kernel;
  readonly fold: Fold<unknown, unknown> | undefined;
}

/** What was loaded for a stage. Keyed by the stage object, so that it goes when the stage does. */
const preparations = new WeakMap<Stage, Prepared>();

/** How many bytes a task gave. */
export function bytesOut({ body, file }: TaskResult): number {
  return file?.size ?? body.byteLength;
}

/**
 * Runs one task: loads its kernel when that has not happened, checks what it gives, and makes bytes of it. `spillTo`: a folder for outputs that are
 * kept, where there is no memory for them.
 */
export async function runTask(stage: Stage, task: Task, context: TaskContext, spillTo?: string): Promise<TaskResult> {
  const { kernel, fold } = preparations.get(stage) ?? (await prepare(stage));
  const begin = performance.now();
  const beside = task.beside === undefined ? {} : { beside: task.beside };
  const given = kernel(stage.work.params, task.input, { ...context, task: task.index, ...beside });
  const output = given instanceof Promise ? await given : given;
  const body = bodyOf(stage, task, output, fold, spillTo);
  return {
    index: task.index,
    ...(body instanceof Uint8Array ? { body } : { body: new Uint8Array(0), file: body }),
    recordsIn: output.recordsIn,
    recordsOut: output.recordsOut,
    ...(output.span === undefined ? {} : { span: output.span }),
    ms: performance.now() - begin,
  };
}

async function prepare(stage: Stage): Promise<Prepared> {
  const { output, work } = stage;
  const prepared = {
    kernel: await loadKernel(work.op),
    fold: output.kind === "fold" ? await loadFold(output.fold.op, output.fold.params) : undefined,
  };
  preparations.set(stage, prepared);
  return prepared;
}

function bodyOf(
  stage: Stage,
  task: Task,
  output: TaskOutput,
  fold: Fold<unknown, unknown> | undefined,
  spillTo: string | undefined,
): Uint8Array | SpillFile {
  if (typeof output !== "object" || output === null || !("value" in output))
    throw broken(stage, task, `gave ${describe(output)} where a task output { value, recordsIn, recordsOut } belongs`);
  const { value } = output;
  if (output.span?.doubt !== undefined) return new Uint8Array(0);
  if (fold !== undefined) {
    const bytes = value instanceof Uint8Array ? value : fold.encode(value);
    if (!(bytes instanceof Uint8Array)) throw broken(stage, task, `has a fold that encodes to ${describe(bytes)}`);
    return whole(stage, task, bytes);
  }
  if (stage.output.kind === "exchange") {
    const { partitions } = stage.output;
    const sections = sectionsOf(stage, task, value, partitions);
    if (spillTo !== undefined) return writeSections(spillTo, sections);
    return encodeSections([...sections], (bytes) => weigh(new Uint8Array(new SharedArrayBuffer(bytes))));
  }
  if (!(value instanceof Uint8Array)) throw broken(stage, task, `gave ${describe(value)} where a Uint8Array belongs`);
  const bytes = whole(stage, task, value);
  return spillTo === undefined || bytes.byteLength < SMALLEST_FILE ? bytes : writeWhole(spillTo, bytes);
}

/** The sections, each checked when it is taken: a kernel may make them one by one. */
function* sectionsOf(stage: Stage, task: Task, value: unknown, partitions: number): Generator<Uint8Array> {
  const wrong = (what: string) =>
    broken(stage, task, `gave ${what} where ${partitions} Uint8Arrays belong, one a partition`);
  if (typeof value !== "object" || value === null || !(Symbol.iterator in value)) throw wrong(describe(value));
  let count = 0;
  for (const section of value as Iterable<unknown>) {
    if (!(section instanceof Uint8Array)) throw wrong(`${describe(section)} among others`);
    if (++count > partitions) throw wrong("more");
    yield section;
  }
  if (count < partitions) throw wrong(String(count));
}

/** Bytes that were transferred away before are empty now: say so rather than fold nothing. */
function whole(stage: Stage, task: Task, bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof ArrayBuffer && bytes.buffer.detached)
    throw broken(stage, task, "gave bytes that it had given away before; each task needs its own");
  return bytes;
}

function broken(stage: Stage, task: Task, what: string): InternalError {
  return new InternalError(`Kernel "${stage.work.op}" ${what} (stage "${stage.id}", task ${task.index}).`, {
    fields: { stage: stage.id, task: task.index, op: stage.work.op },
  });
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return `an object (${value.constructor?.name ?? "no class"})`;
  return value === undefined ? "nothing" : `a ${typeof value}`;
}

/** A task with the proven start that its order gives, if it does. */
export function orderedTask(task: Task, { from }: { readonly from?: number }): Task {
  return from === undefined || task.input.kind !== "range" ? task : { ...task, input: { ...task.input, from } };
}
