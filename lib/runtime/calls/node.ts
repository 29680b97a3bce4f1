import type { Argument } from "../../callables/arguments.ts";
import type { CallsJob } from "../executor.ts";
import type { KnownFunction } from "./functions.ts";
import type { Ranked } from "./heap.ts";

/**
 * States of a call.
 *
 *     waiting ──▶ ready ──▶ running ──────────────▶ done
 *        ▲          ▲        │   └──▶ following ──▶ done
 *        └──────────┴────────┤
 *                            └──▶ failed, cancelled
 *
 * - waiting: for what it needs, or for the delay before another attempt (which counts as one thing more that is missing).
 * - ready: in the heap.   - running: out in a job.
 * - following: its function gave more calls; the result of one of them will be its own.
 * - failed and cancelled pass to all that need it, down to the last; `retry` takes all of those back to waiting.
 * - dropped: from any state, once nothing holds or needs it.
 */
export type CallState = "waiting" | "ready" | "running" | "following" | "done" | "failed" | "cancelled" | "dropped";

export interface NodeInit {
  readonly id: number;
  readonly fn: KnownFunction | undefined;
  readonly args: readonly Argument<CallNode>[];
  readonly needs: readonly CallNode[];
  readonly key: string | undefined;
  readonly priority: number;
  readonly retries: number;
  readonly timeoutMs: number | undefined;
  readonly lane: number | undefined;
}

const NONE: readonly never[] = [];

/** One call. A class, so that a million of them share one shape. */
export class CallNode implements Ranked {
  readonly id: number;
  /** Undefined: the result is the only argument. */
  readonly fn: KnownFunction | undefined;
  readonly priority: number;
  readonly retries: number;
  readonly timeoutMs: number | undefined;
  /** It runs on this lane and no other. */
  readonly lane: number | undefined;
  readonly givenKey: string | undefined;
  args: readonly Argument<CallNode>[];
  /** What it needs, each once. Let go when it is done. */
  needs: readonly CallNode[];
  state: CallState = "waiting";
  /** How much of what it needs is not there. */
  missing = 0;
  /** Who waits for it. */
  neededBy: CallNode[] = NONE as unknown as CallNode[]; // replaced before anything is put in
  /** Holds of handles, and of calls that need it and are not over. */
  uses = 0;
  /** Of these, holds that were given up without a word: it still runs, and they end when it does. */
  loose = 0;
  job: CallsJob | undefined;
  failures = 0;
  deaths = 0;
  /** The result, where it is small; larger ones are in the vault. */
  bytes: Uint8Array | undefined;
  follows: CallNode | undefined;
  error: Error | undefined;
  callbacks: (() => void)[] | undefined;
  /** For making a job: which job was made last with it in sight, and what it misses beside that job. */
  stamp = 0;
  missingHere = 0;

  constructor(init: NodeInit) {
    this.id = init.id;
    this.fn = init.fn;
    this.priority = init.priority;
    this.retries = init.retries;
    this.timeoutMs = init.timeoutMs;
    this.lane = init.lane;
    this.givenKey = init.key;
    this.args = init.args;
    this.needs = init.needs;
  }

  get key(): string {
    return this.givenKey ?? `${this.fn?.name ?? "data"}-${this.id}`;
  }

  /** It has ended, one way or the other. */
  get over(): boolean {
    return this.state === "done" || this.state === "failed" || this.state === "cancelled" || this.state === "dropped";
  }

  /** The call whose result is this one's. */
  get source(): CallNode {
    if (this.follows === undefined) return this;
    let node = this.follows;
    while (node.follows !== undefined) node = node.follows;
    return node;
  }

  needed(by: CallNode): void {
    if (this.neededBy.length === 0) this.neededBy = [by];
    else this.neededBy.push(by);
  }

  /** Ends all that it holds on to for running. */
  settle(): void {
    this.neededBy = NONE as unknown as CallNode[];
    this.args = NONE;
    this.needs = NONE;
  }
}
