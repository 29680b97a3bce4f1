import { createHash } from "node:crypto";
import type { Argument } from "../../callables/arguments.ts";
import { encodeResult } from "../../callables/travel.ts";
import { InternalError, OptionError, fromErrorRecord } from "../../errors.ts";
import { decodeContinuation, isContinuation } from "../../kernels/call/continuation.ts";
import type { Ref } from "../../plan/plan.ts";
import type { Executor, Job, Lane, Loss, OrdersJob, Outcome, WorkSource } from "../executor.ts";
import type { RunEvent } from "../runtime.ts";
import { Delays } from "../scheduler/delays.ts";
import { delayMs } from "../scheduler/failure.ts";
import type { Vault } from "../vault.ts";
import type { CallHandle, CallOptions, Calls, GraphCall } from "./calls.ts";
import { Dispatch } from "./dispatch.ts";
import { cycleAmong, lossErrorOf, mayRetry } from "./failures.ts";
import { FunctionTable, contentOf, learn } from "./functions.ts";
import { Handle, type NodeHost } from "./handle.ts";
import { Ledger } from "./ledger.ts";
import { CallNode, type NodeInit } from "./node.ts";
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
  readonly #functions = new FunctionTable();
  readonly #dispatch = new Dispatch();
  readonly #ledger: Ledger;
  readonly #delays = new Delays();
  readonly #running = new Map<number, CallNode>();
  /** How much is awaited that is no call. */
  #awaited = 0;
  #ids = 0;
  #attached = false;
  #closed: Error | undefined;

  constructor(executor: Executor, vault: Vault) {
    this.#executor = executor;
    this.#results = new Results(vault);
    this.#ledger = new Ledger(this.#dispatch, this.#results, {
      stop: (node) => this.#stop(node),
      wait: (node, body) => this.#wait(node, body),
    });
  }

  add(graph: readonly GraphCall[], wanted: readonly number[]): CallHandle[] {
    this.#attach();
    const { nodes, fresh } = this.#make(graph);
    const handles = wanted.map((index) => new Handle(nodes[index], this));
    this.#ledger.begin(fresh);
    this.#executor.wake();
    return handles;
  }

  hold(value: PromiseLike<unknown>, what: string): CallHandle {
    this.#attach();
    const node = this.#node({ fn: undefined, args: [], needs: [], key: undefined, options: {}, lane: undefined });
    const handle = new Handle(node, this);
    this.#ledger.await(node, async () => encodeResult(await value, what));
    return handle;
  }

  everywhere(call: GraphCall): Map<number, CallHandle> {
    this.#attach();
    const handles = new Map<number, CallHandle>();
    for (const lane of this.#executor.lanes()) {
      const { nodes, fresh } = this.#make([call], lane);
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
    this.#ledger.retry(node);
    this.#executor.wake();
  }

  // What the executor calls.

  next(lane: Lane): Job | undefined {
    const dispatched = this.#dispatch.next(lane, this.#executor.threads, (node) => this.#results.inputOf(node));
    if (dispatched === undefined) return undefined;
    for (const node of dispatched.nodes) {
      node.job = dispatched.job;
      this.#running.set(node.id, node);
    }
    return dispatched.job;
  }

  settled(job: OrdersJob, outcomes: readonly Outcome[], lane: number): void {
    for (const outcome of outcomes) {
      const node = this.#running.get(outcome.index);
      this.#tellPrinted(outcome, lane);
      // Late: cancelled, released, or run again elsewhere meanwhile.
      if (node === undefined || node.job !== job) continue;
      this.#running.delete(node.id);
      if ("error" in outcome) {
        this.#failed(node, fromErrorRecord(outcome.error));
        continue;
      }
      if (node.fn !== undefined) learn(node.fn, outcome.ms);
      if (isContinuation(outcome.body)) this.#continue(node, outcome.body);
      else this.#ledger.done(node, outcome.body);
    }
    this.#checkStuck();
  }

  merged(): void {
    throw new InternalError("A merge was settled with the graph of calls, which has none.");
  }

  ended(job: Job): void {
    if (job.kind === "merge") return;
    for (const { index } of job.orders) {
      const node = this.#running.get(index);
      if (node?.job !== job) continue;
      this.#running.delete(index);
      this.#ledger.back(node);
    }
    this.#checkStuck();
    // What was handed back, or has become ready, is for whoever has room.
    if (this.#dispatch.ready > 0) this.#executor.wake();
  }

  lost(job: Job, loss: Loss): void {
    if (job.kind === "merge") return;
    for (const { index } of job.orders) {
      const node = this.#running.get(index);
      if (node?.job !== job || index !== loss.running) continue;
      this.#running.delete(index);
      if (!loss.timedOut) node.deaths++;
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
    for (const node of [...this.#ledger.pending]) this.#ledger.fail(node, error);
  }

  #attach(): void {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#attached) return;
    this.#attached = true;
    this.#executor.add(this);
  }

  /** Nodes for calls: those that are there under their keys, and fresh ones. */
  #make(graph: readonly GraphCall[], lane?: number): { readonly nodes: CallNode[]; readonly fresh: CallNode[] } {
    const nodes: CallNode[] = [];
    const fresh: CallNode[] = [];
    const nodeOf = (ref: number | CallHandle): CallNode => {
      if (typeof ref === "number") return nodes[ref];
      if (ref instanceof Handle) return ref.node;
      throw new OptionError("An argument is a future of another client.", {
        fix: "await it, and pass its value.",
      });
    };
    for (const { fn: ref, args: given, options = {} } of graph) {
      const fn = ref === undefined ? undefined : this.#functions.intern(ref);
      const needs = new Set<CallNode>();
      const args = given.map((argument) => withNodes(argument, nodeOf, needs));
      const key =
        options.key ??
        (options.pure === true && ref !== undefined ? keyOfContent(fn?.name, contentOf(ref), args) : undefined);
      const known = key === undefined ? undefined : this.#ledger.byKey.get(key);
      if (known !== undefined) {
        nodes.push(known);
        continue;
      }
      const node = this.#node({ fn, args, needs: [...needs], key, options, lane });
      if (key !== undefined) this.#ledger.byKey.set(key, node);
      nodes.push(node);
      fresh.push(node);
    }
    return { nodes, fresh };
  }

  #node({
    options,
    ...init
  }: Omit<NodeInit, "id" | "priority" | "retries" | "timeoutMs"> & { readonly options: CallOptions }): CallNode {
    const { priority = 0, retries = 0, timeoutMs } = options;
    return new CallNode({ ...init, id: this.#ids++, priority, retries, timeoutMs });
  }

  #failed(node: CallNode, error: Error): void {
    node.failures++;
    if (!mayRetry(node, error)) {
      this.#ledger.fail(node, error);
      return;
    }
    // The delay is one thing more that it misses.
    node.missing++;
    this.#ledger.back(node);
    this.#awaited++;
    this.#delays.after(delayMs(node.failures), () => {
      this.#awaited--;
      this.#ledger.gain(node);
      this.#executor.wake();
    });
  }

  /** The call gave more calls, or a collection: their result is its own. */
  #continue(node: CallNode, body: Uint8Array): void {
    const more = decodeContinuation(body);
    if ("collection" in more) {
      const compute = this.collections;
      this.#ledger.await(node, async () => {
        if (compute === undefined)
          throw new InternalError("A call gave a collection, and there is no client to compute it.");
        return encodeResult(await compute(more.collection), node.key);
      });
      return;
    }
    const { nodes, fresh } = this.#make(more.graph);
    const root = nodes[more.root];
    // Held for the time being, or it would be culled.
    root.uses++;
    this.#ledger.begin(fresh);
    this.#ledger.follow(node, root);
    this.#ledger.unuse(root);
  }

  #wait(node: CallNode, body: () => Promise<void>): void {
    this.#awaited++;
    body()
      .catch((error: unknown) => {
        if (!node.over) this.#ledger.fail(node, error instanceof Error ? error : new Error(String(error)));
      })
      .finally(() => {
        this.#awaited--;
        this.#checkStuck();
        this.#executor.wake();
      });
  }

  #stop(node: CallNode): void {
    const { job } = node;
    this.#running.delete(node.id);
    if (job !== undefined) this.#executor.cancel(this, job, node.id);
  }

  #checkStuck(): void {
    const { pending } = this.#ledger;
    if (pending.size === 0 || this.#running.size > 0 || this.#awaited > 0 || this.#dispatch.ready > 0) return;
    const { nodes, error } = cycleAmong(pending);
    for (const node of nodes) this.#ledger.fail(node, error);
  }

  #tellPrinted({ index, printed }: Outcome, worker: number): void {
    if (printed === undefined || this.onEvent === undefined) return;
    for (const piece of printed)
      this.onEvent({ type: "printed", run: "calls", stage: "calls", task: index, worker, ...piece });
  }
}

function withNodes(
  argument: Argument<number | CallHandle>,
  nodeOf: (ref: number | CallHandle) => CallNode,
  needs: Set<CallNode>,
): Argument<CallNode> {
  const needed = (ref: number | CallHandle): CallNode => {
    const node = nodeOf(ref);
    needs.add(node);
    return node;
  };
  if (argument.value === undefined) return { ref: needed(argument.ref) };
  const { value, holes } = argument;
  return holes === undefined ? { value } : { value, holes: holes.map(({ path, ref }) => ({ path, ref: needed(ref) })) };
}

/** The same for the same function and the same arguments: by content, and for results of others by which call. */
function keyOfContent(name: string | undefined, content: string, args: readonly Argument<CallNode>[]): string {
  const hash = createHash("sha256").update(content);
  for (const argument of args) {
    if (argument.value === undefined) hash.update(`\0ref ${argument.ref.id}`);
    else {
      hash.update(`\0value ${argument.value.byteLength} `).update(argument.value);
      for (const { path, ref } of argument.holes ?? []) hash.update(`\0hole ${path.join("\0")} ${ref.id}`);
    }
  }
  return `${name ?? "data"}-${hash.digest("hex").slice(0, 32)}`;
}
