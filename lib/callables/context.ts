import { CallableError } from "../errors.ts";

/** What a function of a user's may know of the task that runs it. */
export interface TaskInfo {
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Which worker runs it: a number from 0. */
  readonly worker: number;
  /** Names the task within its run. */
  readonly key: string;
  /** The function's name, or the one that the program gave the task. */
  readonly name?: string | undefined;
  /** Aborted when the task is cancelled, or its time is over. */
  readonly signal: AbortSignal;
  /** A line for whoever listens to the run's events, and for what the task has printed. */
  log(...values: unknown[]): void;
  /** How far the task is, from 0 to 1. */
  progress(fraction: number): void;
}

/**
 * What runs on this thread now. A thread runs one task at a time, so a slot is enough, for async functions too, and costs a task
 * nothing that an AsyncLocalStorage would. It is in the global object since a thread may hold two copies of this library.
 */
const SLOT = Symbol.for("abanico.task");
const shared = globalThis as { [SLOT]?: { current: TaskInfo | undefined } };
const slot = (shared[SLOT] ??= { current: undefined });

/**
 * The task that runs the calling function: its attempt, its signal, where it logs.
 *
 * @throws {CallableError} outside of a task.
 */
export function taskContext(): TaskInfo {
  if (slot.current !== undefined) return slot.current;
  throw new CallableError("taskContext() was called outside of a task.", {
    fix: "call it within a function that runs as a task, as in client.submit(() => …), and before that function returns.",
  });
}

/** The same, for code that runs with and without a task. */
export function currentTask(): TaskInfo | undefined {
  return slot.current;
}

/** Runs `body` as a task: `taskContext()` gives `info` until it returns, or until the promise that it returns is settled. */
export function runWithContext<R>(info: TaskInfo, body: () => R): R {
  const before = slot.current;
  slot.current = info;
  let result: R;
  try {
    result = body();
  } catch (error) {
    slot.current = before;
    throw error;
  }
  if (!(result instanceof Promise)) {
    slot.current = before;
    return result;
  }
  const restore = () => {
    // If it is not ours any more, the thread has gone on to another task, as after a time-out.
    if (slot.current === info) slot.current = before;
  };
  // The cast is safe: finally gives a promise of the same.
  return result.finally(restore) as R;
}
