import { asData } from "../../callables/arguments.ts";
import { fill } from "../../callables/holes.ts";
import { CancelledError, InternalError } from "../../errors.ts";
import type { Ref } from "../../plan/plan.ts";
import { decodeValue, encodeValue } from "../../values.ts";
import type { Dispatch } from "./dispatch.ts";
import { releasedError } from "./handle.ts";
import type { CallNode, Elsewhere } from "./node.ts";
import { Pending } from "./pending.ts";
import type { Results } from "./results.ts";

export interface LedgerHost {
  /** It is out, and no one wants it any more. */
  stop(node: CallNode): void;
  /** Something is waited for that is no call: the graph is not stuck meanwhile. Begins later. What the body throws fails the call, if it is still at this turn. */
  wait(node: CallNode, body: () => Promise<void>): void;
}

/**
 * What becomes of calls: every change of state (node.ts) happens here.
 *
 * Invariants, whenever no method is at work.
 *  1. `missing` of a call that is waiting, ready or running is the number of calls it needs that are not done, and one more while it
 *     waits for another attempt.
 *  2. `uses` of a call is the number of its holds: handles, calls that need it and are neither done nor dropped, calls that follow it.
 *     A call without any is dropped.
 *  3. A call that is not done is in `neededBy` of each call it needs that is not done, exactly once; in `followers` of the one it follows.
 *  4. `pending` holds the calls that are not over. Of a waiting call that misses nothing, there is none.
 *  5. A call that is done and follows another, follows one that follows none.
 *
 * Nothing recurses, since graphs are deeper than stacks: what follows from a change is put on a list. Nothing comes in while a
 * method is at work: what calls back from here only takes notes.
 */
export class Ledger {
  readonly pending = new Pending();
  readonly byKey = new Map<string, CallNode>();
  readonly #dispatch: Dispatch;
  readonly #results: Results;
  readonly #host: LedgerHost;
  /** Their value is there. */
  readonly #completing: CallNode[] = [];
  /** Nothing holds them, unless something has come to since. */
  readonly #dropping: CallNode[] = [];
  #working = false;

  constructor(dispatch: Dispatch, results: Results, host: LedgerHost) {
    this.#dispatch = dispatch;
    this.#results = results;
    this.#host = host;
  }

  /** Takes in calls that were just made; those that nothing holds or needs are culled. Each comes behind what it needs. */
  begin(nodes: readonly CallNode[]): void {
    this.#open();
    // By index, here and below: an iterator for each of a million calls would be felt before the engine has optimized it away.
    for (let i = 0; i < nodes.length; i++) {
      const { needs } = nodes[i];
      for (let k = 0; k < needs.length; k++) needs[k].uses++;
    }
    for (let i = nodes.length - 1; i >= 0; i--) if (nodes[i].uses === 0) this.#drop(nodes[i]);
    for (let i = 0; i < nodes.length; i++) {
      if (nodes[i].state !== "waiting") continue;
      this.pending.add(nodes[i]);
      this.#expect(nodes[i]);
    }
    for (let i = 0; i < nodes.length; i++)
      if (nodes[i].state === "waiting" && nodes[i].missing === 0) this.#go(nodes[i]);
    this.#close();
  }

  /** A running call has given its value, as bytes, or says where they lie. */
  done(node: CallNode, body: Uint8Array | Ref): void {
    this.#open();
    if (this.#store(node, body)) this.#complete(node);
    this.#close();
  }

  /** The result of a running call comes from elsewhere. */
  await(node: CallNode, elsewhere: Elsewhere): void {
    node.elsewhere = elsewhere;
    node.job = undefined;
    this.#await(node, elsewhere);
  }

  /** The result of a running call will be that of `root`. */
  follow(node: CallNode, root: CallNode): void {
    this.#open();
    root.uses++;
    node.follows = root;
    node.state = "following";
    node.job = undefined;
    if (root.state === "done") this.#completing.push(node);
    else if (root.over) this.#end(node, errorOf(root), root.state === "cancelled" ? "cancelled" : "failed");
    else root.followed(node);
    this.#close();
  }

  fail(node: CallNode, error: Error): void {
    this.#open();
    this.#end(node, error, error instanceof CancelledError ? "cancelled" : "failed");
    this.#close();
  }

  cancel(node: CallNode): void {
    if (node.over) return;
    this.fail(node, new CancelledError(`${node.key} was cancelled.`, { fields: { key: node.key } }));
  }

  /** A running call was handed back. */
  back(node: CallNode): void {
    this.#open();
    node.job = undefined;
    node.state = "waiting";
    if (node.missing === 0) this.#go(node);
    this.#close();
  }

  /** A running call will be tried again, when what this gives is called. */
  postpone(node: CallNode): () => void {
    node.job = undefined;
    node.state = "waiting";
    node.missing++;
    const turn = ++node.turn;
    return () => {
      if (node.turn !== turn || node.over) return;
      this.#open();
      if (--node.missing === 0) this.#go(node);
      this.#close();
    };
  }

  unuse(node: CallNode): void {
    this.#open();
    this.#unuse(node);
    this.#close();
  }

  loosen(node: CallNode): void {
    if (node.over) this.unuse(node);
    else node.loose++;
  }

  /** Runs again what has failed: the call, what it needed, and all that failed for these. */
  retry(first: CallNode): void {
    const again = failedWith(first);
    if (again.size === 0) return;
    this.#open();
    for (const node of again) {
      node.error = undefined;
      node.failures = 0;
      node.deaths = 0;
      node.turn++;
      node.missing = 0;
      node.state = "waiting";
      this.pending.add(node);
    }
    for (const node of again) {
      for (const need of node.needs) if (need.state !== "done") node.missing++;
      const gone = node.needs.find(({ state }) => state === "dropped");
      if (gone !== undefined) this.#end(node, releasedError(gone.key), "failed");
    }
    for (const node of again) if (node.state === "waiting" && node.missing === 0) this.#go(node);
    this.#close();
  }

  #open(): void {
    if (this.#working) throw new InternalError("The ledger of calls was entered while it was at work.");
    this.#working = true;
  }

  /** Works off what has followed. */
  #close(): void {
    for (let at = 0; at < this.#completing.length; at++) this.#settle(this.#completing[at]);
    this.#completing.length = 0;
    for (let node = this.#dropping.pop(); node !== undefined; node = this.#dropping.pop()) this.#drop(node);
    this.#working = false;
  }

  #expect(node: CallNode): void {
    let ended: CallNode | undefined;
    const { needs } = node;
    for (let i = 0; i < needs.length; i++) {
      const need = needs[i];
      if (need.state === "done") continue;
      if (need.over) ended = need;
      need.needed(node);
      node.missing++;
    }
    if (ended !== undefined) this.#end(node, errorOf(ended), ended.state === "cancelled" ? "cancelled" : "failed");
  }

  /** All it needs is there. */
  #go(node: CallNode): void {
    if (node.fn !== undefined) {
      // That of an attempt before this one.
      node.elsewhere = undefined;
      this.#dispatch.add(node);
      return;
    }
    if (node.elsewhere !== undefined) {
      this.#await(node, node.elsewhere);
      return;
    }
    const argument = asData(node.args[0]);
    if (argument.value !== undefined && argument.holes !== undefined) {
      const { value, holes } = argument;
      const bytes = async () => {
        const filled = decodeValue(value);
        for (const { path, ref } of holes) fill(filled, path, decodeValue(await this.#results.get(ref)));
        return encodeValue(filled);
      };
      this.#await(node, { bytes });
      return;
    }
    if (argument.value === undefined) {
      argument.ref.uses++;
      node.follows = argument.ref;
    }
    node.state = "following";
    this.#completing.push(node);
  }

  #await(node: CallNode, elsewhere: Elsewhere): void {
    node.state = "running";
    const turn = ++node.turn;
    this.#host.wait(node, async () => {
      const given = await elsewhere.bytes();
      if (node.turn === turn && node.state === "running") this.done(node, given);
    });
  }

  /** Its value is there: its own argument, or what it follows. */
  #settle(node: CallNode): void {
    if (node.over) return;
    const { follows } = node;
    if (follows === undefined) {
      const argument = asData(node.args[0]);
      if (argument.value !== undefined && !this.#store(node, argument.value)) return;
    } else if (follows.follows !== undefined) {
      follows.follows.uses++;
      node.follows = follows.follows;
      this.#unuse(follows);
    }
    this.#complete(node);
  }

  /** False: it cannot be kept, and the call has failed for that. */
  #store(node: CallNode, body: Uint8Array | Ref): boolean {
    try {
      this.#results.put(node, body);
      return true;
    } catch (error) {
      this.#end(node, error instanceof Error ? error : new Error(String(error)), "failed");
      return false;
    }
  }

  #complete(node: CallNode): void {
    node.state = "done";
    node.job = undefined;
    this.pending.delete(node);
    const { needs, neededBy, followers } = node;
    node.settle();
    if (followers !== undefined)
      for (const follower of followers)
        if (follower.follows === node && follower.state === "following") this.#completing.push(follower);
    if (neededBy !== undefined)
      for (let i = 0; i < neededBy.length; i++) {
        const next = neededBy[i];
        if (--next.missing === 0 && next.state === "waiting") this.#go(next);
      }
    for (let i = 0; i < needs.length; i++) this.#unuse(needs[i]);
    this.#tell(node);
  }

  /** Ends badly, and all that needs it. What they need stays held, for `retry`. */
  #end(first: CallNode, error: Error, state: "failed" | "cancelled"): void {
    const open = [first];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node.over) continue;
      const { state: was, follows, neededBy = [], followers = [] } = node;
      node.state = state;
      node.error = error;
      node.turn++;
      this.pending.delete(node);
      this.#leave(node, was);
      for (const next of neededBy) open.push(next);
      for (const next of followers) if (next.follows === node) open.push(next);
      node.followers = undefined;
      node.follows = undefined;
      if (follows !== undefined) this.#unuse(follows);
      this.#tell(node);
    }
  }

  /** It was with the dispatch, or out. */
  #leave(node: CallNode, was: CallNode["state"]): void {
    if (was === "ready") this.#dispatch.withdraw();
    if (was === "running") {
      this.#host.stop(node);
      node.elsewhere?.abandon?.();
    }
    node.job = undefined;
  }

  #tell(node: CallNode): void {
    const { callbacks } = node;
    node.uses -= node.loose;
    node.loose = 0;
    if (node.uses === 0) this.#dropping.push(node);
    if (callbacks === undefined) return;
    node.callbacks = undefined;
    if (typeof callbacks === "function") callbacks();
    else for (const callback of callbacks) callback();
  }

  #unuse(node: CallNode): void {
    if (--node.uses === 0) this.#dropping.push(node);
  }

  #drop(node: CallNode): void {
    if (node.state === "dropped" || node.uses > 0) return;
    const { state: was, needs, follows } = node;
    node.state = "dropped";
    node.turn++;
    this.pending.delete(node);
    if (node.givenKey !== undefined && this.byKey.get(node.givenKey) === node) this.byKey.delete(node.givenKey);
    this.#leave(node, was);
    if (was === "done" && follows === undefined) this.#results.drop(node);
    node.settle();
    node.follows = undefined;
    for (const need of needs) this.#unuse(need);
    if (follows !== undefined) this.#unuse(follows);
    this.#tell(node);
  }
}

/** What has failed together with a call: what it needs, and what needs one of these. */
function failedWith(first: CallNode): Set<CallNode> {
  const found = new Set<CallNode>();
  const open = [first];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (found.has(node) || (node.state !== "failed" && node.state !== "cancelled")) continue;
    found.add(node);
    for (const need of node.needs) open.push(need);
    for (const next of node.neededBy ?? []) open.push(next);
  }
  return found;
}

function errorOf(node: CallNode): Error {
  return node.error ?? releasedError(node.key);
}
