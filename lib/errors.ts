/**
 * Every public error: one tagged class each.
 *
 * A message says what was expected, what was found, where, and what to do. `tag` names the kind in code and JSON,
 * `fields` holds the typed facts (plain JSON, so that an error crosses threads and processes whole), `fix` is the
 * sentence that tells the user what to do. `retryable` says whether running the same task again may help.
 */

import { isError, ordinaryError, ordinaryRecord, thrownRecord, type ClassKey } from "./ordinary-errors.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json | undefined };

interface ErrorInit {
  readonly fields?: JsonObject;
  readonly fix?: string;
  readonly cause?: unknown;
  readonly retryable?: boolean;
}

/** On every error of ours: a program may hold this library twice (a user's module that bundles it), and `instanceof` knows one copy alone. */
const OURS = Symbol.for("abanico.error");

/** The parent of all errors that Abanico raises on purpose. */
export abstract class AbanicoError extends Error {
  abstract readonly tag: string;
  readonly fields: JsonObject;
  readonly fix: string | undefined;
  readonly retryable: boolean;

  constructor(message: string, init: ErrorInit = {}) {
    super(init.fix === undefined ? message : `${message}\n  fix: ${init.fix}`, { cause: init.cause });
    this.name = new.target.name;
    this.fields = init.fields ?? {};
    this.fix = init.fix;
    this.retryable = init.retryable ?? false;
  }

  get [OURS](): true {
    return true;
  }
}

/** An option has a value that cannot be used. Recover: pass a value as the message says. */
export class OptionError extends AbanicoError {
  readonly tag = "Option";
}

/** A plan (or pipeline) is not well formed, or has a version this library does not read. `fields.path` says where. */
export class PlanError extends AbanicoError {
  readonly tag = "Plan";
}

/** A task of the plan would need more memory than its limit. Recover: use the block or chunk size in the message, or raise the limit. */
export class PlanTooLargeError extends AbanicoError {
  readonly tag = "PlanTooLarge";
}

/** A URL or glob names nothing. Recover: correct it; the message shows what was searched. */
export class NotFoundError extends AbanicoError {
  readonly tag = "NotFound";
}

/** The bytes are there but may not or cannot be read. Recover: see the cause (permissions, a folder, credentials). */
export class UnreadableError extends AbanicoError {
  readonly tag = "Unreadable";
}

/** A conditional write lost: the object is there already. */
export class ConflictError extends AbanicoError {
  readonly tag = "Conflict";
}

/** A source is not what it was when the plan was made (it shrank, or was replaced). Recover: run again on files that hold still. */
export class SourceChangedError extends AbanicoError {
  readonly tag = "SourceChanged";
}

/** A store answered with a passing fault (throttle, 5xx, broken connection). Retried by `withRetry` and by the runtime. */
export class StoreFaultError extends AbanicoError {
  readonly tag = "StoreFault";
}

/** Text cannot be read as CSV: ragged row, unterminated quote, invalid UTF-8, wrong header, empty file. `fields` hold url, offset (bytes), row, column, text. */
export class CsvError extends AbanicoError {
  readonly tag = "Csv";
}

/** Lines of text cannot be read: invalid UTF-8, a line that is no JSON or is too long. `fields` hold url, offset (bytes), row (the line, from 1), text. */
export class TextError extends AbanicoError {
  readonly tag = "Text";
}

/**
 * A file is not what its format says: truncated, damaged, of another format, or made with a feature that is not read. `fields` hold url, format
 * and, where it is known, offset (bytes) and column. Recover: correct the file, or write it again as the message says.
 */
export class FormatError extends AbanicoError {
  readonly tag = "Format";
}

/** A value does not fit its column's type. `fields` hold url, offset (bytes), row, column, text, type. Recover: `types: { column: … }`. */
export class ValueError extends AbanicoError {
  readonly tag = "Value";
}

/** Shapes of arrays that do not fit together. `fields` hold shapes, axis. Recover: transpose, reshape, or mend the lengths. */
export class ShapeError extends AbanicoError {
  readonly tag = "Shape";
}

/**
 * A matrix that has no answer: singular, not positive definite, not finite, or one whose iteration does not converge. `fields` hold pivot (from 0), where one
 * is to blame. Recover: as `fix` says, often by lstsq.
 */
export class MatrixError extends AbanicoError {
  readonly tag = "Matrix";
}

/** An integer result does not fit 64 bits. Recover: cast to float64 first. */
export class OverflowError extends AbanicoError {
  readonly tag = "Overflow";
}

/** A column is named that the frame does not have. The message offers the nearest names. */
export class UnknownColumnError extends AbanicoError {
  readonly tag = "UnknownColumn";
}

/** An expression's operands have types that do not go together. */
export class TypeMismatchError extends AbanicoError {
  readonly tag = "TypeMismatch";
}

/** A column holds values of a wider type than planned. Internal: `compute` plans again with the wider type. `fields` hold columns: name → type. */
export class SchemaWidenedError extends AbanicoError {
  readonly tag = "SchemaWidened";
}

/** A task failed for good. `cause` is the last attempt's error; `fields` hold stage, task, attempts, input. */
export class TaskError extends AbanicoError {
  readonly tag = "Task";
}

/** The worker that ran a task died (exit, crash, out of memory), more often than the task's retries allow. */
export class WorkerDiedError extends AbanicoError {
  readonly tag = "WorkerDied";
}

/** A task ran longer than its limit; its worker was stopped and replaced. */
export class TaskTimeoutError extends AbanicoError {
  readonly tag = "TaskTimeout";
}

/** Nothing has finished for longer than the watchdog allows, or the run's deadline has passed. */
export class StalledError extends AbanicoError {
  readonly tag = "Stalled";
}

/** The run was cancelled through its AbortSignal, or its client was closed. */
export class CancelledError extends AbanicoError {
  readonly tag = "Cancelled";
}

/** A function cannot travel to where it should run, or a module of functions cannot be loaded. `fields` say what is in the way. Recover: as `fix` says. */
export class CallableError extends AbanicoError {
  readonly tag = "Callable";
}

/** Calls or graphs need each other in a circle. `fields.cycle` names them in order. Recover: break the circle. */
export class GraphError extends AbanicoError {
  readonly tag = "Graph";
}

/**
 * An image cannot be read, processed or written: it is damaged, is no image, or goes over a limit. `fields` hold url and bytes (of the file);
 * for a limit also width, height, limit and the option that raises it. Recover: correct the file, or `readImages(…, { onError: "collect" })`.
 */
export class ImageError extends AbanicoError {
  readonly tag = "Image";
}

/**
 * A query cannot be read or understood: its syntax, a table, column or function that is not there, a construct that is not supported, types that do not go
 * together. `fields` hold line and column (from 1) and the query's text. Recover: as `fix` says.
 */
export class SqlError extends AbanicoError {
  readonly tag = "Sql";
}

/** A run is projected to cost more than `maxCost`. `fields` hold dollars, maxCost and the counts behind them. Recover: raise it, or read less. */
export class CostError extends AbanicoError {
  readonly tag = "Cost";
}

/** A broken invariant: a bug in Abanico, not in the program that uses it. */
export class InternalError extends AbanicoError {
  readonly tag = "Internal";
}

const classes = {
  Option: OptionError,
  Plan: PlanError,
  PlanTooLarge: PlanTooLargeError,
  NotFound: NotFoundError,
  Unreadable: UnreadableError,
  Conflict: ConflictError,
  SourceChanged: SourceChangedError,
  StoreFault: StoreFaultError,
  Csv: CsvError,
  Text: TextError,
  Format: FormatError,
  Value: ValueError,
  Shape: ShapeError,
  Matrix: MatrixError,
  Overflow: OverflowError,
  UnknownColumn: UnknownColumnError,
  TypeMismatch: TypeMismatchError,
  SchemaWidened: SchemaWidenedError,
  Task: TaskError,
  WorkerDied: WorkerDiedError,
  TaskTimeout: TaskTimeoutError,
  Stalled: StalledError,
  Cancelled: CancelledError,
  Callable: CallableError,
  Graph: GraphError,
  Image: ImageError,
  Sql: SqlError,
  Cost: CostError,
  Internal: InternalError,
} as const;

export type ErrorTag = keyof typeof classes;

/** An error as plain data: what crosses a thread, a queue or a file. */
export interface ErrorRecord {
  readonly tag?: string;
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly fields?: JsonObject;
  readonly fix?: string | undefined;
  readonly retryable?: boolean;
  readonly cause?: ErrorRecord | undefined;
  /** The native class, where it is not Error itself: as "TypeError". */
  readonly native?: string;
  /** The user's class, where a module that was loaded by `fromModule` exports it. */
  readonly class?: ClassKey;
  /** What an AggregateError holds; for a SuppressedError the error and what it suppressed. */
  readonly errors?: readonly ErrorRecord[];
}

/** Causes and held errors are followed this deep, and so many in all: a cycle ends, and errors of errors do not multiply. */
const DEPTH = 8;
const RECORDS = 200;

/** Turns anything thrown into a record: also what is no Error, see `ordinary-errors.ts`. Depth of causes is limited to 8. */
export function toErrorRecord(thrown: unknown, depth = 0, budget = { left: RECORDS }): ErrorRecord {
  budget.left--;
  if (!isError(thrown)) return thrownRecord(thrown);
  const further = (next: unknown): ErrorRecord | undefined =>
    next === undefined || depth >= DEPTH || budget.left <= 0 ? undefined : toErrorRecord(next, depth + 1, budget);
  const cause = further(thrown.cause);
  if (!isOurs(thrown)) return { ...ordinaryRecord(thrown, further), cause };
  const { name, message, stack, tag, fields, fix, retryable } = thrown;
  return { name, message, stack, cause, tag, fields, fix, retryable };
}

function isOurs(error: Error): error is AbanicoError {
  return OURS in error;
}

/**
 * Makes an error again from its record: the tagged class where there is one, the user's class where its module is loaded, otherwise
 * the native class, with the same name, message, stack, cause and fields.
 */
export function fromErrorRecord(record: ErrorRecord): Error {
  const cause = record.cause === undefined ? undefined : fromErrorRecord(record.cause);
  if (record.tag === undefined || !Object.hasOwn(classes, record.tag))
    return ordinaryError(record, cause, record.errors?.map(fromErrorRecord));
  // The cast is safe: hasOwn has just checked the tag.
  const error = new classes[record.tag as ErrorTag]("", initOf(record, cause));
  // Set afterwards, since the message in a record already holds the fix.
  error.message = record.message;
  error.name = record.name;
  if (record.stack !== undefined) error.stack = record.stack;
  return error;
}

function initOf(record: ErrorRecord, cause: Error | undefined): ErrorInit {
  return {
    ...(record.fields === undefined ? {} : { fields: record.fields }),
    ...(record.fix === undefined ? {} : { fix: record.fix }),
    ...(record.retryable === undefined ? {} : { retryable: record.retryable }),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** "did you mean": the candidates nearest to `name` by edit distance, at most three, none farther than a third of its length: of two or three letters one may differ. "int" is near to "int64", whose beginning it is. */
export function nearestNames(name: string, candidates: readonly string[]): string[] {
  const limit = Math.max(1, Math.ceil(name.length / 3));
  const sought = name.toLowerCase();
  return candidates
    .map((candidate) => ({ candidate, text: candidate.toLowerCase() }))
    .map(({ candidate, text }) => ({ candidate, text, distance: editDistance(sought, text) }))
    .filter(({ text, distance }) => distance <= limit || (sought.length >= 3 && text.startsWith(sought)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** Letters to put in, leave out, replace, or exchange with the one beside. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  let before = row;
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isExchange = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, substitution, isExchange ? before[j - 2] + 1 : Infinity));
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}
