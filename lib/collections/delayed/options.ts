import { OptionError } from "../../errors.ts";
import type { CallOptions } from "../../runtime/calls/calls.ts";
import { knownKeys, wholeNumber } from "../options.ts";

/** How calls of a delayed function are run. */
export interface DelayedOptions {
  /** What graphs and errors call it. Default: the function's own name. */
  readonly name?: string;
  /** Equal calls (same function, same arguments) are one call. Only for functions whose result depends on nothing else. Default false, as in Dask. */
  readonly pure?: boolean;
  /** How often a call may run again after it threw. Default 0. */
  readonly retries?: number;
  /** Of one attempt: milliseconds, or a text like "30s". A call that takes longer is stopped, its worker replaced. Default: none. */
  readonly timeout?: number | string;
  /** Higher goes first. Default 0. */
  readonly priority?: number;
}

const KNOWN = ["name", "pure", "retries", "timeout", "priority"];

/** @throws OptionError for an option that is not known, or has a value that cannot be. */
export function callOptions(options: DelayedOptions): CallOptions | undefined {
  knownKeys(options, KNOWN, "delayed(…)");
  const { name, pure, retries, timeout, priority } = options;
  if (name !== undefined && (typeof name !== "string" || name === "")) throw wrong("name", "a text", name);
  if (pure !== undefined && typeof pure !== "boolean") throw wrong("pure", "true or false", pure);
  if (priority !== undefined && !Number.isFinite(priority)) throw wrong("priority", "a number", priority);
  const made: CallOptions = {
    ...(pure === true ? { pure } : {}),
    ...(retries === undefined ? {} : { retries: wholeNumber(retries, "delayed(…) option retries", 0) }),
    ...(timeout === undefined ? {} : { timeoutMs: parseMilliseconds(timeout, "delayed(…) option timeout") }),
    ...(priority === undefined ? {} : { priority }),
  };
  return Object.keys(made).length === 0 ? undefined : made;
}

const UNITS: Readonly<Record<string, number>> = { "": 1, ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 };

/** A time in milliseconds from a number of them, or a text like "30s", "500 ms", "1.5min", "2h". `OptionError`. */
export function parseMilliseconds(value: number | string, option: string): number {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?(?:e\d+)?)\s*([a-z]*)\s*$/.exec(String(value)) ?? [];
  const factor = unit !== undefined && Object.hasOwn(UNITS, unit) ? UNITS[unit] : NaN;
  const ms = Number(digits) * factor;
  if (Number.isFinite(ms) && ms > 0) return ms;
  throw new OptionError(`${option} expects a time of more than nothing, found ${JSON.stringify(value)}.`, {
    fields: { option, found: value },
    fix: 'write milliseconds, or a text such as "30s" or "5min".',
  });
}

function wrong(option: string, expected: string, found: unknown): OptionError {
  return new OptionError(`delayed(…) option ${option} expects ${expected}, found ${String(found)}.`, {
    fields: { option, found: String(found) },
  });
}
