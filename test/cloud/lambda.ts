import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Effect } from "./faults.ts";
import { EmulatedFunction, type FunctionOptions, type Outcome } from "./functions.ts";
import { accessKeyOf, answer, answerError, type Request } from "./http.ts";

/** Bytes: of a call that waits for its answer, of one that does not, and of an answer. */
const MOST = { sync: 6_291_456, async: 1_048_576, answer: 6_291_556 };

/** An invocation that has ended, for what tests ask afterwards. */
export interface Ended {
  readonly name: string;
  readonly event: unknown;
  /** Bytes of the event and of the answer. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly outcome: Outcome;
}

/** Lambda's Invoke: functions are threads here. */
export class Lambda {
  readonly #functions = new Map<string, EmulatedFunction>();
  readonly #region: string;
  #running = new Set<Promise<unknown>>();
  ended: Ended[] = [];

  constructor(region: string) {
    this.#region = region;
  }

  async register(options: FunctionOptions): Promise<void> {
    await this.#functions.get(options.name)?.close();
    const arn = `arn:aws:lambda:${this.#region}:123456789012:function:${options.name}`;
    this.#functions.set(options.name, new EmulatedFunction(options, arn));
  }

  async handle(request: Request, response: ServerResponse, effect: Effect | undefined): Promise<void> {
    const { call, body, message } = request;
    const called = this.#functions.get(call.operation);
    if (called === undefined)
      return answerError(response, 404, "ResourceNotFoundException", `Function not found: ${call.operation}`);
    if (effect?.kind === "throttle" || called.throttled)
      return answerError(response, 429, "TooManyRequestsException", "Rate Exceeded.");
    if (effect?.kind === "internal") return answerError(response, 500, "ServiceException", "injected");
    if (effect?.kind === "throw") return failed(response, effect.errorType, "injected");
    if (effect?.kind === "timeout") return failed(response, "Sandbox.Timedout", "Task timed out after 3.00 seconds");
    if (effect?.kind === "drop") return void message.socket.destroy();
    if (effect?.kind === "kill") return failed(response, "Runtime.ExitError", "Runtime exited");
    if (effect?.kind === "delay") await sleep(effect.ms);

    const kind = message.headers["x-amz-invocation-type"];
    if (kind === "DryRun") return answer(response, 204, {}, "");
    const background = kind === "Event";
    if (body.length > MOST[background ? "async" : "sync"])
      return answerError(response, 413, "RequestTooLargeException", `${body.length} bytes are too many`);
    const ending = this.#invoke(called, request);
    if (background) return answer(response, 202, {}, "");
    const outcome = await ending;
    if (effect?.kind === "lose") return answerError(response, 500, "ServiceException", "the answer is lost");
    if (outcome.payload.length > MOST.answer)
      return failed(response, "Function.ResponseSizeTooLarge", `${outcome.payload.length} bytes are too many`);
    const tail = message.headers["x-amz-log-type"] === "Tail" ? { "x-amz-log-result": toTail(called, outcome) } : {};
    const error = outcome.ok ? {} : { "x-amz-function-error": "Unhandled" };
    const headers = { "content-type": "application/json", "x-amzn-requestid": outcome.id, ...tail, ...error };
    answer(response, 200, headers, outcome.payload);
  }

  /** The environment that has sent this request dies. */
  async killCaller({ message, call }: Request): Promise<void> {
    await this.#functions.get(call.caller)?.kill(accessKeyOf(message));
  }

  /** Until no function runs. */
  async quiet(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#functions.values()].map((each) => each.close()));
    await this.quiet();
  }

  #invoke(called: EmulatedFunction, { call, body }: Request): Promise<Outcome> {
    const ending = called.invoke(call.body).then((outcome) => {
      const bytesOut = outcome.payload.length;
      this.ended.push({ name: call.operation, event: call.body, bytesIn: body.length, bytesOut, outcome });
      return outcome;
    });
    this.#running.add(ending);
    void ending.finally(() => this.#running.delete(ending));
    return ending;
  }
}

function failed(response: ServerResponse, errorType: string, errorMessage: string): void {
  const error = { "x-amz-function-error": "Unhandled", "x-amzn-requestid": randomUUID() };
  answer(
    response,
    200,
    { "content-type": "application/json", ...error },
    JSON.stringify({ errorType, errorMessage, trace: [] }),
  );
}

/** The end of the log as Lambda gives it with the answer: the last 4 KB. */
function toTail({ options }: EmulatedFunction, { id, ms, log }: Outcome): string {
  const billed = `Duration: ${ms.toFixed(2)} ms\tBilled Duration: ${Math.ceil(ms)} ms\tMemory Size: ${options.memoryMb ?? 1024} MB`;
  const lines = `START RequestId: ${id}\n${log}END RequestId: ${id}\nREPORT RequestId: ${id}\t${billed}\t\n`;
  return Buffer.from(lines).subarray(-4096).toString("base64");
}
