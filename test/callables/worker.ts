import { parentPort } from "node:worker_threads";
import { takePrinted, type Printed } from "../../lib/callables/console.ts";
import { runWithContext } from "../../lib/callables/context.ts";
import { loadCallable, loadedCallable } from "../../lib/callables/load.ts";
import type { CallableRef } from "../../lib/callables/reference.ts";
import { sourceLineOf } from "../../lib/callables/source-line.ts";
import { toErrorRecord, type ErrorRecord } from "../../lib/errors.ts";
import { decodeValue, encodeValue } from "../../lib/values.ts";

/** A thread that makes a function from its reference and calls it: what the runtime does, without the runtime. */

export interface Request {
  readonly ref: CallableRef;
  /** Encoded. */
  readonly args: readonly Uint8Array[];
}

export interface Answer {
  readonly value?: Uint8Array;
  readonly error?: ErrorRecord;
  readonly line?: string | undefined;
  readonly printed: readonly Printed[] | undefined;
  /** Whether it was there before it was asked for, and was the same function. */
  readonly again: boolean;
}

/** What a generator gives, as a list; anything else as it is. */
async function listed(result: unknown): Promise<unknown> {
  if (typeof result !== "object" || result === null || !("next" in result)) return result;
  const list: unknown[] = [];
  // The cast: it has `next`, so it is a generator's.
  for await (const item of result as unknown as AsyncIterable<unknown>) list.push(item);
  return list;
}

async function answer({ ref, args }: Request): Promise<Answer> {
  const known = loadedCallable(ref);
  try {
    const fn = await loadCallable(ref);
    const given: unknown[] = args.map(decodeValue);
    const task = { attempt: 2, worker: 0, key: "k", signal: new AbortController().signal };
    const context = { ...task, log: () => undefined, progress: () => undefined };
    const result: unknown = await runWithContext(context, () => fn(...given));
    const value = await listed(result);
    return { value: encodeValue(value), printed: takePrinted(), again: fn === known };
  } catch (error) {
    return { error: toErrorRecord(error), line: sourceLineOf(error, ref), printed: takePrinted(), again: false };
  }
}

parentPort?.on("message", (request: Request) => {
  void answer(request).then((given) => parentPort?.postMessage(given));
});
