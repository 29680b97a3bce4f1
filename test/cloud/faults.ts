/** A request that has reached the emulated account. */
export interface Call {
  readonly service: string;
  /** Of Lambda the function's name, of S3 the method (`GET`, `PUT`, …), of other services the action (`SendMessageBatch`). */
  readonly operation: string;
  /** Who asks: a function's name; "states" for the state machine; "client" for all others. */
  readonly caller: string;
  /** Path and query; of S3 `/bucket/key`. */
  readonly path: string;
  /** The parsed body of what is JSON. */
  readonly body: unknown;
}

/** What goes wrong with a request. Times in milliseconds. */
export type Effect =
  /** The service refuses for now: Lambda 429, S3 503 SlowDown, SQS a throttle. */
  | { readonly kind: "throttle" }
  /** The service fails: 500. */
  | { readonly kind: "internal" }
  /** The connection ends without an answer, and nothing is done. */
  | { readonly kind: "drop" }
  /** The request is done; its answer is lost (500, or for other services than Lambda an ended connection). */
  | { readonly kind: "lose" }
  | { readonly kind: "delay"; readonly ms: number }
  /** The function (of Lambda: the called, else the calling one) dies at once, with all it holds. */
  | { readonly kind: "kill" }
  /** Lambda: the function throws an error of this name. */
  | { readonly kind: "throw"; readonly errorType: string }
  /** Lambda: the function runs out of time, without having done anything. */
  | { readonly kind: "timeout" }
  /** The service refuses for good: nothing is done. Not for Lambda. */
  | { readonly kind: "refuse"; readonly status: number; readonly code: string }
  /** SQS: what arrives differs from what was sent. */
  | { readonly kind: "rewrite"; readonly from: RegExp; readonly to: string }
  /** SQS: the answer says it is done; it is not. Deletes are forgotten, so that messages come again; sent messages are lost. */
  | { readonly kind: "swallow" }
  /** SQS: what is sent arrives twice, or late, hence in another order. */
  | { readonly kind: "twice" }
  | { readonly kind: "late"; readonly ms: number };

export interface Fault {
  readonly on: (call: Call) => boolean;
  readonly effect: Effect;
  /** Calls that pass before the fault begins. Default 0. */
  readonly skip?: number;
  /** Calls it befalls. Default 1. */
  readonly times?: number;
}

interface Scripted {
  readonly fault: Fault;
  seen: number;
  hits: number;
}

/** The faults that are scripted now: each befalls the calls it names, the first that fits wins. */
export class Faults {
  #scripted: Scripted[] = [];

  add(...faults: readonly Fault[]): void {
    for (const fault of faults) this.#scripted.push({ fault, seen: 0, hits: 0 });
  }

  clear(): void {
    this.#scripted = [];
  }

  /** How often each has happened, in the order in which they were added. */
  get hits(): readonly number[] {
    return this.#scripted.map(({ hits }) => hits);
  }

  hitsOf(fault: Fault): number {
    return this.#scripted.find((one) => one.fault === fault)?.hits ?? 0;
  }

  take(call: Call): Effect | undefined {
    for (const one of this.#scripted) {
      const { on, effect, skip = 0, times = 1 } = one.fault;
      if (!on(call) || one.hits >= times || one.seen++ < skip) continue;
      one.hits++;
      return effect;
    }
    return undefined;
  }
}

export const invoked =
  (name: string) =>
  ({ service, operation }: Call): boolean =>
    service === "lambda" && operation === name;

/** A request of a service, by its operation, from anyone or from one caller. */
export const asked =
  (service: string, operation: RegExp, caller?: string) =>
  (call: Call): boolean =>
    call.service === service && operation.test(call.operation) && (caller === undefined || call.caller === caller);
