import type { RecordBatch } from "apache-arrow";
import type { AnyArray, ChunkedArray } from "../collections/array/chunked-array.ts";
import type { ArrayWrite, WrittenArray } from "../collections/array/array-write.ts";
import type { ArraySource } from "../collections/array/files.ts";
import type { ArrayNode } from "../collections/array/nodes.ts";
import type { DataFrame } from "../collections/dataframe/dataframe.ts";
import type { AskedArray } from "../collections/handover.ts";
import type { ImageResult } from "../collections/images/image-result.ts";
import type { WriteTarget, WrittenFile } from "../collections/dataframe/write.ts";
import { inspect } from "node:util";
import { Collection } from "../collections/collection.ts";
import { fromTravelling } from "../collections/from-json.ts";
import { isExecutor, setExecutor, type ComputeOptions, type Executor } from "../collections/executor.ts";
import { formatBytes, wholeNumber, wrong } from "../collections/options.ts";
import type { Schema } from "../collections/schema.ts";
import { OptionError } from "../errors.ts";
import type { AwsRuntime } from "../runtime/aws/runtime.ts";
import type { RunEvent, RunOptions, RunResult, Runtime } from "../runtime/runtime.ts";
import type { Plan } from "../plan/plan.ts";
import type { Calls } from "../runtime/calls/calls.ts";
import type { StartOptions } from "./attach.ts";
import { Submitter, scatterValue } from "./calls.ts";
import type { ScatterOptions, SubmitHost, SubmitOptions } from "./calls.ts";
import type { Given, GivenAll } from "../collections/delayed/types.ts";
import type { CloudRun } from "./cloud-run.ts";
import type { AwsClientOptions } from "./connect-aws.ts";
import { Future, Held, RunSource } from "./future.ts";
import { asCompleted, futuresOf, gather, wait, type GatherOptions, type Gathered, type WaitOptions } from "./gather.ts";
import { localParts, localPartsOf, type LocalClientOptions } from "./local-client.ts";
import { computeOptions, type ClientParts } from "./parts.ts";
import { drawFutures, progressOn } from "./progress.ts";
import { Published } from "./published.ts";
import { runnerOf, type RunnerHost } from "./runner.ts";

/** What a person holds: runs collections on workers. Made by `Client.local` or `Client.connect`; ended by `close` or `await using`. */
export class Client implements Executor, AsyncDisposable {
  readonly #parts: ClientParts;
  readonly #listeners = new Set<(event: RunEvent) => void>();
  readonly #published = new Published();
  readonly #submitHost: SubmitHost;
  readonly #submitter: Submitter;
  #workers: number;
  #futures = 0;
  #closed = false;

  private constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#workers = parts.workers;
    this.#submitHost = submitHost(this, () => this.#running.calls);
    this.#submitter = new Submitter(this.#submitHost);
    const { calls } = parts.runtime;
    calls.onEvent = (event) => this.#tell(event);
    calls.collections = (given) => Promise.resolve(this.compute(fromTravelling(given)));
    if (parts.output === "inherit") this.#listeners.add(printOutput);
    if (parts.progress) this.#listeners.add(progressOn(process.stderr));
  }

  /** Starts workers on this machine, as threads. The client becomes the one that bare `compute()` uses. */
  static async local(options: LocalClientOptions = {}): Promise<Client> {
    return Client.#of(localParts(options));
  }

  /**
   * A client by URL: `aws://eu-west-1/Abanico` for a stack in AWS, with the environment's credentials and these options; `local://?workers=4&threadsPerWorker=2&memoryLimit=4GB`
   * for this machine. It becomes the one that bare `compute()` uses.
   *
   * @throws NotFoundError, UnreadableError where there is no such stack, or it may not be used; they say what to do
   */
  static async connect(url: string, options: AwsClientOptions = {}): Promise<Client> {
    const parsed = typeof url === "string" ? URL.parse(url) : null;
    if (parsed?.protocol === "aws:") return Client.#of(await (await import("./connect-aws.ts")).awsParts(url, options));
    if (parsed?.protocol === "local:") return Client.#of(localPartsOf(parsed));
    throw wrong("Client.connect(…)", 'a URL such as "local://?workers=4" or "aws://eu-west-1/Abanico"', url);
  }

  static #of(parts: ClientParts): Client {
    const client = new Client(parts);
    setExecutor(client);
    return client;
  }

  /** Threads that run tasks. */
  get threads(): number {
    return this.#parts.runtime.threads;
  }

  /** Starts the run now; the future is its result to come. */
  compute<T>(collection: Collection<T>, options: ComputeOptions = {}): Future<T> {
    return this.#future("compute", collection, options, async (signal, host) =>
      (await runnerOf<T, Collection<T>>(collection)).compute(collection, host, signal),
    );
  }

  /** Runs, and keeps the result with the workers; the collection returned starts from there. */
  async persist<C extends Collection<unknown>>(collection: C, options: ComputeOptions = {}): Promise<C> {
    return this.#future("persist", collection, options, async (signal, host) =>
      (await runnerOf<unknown, C>(collection)).persist(collection, host, signal),
    );
  }

  /** Runs a frame and writes its rows, as `frame.writeCsv` and the like describe it. */
  write(frame: DataFrame, target: WriteTarget, options: ComputeOptions = {}): Future<WrittenFile[]> {
    return this.#future("write", frame, options, async (signal, host) =>
      (await import("./run-write.ts")).writeFiles(frame, target, host, signal),
    );
  }

  /** Runs an array and writes it, as `array.writeNpy` and `array.writeZarr` describe it. */
  writeArray(array: AnyArray, write: ArrayWrite, options: ComputeOptions = {}): Future<WrittenArray> {
    return this.#future("write", array, options, async (signal, host) =>
      (await import("./array-files.ts")).writeArray(array.node, write, host, signal),
    );
  }

  /** Runs a frame or images, and keeps what they give as an array: see `frame.toArray` and `images.toArray`. */
  toArray(
    from: DataFrame | ImageResult<unknown>,
    asked: AskedArray = {},
    options: ComputeOptions = {},
  ): Future<ChunkedArray> {
    return this.#future("toArray", from, options, async (signal, host) =>
      from.kind === "frame"
        ? (await import("./frame-to-array.ts")).frameToArray(from, asked, host, signal)
        : (await import("./images-to-array.ts")).imagesToArray(from, asked, host, signal),
    );
  }

  /** Runs an array and keeps it as a frame: see `array.toDataFrame`. */
  toDataFrame(array: AnyArray, names: readonly string[], options: ComputeOptions = {}): Future<DataFrame> {
    return this.#future("toDataFrame", array, options, async (signal, host) =>
      (await import("./array-to-frame.ts")).arrayToFrame(array, names, host, signal),
    );
  }

  /** What a file says of its array: for `readNpy` and its like. */
  async openArray(source: ArraySource, { signal }: ComputeOptions = {}): Promise<ArrayNode> {
    this.#refuseClosed();
    return (await import("../plan/source/array.ts")).openArray(source, this.#host.store, signal);
  }

  /** A frame's columns, as `frame.columns` and `frame.types` have them. */
  schema(frame: DataFrame, options: ComputeOptions = {}): Future<Schema> {
    return this.#future("schema", frame, options, async (signal, host) =>
      (await import("./frame-facts.ts")).frameSchema(frame, host, signal),
    );
  }

  /** How many rows a frame has, as `frame.length`. */
  length(frame: DataFrame, options: ComputeOptions = {}): Future<number> {
    return this.#future("length", frame, options, async (signal, host) =>
      (await import("./frame-facts.ts")).frameLength(frame, host, signal),
    );
  }

  /** A frame's rows as Arrow record batches, read as they are taken: see `frame.batches`. */
  async *batches(frame: DataFrame, { signal }: ComputeOptions = {}): AsyncGenerator<RecordBatch, void, undefined> {
    this.#refuseClosed();
    yield* (await import("./frame-batches.ts")).frameBatches(checked(frame, "batches"), this.#host, signal);
  }

  /** Forgets what a persisted collection keeps. It is forgotten too once nothing mentions that collection any more. `OptionError` for any other collection. */
  async release(collection: Collection<unknown>): Promise<void> {
    await (await runnerOf(checked(collection, "release"))).release(collection, this.#host);
  }

  /**
   * Hands a collection to the stack, as JSON, and lets go of it: the run goes on whatever becomes of this program, and gives its result to whoever asks. Only clients of a
   * stack can. @throws PlanError for what cannot travel as JSON: functions that are no exports of modules, results that a client keeps
   */
  async start<T>(collection: Collection<T>, options: StartOptions = {}): Promise<CloudRun<T>> {
    const { startRun } = await import("./attach.ts");
    return startRun<T>(this.#cloud("start(…)"), checked(collection, "start"), options);
  }

  /** A run of the stack by its id: of `start`, of an event, of `abanico status`. @throws NotFoundError */
  async attach(run: string): Promise<CloudRun<unknown>> {
    const { attachRun } = await import("./attach.ts");
    return attachRun(this.#cloud("attach(…)"), run);
  }

  /**
   * Lets a run of the stack go on that failed, was cancelled, hit its deadline, or whose execution was stopped: what is done is not done again. Gives the same handle as
   * `attach`; of a run that goes on, or has its result, it is that and no more. @throws NotFoundError also where the run's objects are deleted by now
   */
  async resume(run: string): Promise<CloudRun<unknown>> {
    const { resumedRun } = await import("./attach.ts");
    return resumedRun(this.#cloud("resume(…)"), run);
  }

  /** What would run. */
  async explain(collection: Collection<unknown>): Promise<string> {
    this.#refuseClosed();
    return (await runnerOf(checked(collection, "explain"))).explain(collection, this.#host);
  }

  /** Calls a function on a worker, with arguments that may be futures. It begins at once; options by `with`. */
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: GivenAll<A>): Future<Awaited<R>> {
    return this.#submitter.submit(fn, ...args);
  }

  /** Calls a function once for each item: a future each, in the items' order. Further arguments are the same for all calls; options by `with`. */
  map<T, X extends unknown[], R>(
    fn: (item: T, ...more: X) => R,
    items: Iterable<Given<T>>,
    ...more: GivenAll<X>
  ): Future<Awaited<R>>[] {
    return this.#submitter.map(fn, items, ...more);
  }

  /** `submit`, `map` and `run` with options: `client.with({ retries: 2, priority: 10 }).map(fetchPage, urls)`. */
  with(options: SubmitOptions): Submitter {
    return new Submitter(this.#submitHost, options);
  }

  /** Calls a function on every worker thread there is now; what each returned, by the worker's number. */
  run<A extends unknown[], R>(fn: (...args: A) => R, ...args: GivenAll<A>): Promise<Map<number, Awaited<R>>> {
    return this.#submitter.run(fn, ...args);
  }

  /** Fetches the values of futures, in the shape they are given: one, an array, a plain object. */
  gather<const F>(futures: F, options?: GatherOptions): Promise<Gathered<F>> {
    return gather(futures, options);
  }

  /** Waits for futures to end; nothing is fetched. @throws StalledError when the time given is over. */
  wait<F extends Held<unknown>>(futures: Iterable<F>, options?: WaitOptions): ReturnType<typeof wait<F>> {
    return wait(futures, options);
  }

  /** Futures as they end, the first first: `for await (const future of client.asCompleted(futures)) …`. */
  asCompleted<F extends Held<unknown>>(futures: Iterable<F>): AsyncIterableIterator<F, undefined> {
    return asCompleted(futures);
  }

  /** Waits for futures, and meanwhile draws on standard error how many have ended (on a terminal only). */
  async progress(futures: Iterable<Held<unknown>>): Promise<void> {
    await drawFutures([...futuresOf(futures, "progress(…)")], process.stderr);
  }

  /** Stops futures. One that runs is told by its signal (`taskContext().signal`); if it goes on, its worker is replaced. */
  cancel(futures: Held<unknown> | Iterable<Held<unknown>>): void {
    for (const future of futuresOf(futures instanceof Held ? [futures] : futures, "cancel(…)")) future.cancel();
  }

  /** Runs again what has ended in an error or was cancelled. */
  retry(futures: Held<unknown> | Iterable<Held<unknown>>): void {
    for (const future of futuresOf(futures instanceof Held ? [futures] : futures, "retry(…)")) future.retry();
  }

  /**
   * Puts a value with the workers, so that many calls can have it without sending it each time: pass what this gives as an argument.
   * That is no promise, so that it can be awaited itself. Values above 4 KiB lie in memory that all threads share; with
   * `broadcast`, each thread makes the value of it once, for all calls that read it there. A collection is computed first.
   */
  scatter<T>(collection: Collection<T>, options?: ScatterOptions): Promise<Held<T>>;
  scatter<T>(value: T, options?: ScatterOptions): Promise<Held<T>>;
  async scatter(value: unknown, options?: ScatterOptions): Promise<Held<unknown>> {
    const { calls } = this.#running;
    return scatterValue(calls, value instanceof Collection ? await this.compute(value) : value, options);
  }

  /** Gives a name to a collection or a future, so that other parts of the program find it: it stays held. */
  publish(name: string, what: Collection<unknown> | Held<unknown>): void {
    this.#published.add(name, what);
  }

  unpublish(name: string): void {
    this.#published.remove(name);
  }

  /** What was published under a name. The caller knows of what kind it is. */
  dataset<D extends Collection<unknown> | Held<unknown>>(name: string): D {
    return this.#published.get(name) as D; // the caller says so
  }

  /** Names of what is published. */
  datasets(): string[] {
    return this.#published.names;
  }

  /** Runs a plan as it is: for tools and tests. The last stage's partial is not finished. */
  runPlan(plan: Plan, options: RunOptions = {}): Promise<RunResult> {
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
    if (typeof listener !== "function") throw wrong("onEvent(…)", "a function", listener);
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

  /**
   * Ends the worker threads and starts as many new ones: for what functions have left there (modules, caches, memory). Results that are kept stay.
   * What runs begins again on the new ones; only what was for one worker (`run`) fails. @throws OptionError for a client without workers of its own
   */
  async restart(): Promise<void> {
    this.#refuseClosed();
    const { runtime } = this.#parts;
    if (runtime.restart === undefined)
      throw new OptionError("restart() needs worker threads, and this client has none.", {
        fix: "make one that has: await Client.local({ workers: 2 }).",
      });
    await runtime.restart();
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
    const { cloud } = this.#parts;
    if (cloud !== undefined)
      return `<Client: '${kind}' stack=${cloud.cloud.stack.stack} region=${cloud.cloud.region} concurrency=${threads}>`;
    return `<Client: '${kind}' workers=${this.#workers} threads=${threads}, memory=${formatBytes(memoryBytes)}>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** With a budget of its own, where that is given. Where runs cost nothing any budget will do. */
  #hostWithin(maxCost: number | undefined): RunnerHost {
    const { cloud } = this.#parts;
    const host = this.#host;
    return cloud === undefined || maxCost === undefined ? host : { ...host, runtime: cloud.within(maxCost) };
  }

  get #host(): RunnerHost {
    const { runtime, store, gemm = "abanico" } = this.#parts;
    return { runtime, store, gemm, onEvent: (event) => this.#tell(event) };
  }

  /** @throws OptionError for a client on this machine */
  #cloud(what: string): AwsRuntime {
    this.#refuseClosed();
    const { cloud } = this.#parts;
    if (cloud !== undefined) return cloud;
    throw new OptionError(`${what} needs a client of a stack: a run on this machine ends with it.`, {
      fix: 'connect to one: await Client.connect("aws://eu-west-1/Abanico"); or use compute(…).',
    });
  }

  #tell(event: RunEvent): void {
    this.#listeners.forEach((listener) => listener(event));
  }

  /** The runtime of a client that is not closed. */
  get #running(): Runtime {
    this.#refuseClosed();
    return this.#parts.runtime;
  }

  #future<T>(
    what: string,
    collection: Collection<unknown>,
    options: ComputeOptions,
    start: (signal: AbortSignal, host: RunnerHost) => Promise<T>,
  ): Future<T> {
    this.#refuseClosed();
    checked(collection, what);
    const { signal, maxCost } = computeOptions(options, what);
    const source = new RunSource(`${what}-${++this.#futures}`, (own) =>
      start(signal === undefined ? own : AbortSignal.any([own, signal]), this.#hostWithin(maxCost)),
    );
    return new Future(source);
  }

  #refuseClosed(): void {
    if (this.#closed) throw new OptionError("This client is closed.", { fix: "make a new one: await Client.local()." });
  }
}

function submitHost(client: Client, calls: () => Calls): SubmitHost {
  return {
    get calls() {
      return calls();
    },
    compute: (collection) => client.compute(collection),
  };
}

/** What functions printed on workers. */
function printOutput(event: RunEvent): void {
  if (event.type === "printed") process[event.stream].write(event.text);
}

function checked<C extends Collection<unknown>>(collection: C, what: string): C {
  if (collection instanceof Collection) return collection;
  throw wrong(`${what}(…)`, "a collection", collection, "pass a DataFrame, a Bag, or another lazy collection.");
}
