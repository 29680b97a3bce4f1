import { encodeResult } from "../../callables/travel.ts";
import type { Travelling } from "../../collections/travelling.ts";
import { InternalError, OptionError, fromErrorRecord } from "../../errors.ts";
import { decodeContinuation, isContinuation } from "../../kernels/call/continuation.ts";
import type { Ref } from "../../plan/plan.ts";
import type { CallsJob, Executor, Job, Lane, Loss, OrdersJob, Outcome, Standing, WorkSource } from "../executor.ts";
import type { RunEvent } from "../runtime.ts";
import { Delays } from "../scheduler/delays.ts";
import { delayMs } from "../scheduler/failure.ts";
import type { Vault } from "../vault.ts";
import type { CallHandle, Calls, GraphCall } from "./calls.ts";
import { Dispatch, OutJob } from "./dispatch.ts";
import { cycleFrom, lossErrorOf, mayRetry } from "./failures.ts";
import { learn } from "./functions.ts";
import { Handle, type NodeHost } from "./handle.ts";
import { Ledger } from "./ledger.ts";
import { Maker } from "./make.ts";
import type { CallNode } from "./node.ts";
import { Results } from "./results.ts";

/**
 * The graph of calls: takes calls at any time, hands out those that can run (dispatch.ts), and enters what comes back (ledger.ts).
 *
 * While calls are pending, something is running, ready or awaited. Where that is not so, they wait for each other: that can only
 * come from calls that other calls gave (a pure one that needs itself), and is an error that shows the cycle.
 */
export class CallGraph implements WorkSource, Calls, NodeHost {
  collections: Calls["collections"];
  onEvent: ((event: RunEvent) => void) | undefined;
  readonly #executor: Executor;
  readonly #results: Results;
  readonly #dispatch = new Dispatch();
  readonly #ledger: Ledger;
  readonly #maker: Maker;
  readonly #delays = new Delays();
  /** How many calls are out in jobs. */
  #out = 0;
  /** How much is awaited that is no call. */
  #awaited = 0;
  #attached = false;
  #closed: Error | undefined;

  constructor(executor: Executor, vault: Vault) {
    this.#executor = executor;
    this.#results = new Results(vault, executor);
    this.#ledger = new Ledger(this.#dispatch, this.#results, {
      stop: (node) => this.#stop(node),
      wait: (node, body) => this.#wait(node, body),
    });
    this.#maker = new Maker(this, this.#ledger.byKey, (collection) => this.#computed("a task", collection));
  }

  add(graph: readonly GraphCall[], wanted: readonly number[]): CallHandle[] {
    this.#attach();
    const { nodes, fresh } = this.#maker.make(graph);
    const handles = wanted.map((index) => new Handle(nodes[index], this));
    this.#ledger.begin(fresh);
    this.#executor.wake();
    return handles;
  }

  hold(value: PromiseLike<unknown>, what: string, abandon?: () => void): CallHandle {
    this.#attach();
    const node = this.#maker.held(async () => encodeResult(await value, what), abandon);
    const handle = new Handle(node, this);
    this.#ledger.begin([node]);
    return handle;
  }

  everywhere(call: GraphCall): Map<number, CallHandle> {
    this.#attach();
    const handles = new Map<number, CallHandle>();
    const lanes = this.#executor.lanes();
    if (lanes.length === 0)
      throw new OptionError("This client has no workers of its own on each of which a function could be run.", {
        fix: "use client.map: its calls run on whichever workers there are.",
      });
    for (const lane of lanes) {
      const { nodes, fresh } = this.#maker.make([call], { lane });
      handles.set(lane, new Handle(nodes[0], this));
      this.#ledger.begin(fresh);
    }
    this.#executor.wake();
    return handles;
  }

  /** Fails what is pending; nothing is taken from now on. */
  close(error: Error): void {
    this.#closed ??= error;
    this.#delays.cancel();
    this.fail(error);
    if (this.#attached) this.#executor.remove(this);
  }

  // What handles ask.

  bytesOf(node: CallNode): Promise<Uint8Array> {
    return this.#results.get(node);
  }

  peek(node: CallNode): Uint8Array | undefined {
    return this.#results.peek(node);
  }

  unuse(node: CallNode): void {
    this.#ledger.unuse(node);
  }

  loosen(node: CallNode): void {
    this.#ledger.loosen(node);
  }

  cancel(node: CallNode): void {
    this.#ledger.cancel(node);
    this.#executor.wake();
  }

  retry(node: CallNode): void {
    if (this.#closed !== undefined) throw this.#closed;
    this.#ledger.retry(node);
    this.#executor.wake();
  }

  // What the executor calls.

  get standing(): Standing {
    return { ready: this.#dispatch.ready, awaited: this.#awaited };
  }

  next(lane: Lane): Job | undefined {
    const job = this.#dispatch.next(lane, this.#executor, (node) => this.#results.inputOf(node));
    if (job !== undefined) this.#out += job.nodes.length;
    return job;
  }

  settled(job: OrdersJob, outcomes: readonly Outcome[], lane: number): void {
    for (const outcome of outcomes) {
      if (outcome.printed !== undefined) this.#tellPrinted(outcome, lane);
      const node = ownJob(job).nodeOf(outcome.index);
      // Late: cancelled, released, or run again elsewhere meanwhile.
      if (node === undefined) continue;
      this.#in(node);
      if ("error" in outcome) {
        const error = fromErrorRecord(outcome.error);
        node.failures++;
        this.#failed(node, error);
        continue;
      }
      if (node.fn !== undefined) learn(node.fn, outcome.ms);
      if (outcome.at !== undefined) this.#ledger.done(node, outcome.at);
      else if (isContinuation(outcome.body)) this.#continue(node, outcome.body);
      else this.#ledger.done(node, outcome.body);
    }
    this.#goOn();
  }

  merged(): void {
    throw new InternalError("A merge was settled with the graph of calls, which has none.");
  }

  ended(job: Job): void {
    const { nodes } = ownJob(job);
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      if (node.job === job) this.#back(node);
    }
    this.#goOn();
  }

  returned(job: CallsJob, indices: Iterable<number>): void {
    const own = ownJob(job);
    for (const index of indices) {
      const node = own.nodeOf(index);
      if (node !== undefined) this.#back(node);
    }
    this.#goOn();
  }

  lost(job: Job, loss: Loss): void {
    const node = ownJob(job).nodes.find(({ id }) => id === loss.running);
    if (node !== undefined && node.job === job) {
      this.#in(node);
      if (loss.timedOut) node.failures++;
      else node.deaths++;
      this.#failed(node, lossErrorOf(node, loss));
    }
    this.ended(job);
  }

  fetch(ref: Ref): Promise<Uint8Array> {
    return this.#results.fetch(ref);
  }

  notice(event: RunEvent): void {
    if (event.type === "worker-died")
      for (const node of this.#dispatch.forgetLane(event.worker))
        this.#ledger.fail(node, lossErrorOf(node, { reason: event.reason, timedOut: false, running: undefined }));
    this.onEvent?.(event);
  }

  fail(error: Error): void {
    for (let node = this.#ledger.pending.first; node !== undefined; node = this.#ledger.pending.first)
      this.#ledger.fail(node, error);
  }

  #attach(): void {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#attached) return;
    this.#attached = true;
    this.#executor.add(this);
  }

  /** A call that was out has failed: it is postponed, or that is its end. */
  #failed(node: CallNode, error: Error): void {
    if (!mayRetry(node, error, this.#executor.lanes())) {
      this.#ledger.fail(node, error);
      return;
    }
    const again = this.#ledger.postpone(node);
    this.#awaited++;
    this.#delays.after(delayMs(node.attempt - 1), () => {
      this.#awaited--;
      again();
      this.#goOn();
    });
  }

  /** The call gave more calls, or a collection: their result is its own. */
  #continue(node: CallNode, body: Uint8Array): void {
    try {
      const more = decodeContinuation(body);
      if ("collection" in more) this.#ledger.await(node, { bytes: () => this.#computed(node.key, more.collection) });
      else this.#follow(node, more.graph, more.root);
    } catch (error) {
      this.#ledger.fail(node, error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #computed(name: string, collection: Travelling): Promise<Uint8Array> {
    if (this.collections === undefined)
      throw new InternalError("A call gave a collection, and there is no client to compute it.");
    return encodeResult(await this.collections(collection), name);
  }

  #follow(node: CallNode, graph: readonly GraphCall[], rootIndex: number): void {
    const { nodes, fresh } = this.#maker.make(graph, { priority: node.priority });
    const root = nodes[rootIndex];
    // Held for the time being, or it would be culled.
    root.uses++;
    this.#ledger.begin(fresh);
    this.#ledger.follow(node, root);
    this.#ledger.unuse(root);
  }

  #wait(node: CallNode, body: () => Promise<void>): void {
    this.#awaited++;
    const { turn } = node;
    Promise.resolve()
      .then(body)
      .catch((error: unknown) => {
        if (node.turn !== turn || node.over) return;
        this.#ledger.fail(node, error instanceof Error ? error : new Error(String(error)));
      })
      .finally(() => {
        this.#awaited--;
        this.#goOn();
      });
  }

  /** It was handed back. What could run on one lane only fails with that. */
  #back(node: CallNode): void {
    this.#in(node);
    const { lane } = node.options;
    if (lane === undefined || this.#executor.lanes().includes(lane)) this.#ledger.back(node);
    else this.#ledger.fail(node, lossErrorOf(node, { reason: "it ended", timedOut: false, running: undefined }));
  }

  /** It is out no more. */
  #in(node: CallNode): void {
    node.job = undefined;
    this.#out--;
  }

  /** Nothing is entered here: the ledger is at work. */
  #stop(node: CallNode): void {
    const { job } = node;
    if (job === undefined) return;
    this.#in(node);
    this.#executor.cancel(this, job, node.id);
  }

  /** Work for whoever has room; or, where nothing can go on, the reason. */
  #goOn(): void {
    if (this.#dispatch.ready > 0) {
      this.#executor.wake();
      return;
    }
    const { first } = this.#ledger.pending;
    if (first === undefined || this.#out > 0 || this.#awaited > 0) return;
    const { nodes, error } = cycleFrom(first);
    for (const node of nodes) if (!node.over) this.#ledger.fail(node, error);
    this.#goOn();
  }

  #tellPrinted({ index, printed = [] }: Outcome, worker: number): void {
    for (const piece of printed)
      this.onEvent?.({ type: "printed", run: "calls", stage: "calls", task: index, worker, ...piece });
  }
}

/** Jobs come back to the source that gave them. */
function ownJob(job: Job): OutJob {
  if (job instanceof OutJob) return job;
  throw new InternalError("A job came to the graph of calls that is not its own.");
}
