import { inspect } from "node:util";
import { nameImporter } from "../../callables/missing-import.ts";
import type { CallableRef } from "../../callables/reference.ts";
import { sourceLineOf } from "../../callables/source-line.ts";
import { TaskError, toErrorRecord } from "../../errors.ts";
import type { TaskInput } from "../../plan/plan.ts";

/** Errors of users' functions: which item it was, in which partition, in which line of the program. */

/** Which partition of its bag a task computes. */
export interface Place {
  /** Its number. */
  readonly part: number;
  /** As messages name it. */
  readonly partition: string;
}

export function placeOf(input: TaskInput, firsts: readonly number[] = []): Place {
  switch (input.kind) {
    case "range": {
      const part = (firsts[input.sourceIndex] ?? 0) + input.rangeIndex;
      return { part, partition: `${input.source.url} bytes [${input.start}, ${input.end})` };
    }
    case "item": {
      const item: unknown = input.item;
      const part = typeof item === "object" && item !== null ? Number(Reflect.get(item, "part")) : 0;
      return { part, partition: `partition ${part}` };
    }
    case "index":
      return { part: input.index, partition: `partition ${input.index}` };
    case "refs": {
      const [first] = input.refs;
      const part = first?.section ?? first?.task ?? 0;
      return { part, partition: `partition ${part}` };
    }
  }
}

export interface Failing {
  /** The operation, as "map(parse)". */
  readonly step: string;
  readonly ref?: CallableRef;
  readonly item: unknown;
  /** Which item of those that came to the operation, from 0 on. */
  readonly index: number;
  readonly place: Place;
}

/** What a run fails with when a user's function does. The user's own error is the cause, with its stack. */
export function userError(error: unknown, { step, ref, item, index, place }: Failing): TaskError {
  nameImporter(error, ref);
  const { name, message } = toErrorRecord(error);
  const line = ref === undefined ? undefined : sourceLineOf(error, ref);
  const shown = showItem(item);
  const at = ref?.kind === "inline" && ref.file !== undefined ? ` (${ref.file}:${ref.line ?? 1})` : "";
  return new TaskError(
    [
      `${step} failed on item ${index} of ${place.partition}: ${name}: ${message}`,
      `  item: ${shown}`,
      ...(line === undefined ? [] : [`  line: ${line}${at}`]),
    ].join("\n"),
    {
      cause: error,
      fields: { step, item: shown, index, partition: place.partition, ...(line === undefined ? {} : { line }) },
      fix: 'handle the item in the function, or let the run go on without it: bag.onError("skip") or bag.onError("collect").',
    },
  );
}

/** An item in a line. */
export function showItem(item: unknown): string {
  const text = inspect(item, { depth: 2, breakLength: Infinity, maxStringLength: 200, maxArrayLength: 10 });
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}
