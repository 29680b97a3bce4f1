import { AbanicoError, TaskError, TaskTimeoutError, WorkerDiedError } from "../../errors.ts";
import type { Stage, Task } from "../../plan/plan.ts";
import type { Loss } from "../executor.ts";

/** What becomes of failures: which may pass when run again, how long to wait, and what a user is told in the end. */

const DEFAULT_RETRIES = 2;
const FIRST_DELAY_MS = 20;
const LONGEST_DELAY_MS = 5_000;

export function retriesOf(stage: Stage): number {
  return stage.retries ?? DEFAULT_RETRIES;
}

/** Our own errors say whether another attempt may help; others are tried again only where the stage asks for retries. */
export function mayPass(error: Error, stage: Stage): boolean {
  return error instanceof AbanicoError ? error.retryable : stage.retries !== undefined;
}

/** Exponential with jitter, so that what failed together does not come back together. */
export function delayMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return full * (0.5 + random() / 2);
}

/** One line that names a task's input. */
export function describeInput({ input }: Task): string {
  switch (input.kind) {
    case "range":
      return `${input.source.url} bytes [${input.start}, ${input.end})`;
    case "item":
      return `item ${shorten(JSON.stringify(input.item))}`;
    case "index":
      return `index ${input.index} of ${input.count}`;
    case "refs": {
      const names = input.refs.slice(0, 3).map((ref) => `${ref.stage}/${ref.task}${sectionOf(ref.section)}`);
      const more = input.refs.length > 3 ? `, and ${input.refs.length - 3} more` : "";
      return `outputs ${names.join(", ")}${more}`;
    }
  }
}

function sectionOf(section: number | undefined): string {
  return section === undefined ? "" : `#${section}`;
}

function shorten(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}

/** What a run fails with: our own errors as they are, anything else inside a `TaskError` that says which task it was. */
export function finalError(error: Error, stage: Stage, task: Task, attempts: number): Error {
  if (error instanceof AbanicoError) return error;
  return new TaskError(
    `Stage "${stage.id}", task ${task.index} failed${after(attempts)}: ${error.name}: ${error.message}\n` +
      `  input: ${describeInput(task)}`,
    { cause: error, fields: factsOf(stage, task, attempts) },
  );
}

/** The error for a task whose worker was lost. It may pass: another attempt runs on a new worker. */
export function lossError(loss: Loss, stage: Stage, task: Task, attempts: number): AbanicoError {
  if (loss.timedOut) return timeoutError(stage, task, attempts);
  return new WorkerDiedError(`${nameOf(stage, task)} took its worker down${after(attempts)}: ${loss.reason}.`, {
    fields: { ...factsOf(stage, task, attempts), reason: loss.reason },
    fix: loss.reason.includes("memory")
      ? "make the block or chunk size smaller, or raise memoryLimit."
      : "see what the task does to its process (exit, crash of native code).",
    retryable: true,
  });
}

export function timeoutError(stage: Stage, task: Task, attempts: number): TaskTimeoutError {
  const limit = `its limit of ${stage.timeoutMs ?? 0} ms`;
  return new TaskTimeoutError(`${nameOf(stage, task)} ran longer than ${limit}${after(attempts)}.`, {
    fields: { ...factsOf(stage, task, attempts), timeoutMs: stage.timeoutMs },
    fix: "raise the limit, make the shards smaller, or look for an endless loop in the task.",
    retryable: true,
  });
}

function nameOf(stage: Stage, task: Task): string {
  return `Stage "${stage.id}", task ${task.index} (${describeInput(task)})`;
}

function factsOf(stage: Stage, task: Task, attempts: number) {
  return { stage: stage.id, task: task.index, attempts, input: describeInput(task) };
}

function after(attempts: number): string {
  return attempts === 1 ? "" : ` after ${attempts} attempts`;
}
