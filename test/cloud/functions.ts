import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Answer, EnvironmentData, Invocation } from "./environment.ts";

/** A function as Lambda would be told of it. */
export interface FunctionOptions {
  readonly name: string;
  /** The bundle. */
  readonly file: string;
  /** Name of the export. Default "handler". */
  readonly handler?: string;
  readonly env: { readonly [name: string]: string };
  /** In milliseconds. Default a minute. */
  readonly timeoutMs?: number;
  /** In MiB. Default 1,024. Said, not enforced. */
  readonly memoryMb?: number;
  /** Executions at a time, beyond which Lambda throttles. Default: none. */
  readonly concurrency?: number;
  /** Threads at a time; further invocations wait. Default 4. */
  readonly environments?: number;
}

export interface Outcome {
  readonly id: string;
  readonly ok: boolean;
  readonly payload: string;
  /** Of the invocation, without the start of its environment, in milliseconds. */
  readonly ms: number;
  /** What it printed. */
  readonly log: string;
}

interface Environment {
  readonly key: string;
  readonly worker: Worker;
  readonly ready: Promise<Answer | undefined>;
}

/** A function: a pool of threads, each an execution environment with an event at a time, kept for the next one as Lambda does. */
export class EmulatedFunction {
  readonly options: FunctionOptions;
  readonly arn: string;
  #idle: Environment[] = [];
  readonly #all = new Set<Environment>();
  readonly #waiting: (() => void)[] = [];
  #active = 0;
  #started = 0;

  constructor(options: FunctionOptions, arn: string) {
    this.options = options;
    this.arn = arn;
  }

  get throttled(): boolean {
    return this.#active >= (this.options.concurrency ?? Infinity);
  }

  async invoke(event: unknown): Promise<Outcome> {
    const { environments = 4 } = this.options;
    this.#active++;
    if (this.#active > environments) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const environment = this.#idle.pop() ?? this.#start();
    const id = randomUUID();
    const { outcome, alive } = await this.#run(environment, id, event);
    if (alive) this.#idle.push(environment);
    else await this.#end(environment);
    this.#active--;
    this.#waiting.shift()?.();
    return outcome;
  }

  /** The environment with this access key dies, with all it holds. */
  async kill(key: string): Promise<void> {
    for (const environment of this.#all) if (environment.key === key) await this.#end(environment);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((environment) => this.#end(environment)));
  }

  async #run(environment: Environment, id: string, event: unknown): Promise<{ outcome: Outcome; alive: boolean }> {
    const { name, memoryMb = 1024, timeoutMs = 60_000 } = this.options;
    const ready = await environment.ready;
    const began = performance.now();
    const end = (ok: boolean, payload: string, alive: boolean, log = "") => {
      const ms = performance.now() - began;
      return { outcome: { id, ok, payload, ms, log }, alive };
    };
    const failed = (errorType: string, what: string) =>
      end(false, JSON.stringify({ errorType, errorMessage: `RequestId: ${id} Error: ${what}` }), false);
    if (ready === undefined) return failed("Runtime.ExitError", "Runtime exited while it started");
    if (ready.kind === "error") return end(false, ready.payload, false, ready.log);

    const invocation: Invocation = { id, event, arn: this.arn, name, memoryMb, deadline: Date.now() + timeoutMs };
    environment.worker.postMessage(invocation);
    const answer = await next(environment.worker, timeoutMs);
    if (answer === "late")
      return failed("Sandbox.Timedout", `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`);
    if (answer === undefined || answer.kind === "ready") return failed("Runtime.ExitError", "Runtime exited");
    return end(answer.kind === "value", answer.payload, true, answer.log);
  }

  #start(): Environment {
    const { name, file, handler = "handler", env } = this.options;
    const key = `${name}.${this.#started++}`;
    const data: EnvironmentData = { file, handler };
    const worker = new Worker(new URL("./environment.ts", import.meta.url), {
      workerData: data,
      // The access key tells the proxy who asks.
      env: { ...env, AWS_ACCESS_KEY_ID: key, AWS_LAMBDA_FUNCTION_NAME: name },
      execArgv: [],
      // What is printed travels with the answer.
      stdout: true,
      stderr: true,
    });
    const environment: Environment = { key, worker, ready: next(worker, undefined) };
    // It is followed by "exit"; without a listener it would end the process.
    worker.on("error", () => {});
    this.#all.add(environment);
    return environment;
  }

  async #end(environment: Environment): Promise<void> {
    this.#all.delete(environment);
    this.#idle = this.#idle.filter((other) => other !== environment);
    await environment.worker.terminate();
  }
}

function next(worker: Worker, ms: number): Promise<Answer | "late" | undefined>;
function next(worker: Worker, ms: undefined): Promise<Answer | undefined>;
/** The thread's next message; undefined where it ends before. */
async function next(worker: Worker, ms: number | undefined): Promise<Answer | "late" | undefined> {
  const stop = new AbortController();
  const waits: Promise<Answer | "late" | undefined>[] = [
    once(worker, "message", { signal: stop.signal }).then(([message]) => message as Answer), // environment.ts says nothing else
    once(worker, "exit", { signal: stop.signal }).then(() => undefined),
  ];
  let timer: NodeJS.Timeout | undefined;
  if (ms !== undefined) waits.push(new Promise((resolve) => (timer = setTimeout(() => resolve("late"), ms))));
  for (const wait of waits) wait.catch(() => {}); // The others are given up once one is there; "error" is followed by "exit".
  const first = await Promise.race(waits.map((wait) => wait.catch(() => undefined)));
  stop.abort();
  clearTimeout(timer);
  return first;
}
