import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { refOf } from "../../lib/callables/describe.ts";
import type { Callable, CallableRef } from "../../lib/callables/reference.ts";
import { CallableError, fromErrorRecord } from "../../lib/errors.ts";
import { decodeValue, encodeValue } from "../../lib/values.ts";
import type { Answer, Request } from "./worker.ts";

/** A real thread, which runs the sources as Node does, not as Vitest does. */
export class Thread {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url));

  async ask(ref: CallableRef, ...args: unknown[]): Promise<Answer> {
    const request: Request = { ref, args: args.map(encodeValue) };
    this.#worker.postMessage(request);
    const [answer] = (await once(this.#worker, "message")) as [Answer]; // all that it posts
    return answer;
  }

  /** The function's result there, or what it throws. */
  async call(fn: Callable, ...args: unknown[]): Promise<unknown> {
    return this.callRef(refOf(fn, "map(…)"), ...args);
  }

  async callRef(ref: CallableRef, ...args: unknown[]): Promise<unknown> {
    const { value, error } = await this.ask(ref, ...args);
    if (error !== undefined) throw fromErrorRecord(error);
    return value === undefined ? undefined : decodeValue(value);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** What `refOf` says against a function. */
export function refusal(fn: unknown, what = "map(…)"): CallableError {
  try {
    refOf(fn as Callable, what);
  } catch (error) {
    if (error instanceof CallableError) return error;
    throw error;
  }
  throw new Error(`it was not refused: ${String(fn)}`);
}
