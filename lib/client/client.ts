import { availableParallelism, totalmem } from "node:os";
import { inspect } from "node:util";
import { Collection } from "../collections/collection.ts";
import { isExecutor, setExecutor, type ComputeOptions, type Executor } from "../collections/executor.ts";
import { formatBytes, knownKeys, parseBytes, wholeNumber } from "../collections/options.ts";
import { OptionError } from "../errors.ts";
import { createInlineRuntime } from "../runtime/inline.ts";
import { createLocalRuntime } from "../runtime/local/local.ts";
import type { RunEvent, RunOptions, RunResult, Runtime } from "../runtime/runtime.ts";
import type { Plan } from "../plan/plan.ts";
import { defaultStore, type DefaultStore } from "../store/default-store.ts";
import { Future } from "./future.ts";
import { progressOn } from "./progress.ts";
import { runnerOf, type RunnerHost } from "./runner.ts";

/** A client on this machine. */
export interface LocalClientOptions {
  /** Default: one for each processor that this process may use. 0: no threads at all, tasks run one by one in this thread (for debugging). */
  readonly workers?: number;
  /** Default 1. */
  readonly threadsPerWorker?: number;
  /** Of one worker: bytes, or a text like "4GB". A task that would need more is refused before it runs. Default: 90 % of the machine's memory, divided by the workers. */
  readonly memoryLimit?: number | string;
  /** Where bytes come from and go to. Default: files, `s3://` by the environment's credentials, `memory://`. */
  readonly store?: DefaultStore;
  /** A line on standard error that shows how far a run is. Default: where standard error is a terminal. */
  readonly progress?: boolean;
}

interface ClientParts {
  readonly kind: string;
  readonly runtime: Runtime;
  readonly store: DefaultStore;
  readonly workers: number;
  readonly threadsPerWorker: number;
  readonly memoryLimitBytes: number;
  readonly progress: boolean;
}

/** What a person holds: runs collections on workers. Made by `Client.local` or `Client.connect`; ended by `close` or `await using`. */
export class Client implements Executor, AsyncDisposable {
  readonly #parts: ClientParts;
  readonly #listeners = new Set<(event: RunEvent) => void>();
  #workers: number;
  #futures = 0;
  #closed = false;

  private constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#workers = parts.workers;
    if (parts.progress) this.#listeners.add(progressOn(process.stderr));
  }

  /** Starts workers on this machine, as threads. The client becomes the one that bare `compute()` uses. */
  static async local(options: LocalClientOptions = {}): Promise<Client> {
    knownKeys(options, ["workers", "threadsPerWorker", "memoryLimit", "store", "progress"], "Client.local");
    const workers = wholeNumber(options.workers ?? availableParallelism(), "Client.local option workers", 0);
    const threadsPerWorker = wholeNumber(options.threadsPerWorker ?? 1, "Client.local option threadsPerWorker", 1);
    const share = Math.floor((0.9 * totalmem()) / Math.max(1, workers));
    const memoryLimitBytes =
      options.memoryLimit === undefined ? share : parseBytes(options.memoryLimit, "Client.local option memoryLimit");
    const store = options.store ?? defaultStore();
    const runtime =
      workers === 0
        ? createInlineRuntime({ store, memoryLimitBytes })
        : createLocalRuntime({ workers, threadsPerWorker, memoryLimitBytes, store });
    const progress = options.progress ?? process.stderr.isTTY === true;
    const client = new Client({ kind: "local", runtime, store, workers, threadsPerWorker, memoryLimitBytes, progress });
    setExecutor(client);
    return client;
  }

  /** A client by URL: `local://?workers=4&threadsPerWorker=2&memoryLimit=4GB`. */
  static connect(url: string): Promise<Client> {
    const parsed = URL.parse(url);
    if (parsed?.protocol !== "local:")
      throw new OptionError(
        `Client.connect(…) expects a URL such as "local://?workers=4", found ${JSON.stringify(url)}.`,
        { fields: { url } },
      );
    const query = Object.fromEntries(parsed.searchParams);
    const numbers = Object.entries(query).map(([key, value]) => [key, key === "memoryLimit" ? value : Number(value)]);
    return Client.local(Object.fromEntries(numbers) as LocalClientOptions); // checked there, key by key
  }

  /** Threads that run tasks. */
  get threads(): number {
    return this.#parts.runtime.threads;
  }

  /** Starts the run now; the future is its result to come. */
  compute<T>(collection: Collection<T>, options: ComputeOptions = {}): Future<T> {
    return this.#future("compute", collection, options, async (signal) =>
      (await runnerOf<T, Collection<T>>(collection)).compute(collection, this.#host, signal),
    );
  }

  /** Runs, and keeps the result with the workers; the collection returned starts from there. */
  async persist<C extends Collection<unknown>>(collection: C, options: ComputeOptions = {}): Promise<C> {
    return this.#future("persist", collection, options, async (signal) =>
      (await runnerOf<unknown, C>(collection)).persist(collection, this.#host, signal),
    );
  }

  /** Forgets what a persisted collection keeps. It is forgotten too once nothing mentions that collection any more. `OptionError` for any other collection. */
  async release(collection: Collection<unknown>): Promise<void> {
    await (await runnerOf(checked(collection, "release"))).release(collection, this.#host);
  }

  /** What would run. */
  async explain(collection: Collection<unknown>): Promise<string> {
    this.#refuseClosed();
    return (await runnerOf(checked(collection, "explain"))).explain(collection, this.#host);
  }

  /** Runs a plan as it is: for tools and tests. The last stage's partial is not finished. */
  run(plan: Plan, options: RunOptions = {}): Promise<RunResult> {
    this.#refuseClosed();
    const { runtime, onEvent } = this.#host;
    return runtime.run(plan, {
      ...options,
      onEvent: (event) => {
        onEvent(event);
        options.onEvent?.(event);
      },
    });
  }

  /** Calls back on every event of every run, until the function returned is called. */
  onEvent(listener: (event: RunEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Changes the number of workers, also while something runs. */
  async scale(workers: number): Promise<void> {
    this.#refuseClosed();
    wholeNumber(workers, "scale(…)", 1);
    await this.#parts.runtime.scale(workers * this.#parts.threadsPerWorker);
    this.#workers = workers;
  }

  /** What the client is made of. */
  info(): { readonly kind: string; readonly workers: number; readonly threads: number; readonly memoryBytes: number } {
    return {
      kind: this.#parts.kind,
      workers: this.#workers,
      threads: this.threads,
      memoryBytes: this.#workers * this.#parts.memoryLimitBytes,
    };
  }

  /** Ends the workers; what runs is cancelled. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (isExecutor(this)) setExecutor(undefined);
    await this.#parts.runtime.close();
  }

  /** The same as `close`: a local client's workers are its own. */
  shutdown(): Promise<void> {
    return this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  toString(): string {
    const { kind, threads, memoryBytes } = this.info();
    return `<Client: '${kind}' workers=${this.#workers} threads=${threads}, memory=${formatBytes(memoryBytes)}>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  get #host(): RunnerHost {
    const { runtime, store } = this.#parts;
    const onEvent = (event: RunEvent) => this.#listeners.forEach((listener) => listener(event));
    return { runtime, store, onEvent };
  }

  #future<T>(
    what: string,
    collection: Collection<unknown>,
    { signal }: ComputeOptions,
    start: (signal: AbortSignal) => Promise<T>,
  ): Future<T> {
    this.#refuseClosed();
    checked(collection, what);
    return new Future(`${what}-${++this.#futures}`, (own) =>
      start(signal === undefined ? own : AbortSignal.any([own, signal])),
    );
  }

  #refuseClosed(): void {
    if (this.#closed) throw new OptionError("This client is closed.", { fix: "make a new one: await Client.local()." });
  }
}

function checked<C extends Collection<unknown>>(collection: C, what: string): C {
  if (collection instanceof Collection) return collection;
  const found: unknown = collection;
  throw new OptionError(`${what}(…) expects a collection, found ${found === null ? "null" : `a ${typeof found}`}.`, {
    fix: "pass a DataFrame, a Bag, or another lazy collection.",
  });
}
