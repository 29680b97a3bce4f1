import type { CallOptions } from "../../runtime/calls/calls.ts";
import { knownKeys, parseMilliseconds, wholeNumber, wrong } from "../options.ts";

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
export function delayedOptions(options: DelayedOptions): CallOptions | undefined {
  knownKeys(options, KNOWN, "delayed(…)");
  const { name, ...more } = options;
  if (name !== undefined && (typeof name !== "string" || name === ""))
    throw wrong("delayed(…) option name", "a text", name);
  return callOptions(more, "delayed(…)");
}

/** What calls are run with, as `delayed` and `submit` take it; undefined: with the defaults. @throws OptionError */
export function callOptions(
  { pure, key, retries, timeout, priority }: Omit<DelayedOptions, "name"> & { readonly key?: string },
  where: string,
): CallOptions | undefined {
  if (pure !== undefined && typeof pure !== "boolean") throw wrong(`${where} option pure`, "true or false", pure);
  if (key !== undefined && (typeof key !== "string" || key === "")) throw wrong(`${where} option key`, "a text", key);
  if (priority !== undefined && !Number.isFinite(priority))
    throw wrong(`${where} option priority`, "a finite number", priority);
  const made: CallOptions = {
    ...(pure === true ? { pure } : {}),
    ...(key === undefined ? {} : { key }),
    ...(retries === undefined ? {} : { retries: wholeNumber(retries, `${where} option retries`, 0) }),
    ...(timeout === undefined ? {} : { timeoutMs: parseMilliseconds(timeout, `${where} option timeout`) }),
    ...(priority === undefined ? {} : { priority }),
  };
  return Object.keys(made).length === 0 ? undefined : made;
}
