import { OptionError } from "../../errors.ts";
import { knownKeys, wholeNumber } from "../options.ts";
import { describedValue } from "./describe.ts";
import type { SequenceNode } from "./nodes.ts";

export interface SequenceOptions {
  /** How many partitions; no more than there are values. Default 100, as Dask has it. */
  readonly partitions?: number;
  /** Instead: values in one partition. */
  readonly partitionSize?: number;
}

const DEFAULT_PARTITIONS = 100;

/** The values, cut into partitions that differ by one at most. Values are copied now: what the caller changes later does not show. */
export function sequenceNode(values: Iterable<unknown>, options: SequenceOptions, what: string): SequenceNode {
  knownKeys(options, ["partitions", "partitionSize"], what);
  const { partitions, partitionSize } = options;
  if (partitions !== undefined && partitionSize !== undefined)
    throw new OptionError(`${what} expects partitions or partitionSize, found both.`, { fix: "leave one out." });
  const list = Array.isArray(values) ? values : [...values];
  const size = partitionSize === undefined ? undefined : wholeNumber(partitionSize, `${what} option partitionSize`, 1);
  const asked = wholeNumber(partitions ?? DEFAULT_PARTITIONS, `${what} option partitions`, 1);
  const count = Math.max(1, size === undefined ? Math.min(asked, list.length) : Math.ceil(list.length / size));
  const cut = (part: number) => (size === undefined ? Math.floor((part * list.length) / count) : part * size);
  const parts = Array.from({ length: count }, (_, part) => describedValue(list.slice(cut(part), cut(part + 1)), what));
  return { kind: "sequence", parts, items: list.length };
}
