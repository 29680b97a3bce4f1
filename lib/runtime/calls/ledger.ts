import { fill } from "../../callables/arguments.ts";
import { CancelledError } from "../../errors.ts";
import { decodeValue, encodeValue } from "../../values.ts";
import type { Dispatch } from "./dispatch.ts";
import { releasedError } from "./handle.ts";
import type { CallNode } from "./node.ts";
import type { Results } from "./results.ts";

export interface LedgerHost {
  /** It is out, and no one wants it any more. */
  stop(node: CallNode): void;
  /** Something is waited for that is no call: the graph is not stuck meanwhile. What the body throws fails the call. */
  wait(node: CallNode, body: () => Promise<void>): void;
}

/**
 * What becomes of calls: every change of state (node.ts) happens here.
 *
 * Invariants.
 *  1. `missing` of a waiting call is the number of calls it needs that are not done, and one more while it waits to run again.
 *  2. `uses` of a call is the number of its holds: handles, calls that need it and are not done, calls that follow it. At 0 it is dropped.
 *  3. Nothing recurses: graphs are deeper than stacks. What follows from a change is put on a list, and worked off by who came first.
 */
export class Ledger {
  /** Neither over nor dropped. */
  readonly pending = new Set<CallNode>();
  readonly byKey = new Map<string, CallNode>();
  readonly #dispatch: Dispatch;
  readonly #results: Results;
  readonly #host: LedgerHost;
  readonly #todo: (() => void)[] = [];
  #working = false;

  constructor(dispatch: Dispatch, results: Results, host: LedgerHost) {
    this.#dispatch = dispatch;
    this.#results = results;
    this.#host = host;
  }

  /** Takes in calls that were just made; those that nothing holds or needs are culled. Each comes behind what it needs. */
  begin(nodes: readonly CallNode[]): void {
    for (const node of nodes) for (const need of node.needs) need.uses++;
    this.#work(() => {
      for (let i = nodes.length - 1; i >= 0; i--) if (nodes[i].uses === 0) this.#drop(nodes[i]);
      for (const node of nodes) {
        if (node.state !== "waiting") continue;
        this.pending.add(node);
        this.#expect(node);
      }
      for (const node of nodes) if (node.state === "waiting" && node.missing === 0) this.#go(node);
    });
  }

  done(node: CallNode, body: Uint8Array): void {
    this.#work(() => {
      this.#results.put(node, body);
      this.#complete(node);
    });
  }

  /** A fresh call whose result comes from elsewhere. */
  await(node: CallNode, bytes: () => Promise<Uint8Array>): void {
    this.pending.add(node);
    node.state = "running";
    this.#host.wait(node, async () => {
      const given = await bytes();
      if (!node.over) this.done(node, given);
    });
  }

  /** Its result will be that of `root`. */
  follow(node: CallNode, root: CallNode): void {
    this.#work(() => {
      root.uses++;
      node.follows = root;
      node.state = "following";
      if (root.state === "done") this.#complete(node);
      else if (root.over) this.#end(node, root.error ?? releasedError(root.key), "failed");
      else root.needed(node);
    });
  }

  fail(node: CallNode, error: Error): void {
    this.#work(() => this.#end(node, error, error instanceof CancelledError ? "cancelled" : "failed"));
  }

  cancel(node: CallNode): void {
    if (node.over) return;
    this.fail(node, new CancelledError(`${node.key} was cancelled.`, { fields: { key: node.key } }));
  }

  /** Handed back, or to be tried again. */
  back(node: CallNode): void {
    node.job = undefined;
    node.state = "waiting";
    if (node.missing === 0) this.#work(() => this.#go(node));
  }

  /** One thing that it misses is there. */
  gain(node: CallNode): void {
    if (--node.missing === 0 && node.state === "waiting") this.#work(() => this.#go(node));
  }

  unuse(node: CallNode): void {
    this.#work(() => this.#unuse(node));
  }

  loosen(node: CallNode): void {
    if (node.over) this.unuse(node);
    else node.loose++;
  }

  /** Runs again what has failed: the call, what it needed, and all that failed for these. */
  retry(first: CallNode): void {
    const again = new Set<CallNode>();
    const open = [first];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (again.has(node) || (node.state !== "failed" && node.state !== "cancelled")) continue;
      again.add(node);
      open.push(...node.needs, ...node.neededBy);
    }
    this.#work(() => {
      for (const node of again) {
        if (node.follows !== undefined) this.#unuse(node.follows);
        node.follows = undefined;
        node.error = undefined;
        node.failures = 0;
        node.state = "waiting";
        this.pending.add(node);
      }
      for (const node of again) {
        node.missing = 0;
        for (const need of node.needs) if (need.state !== "done") node.missing++;
        if (node.missing === 0) this.#go(node);
      }
    });
  }

  #work(body: () => void): void {
    this.#todo.push(body);
    if (this.#working) return;
    this.#working = true;
    try {
      for (let next = this.#todo.pop(); next !== undefined; next = this.#todo.pop()) next();
    } finally {
      this.#working = false;
    }
  }

  #expect(node: CallNode): void {
    for (const need of node.needs) {
      if (need.state === "done") continue;
      if (need.over) {
        this.#end(node, need.error ?? releasedError(need.key), need.state === "cancelled" ? "cancelled" : "failed");
        return;
      }
      need.needed(node);
      node.missing++;
    }
  }

  /** All it needs is there. */
  #go(node: CallNode): void {
    if (node.fn !== undefined) this.#dispatch.add(node);
    else this.#settleData(node);
  }

  /** No function: the argument is the result. */
  #settleData(node: CallNode): void {
    const [argument] = node.args;
    if (argument.value === undefined) {
      argument.ref.uses++;
      node.follows = argument.ref;
      this.#todo.push(() => this.#complete(node));
      return;
    }
    const { value, holes } = argument;
    if (holes === undefined) {
      this.done(node, value);
      return;
    }
    this.await(node, async () => {
      const filled = decodeValue(value);
      for (const { path, ref } of holes) fill(filled, path, decodeValue(await this.#results.get(ref)));
      return encodeValue(filled);
    });
  }

  #complete(node: CallNode): void {
    if (node.over) {
      this.#results.drop(node);
      return;
    }
    node.state = "done";
    node.job = undefined;
    this.pending.delete(node);
    const { needs, neededBy } = node;
    node.settle();
    for (const next of neededBy) {
      if (next.state === "following") this.#todo.push(() => this.#complete(next));
      else if (--next.missing === 0 && next.state === "waiting") this.#go(next);
    }
    for (const need of needs) this.#unuse(need);
    this.#tell(node);
  }

  /** Ends badly, and all that needs it. What they need stays held, for `retry`. */
  #end(first: CallNode, error: Error, state: "failed" | "cancelled"): void {
    const open = [first];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node.over) continue;
      const was = node.state;
      node.state = state;
      node.error = error;
      this.pending.delete(node);
      if (was === "ready") this.#dispatch.withdraw();
      if (was === "running") this.#host.stop(node);
      node.job = undefined;
      open.push(...node.neededBy);
      const { follows } = node;
      node.follows = undefined;
      if (follows !== undefined) this.#unuse(follows);
      this.#tell(node);
    }
  }

  #tell(node: CallNode): void {
    const { callbacks, loose } = node;
    node.callbacks = undefined;
    node.loose = 0;
    for (const callback of callbacks ?? []) callback();
    for (let i = 0; i < loose; i++) this.#unuse(node);
    // Culled in the meantime, or never held: the result is for no one.
    if (loose === 0 && node.uses === 0) this.#drop(node);
  }

  #unuse(node: CallNode): void {
    if (--node.uses === 0) this.#todo.push(() => this.#drop(node));
  }

  #drop(node: CallNode): void {
    if (node.state === "dropped" || node.uses > 0) return;
    const was = node.state;
    node.state = "dropped";
    this.pending.delete(node);
    if (node.givenKey !== undefined && this.byKey.get(node.givenKey) === node) this.byKey.delete(node.givenKey);
    if (was === "ready") this.#dispatch.withdraw();
    if (was === "running") this.#host.stop(node);
    if (was === "done") this.#results.drop(node);
    const { needs, follows, callbacks } = node;
    node.settle();
    node.follows = undefined;
    node.callbacks = undefined;
    for (const need of needs) this.#unuse(need);
    if (follows !== undefined) this.#unuse(follows);
    for (const callback of callbacks ?? []) callback();
  }
}
