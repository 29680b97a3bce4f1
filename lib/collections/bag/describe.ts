import { refOf } from "../../callables/describe.ts";
import { culpritIn } from "../../callables/culprit.ts";
import type { Callable, CallableRef } from "../../callables/reference.ts";
import { AbanicoError, OptionError } from "../../errors.ts";
import { valueToJson, type ValueJson } from "../../values-json.ts";
import { knownKeys, wholeNumber, wrong } from "../options.ts";
import type { KeyNode } from "./nodes.ts";

/** What a bag's methods are given, as plain data. */

/** For operations that bring equal keys together. */
export interface PartitionOptions {
  /** How many partitions the result has: what one of them holds has to fit into memory. Default: one for each 16 MB that are read (128 MB where partials are small). */
  readonly partitions?: number;
}

/** @throws CallableError where the function cannot travel. */
export function describedFunction(fn: Callable, what: string): CallableRef {
  if (typeof fn === "function") return refOf(fn, what);
  throw wrong(what, "a function", fn);
}

export function describedKey(by: unknown, what: string): KeyNode {
  if (typeof by === "string" || (typeof by === "number" && Number.isSafeInteger(by))) return { by: "name", name: by };
  if (typeof by === "function") return { by: "fn", fn: refOf(by as Callable, what) }; // just checked
  throw wrong(what, "a function of an item or the name of a property", by);
}

export function describedValue(value: unknown, what: string): ValueJson {
  try {
    return valueToJson(value);
  } catch (error) {
    if (error instanceof AbanicoError) throw error;
    const culprit = culpritIn(value);
    throw new OptionError(
      `${what} got something that cannot travel to another thread: ${culprit?.where ?? (error instanceof Error ? error.message : String(error)).replace(/\.$/, "")}.`,
      { cause: error, fix: culprit?.fix ?? "pass plain data: structured clone has to be able to copy it." },
    );
  }
}

export function partitionsOption(options: PartitionOptions, what: string): PartitionOptions {
  knownKeys(options, ["partitions"], what);
  if (options.partitions === undefined) return {};
  return { partitions: wholeNumber(options.partitions, `${what} option partitions`, 1) };
}
