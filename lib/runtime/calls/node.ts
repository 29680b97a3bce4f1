import type { Argument } from "../../callables/arguments.ts";
import type { Ref } from "../../plan/plan.ts";
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
 * - ready: with the dispatch.   - running: out in a job, or its value is awaited from elsewhere.
 * - following: its function gave more calls; the result of one of them will be its own.
 * - failed and cancelled pass to all that need it, down to the last; `retry` takes all of those back to waiting.
 * - dropped: from any state, once nothing holds or needs it.
 */
export type CallState = "waiting" | "ready" | "running" | "following" | "done" | "failed" | "cancelled" | "dropped";

/** How a call is run. One object for all calls that were made together. */
export interface NodeOptions {
  readonly priority: number;
  readonly retries: number;
  readonly timeoutMs: number | undefined;
  /** It runs on this lane and no other. */
  readonly lane: number | undefined;
  /** Each thread decodes the result once, and gives that same value to all calls. */
  readonly broadcast: boolean;
}

/** A value that is no call's. */
export interface Elsewhere {
  bytes(): Promise<Uint8Array>;
  /** No one waits for it any more. */
  abandon?(): void;
}

const NONE: readonly never[] = [];

/** One call. A class, so that a million of them share one shape. */
export class CallNode implements Ranked {
  readonly id: number;
  /** Undefined: the result is the only argument, or comes from elsewhere. */
  readonly fn: KnownFunction | undefined;
  readonly options: NodeOptions;
  readonly givenKey: string | undefined;
  elsewhere: Elsewhere | undefined;
  args: readonly Argument<CallNode>[];
  /** What it needs, each once. Let go when it is done. */
  needs: readonly CallNode[];
  state: CallState = "waiting";
  /** How much of what it needs is not there. */
  missing = 0;
  /** Who waits for it. */
  neededBy: CallNode[] | undefined;
  /** Whose result will be its own, where they have not turned to another since. */
  followers: CallNode[] | undefined;
  /** Holds of handles, and of calls that need it and are not done. */
  uses = 0;
  /** Of these, holds that were given up without a word: it still runs, and they end when it does. */
  loose = 0;
  job: CallsJob | undefined;
  /** Goes up whenever what was waited for is not waited for any more: answers of before are late. */
  turn = 0;
  failures = 0;
  deaths = 0;
  /** The result, where it is small: a number as it is, since bytes take ten times the memory; larger ones are in the vault. Or where it lies, outside of this process. */
  small: Uint8Array | number | Ref | undefined;
  follows: CallNode | undefined;
  error: Error | undefined;
  /** One by itself costs no list. */
  callbacks: (() => void) | (() => void)[] | undefined;
  /** For making a job: which job was made last with it in sight, and what it misses beside that job. */
  stamp = 0;
  missingHere = 0;
  /** Its neighbours among those that are not over (pending.ts). */
  previous: CallNode | undefined;
  next: CallNode | undefined;

  constructor(
    id: number,
    fn: KnownFunction | undefined,
    args: readonly Argument<CallNode>[],
    needs: readonly CallNode[],
    key: string | undefined,
    options: NodeOptions,
    elsewhere: Elsewhere | undefined,
  ) {
    this.id = id;
    this.fn = fn;
    this.options = options;
    this.givenKey = key;
    this.elsewhere = elsewhere;
    this.args = args;
    this.needs = needs;
  }

  get priority(): number {
    return this.options.priority;
  }

  get key(): string {
    return this.givenKey ?? `${this.fn?.name ?? "data"}-${this.id}`;
  }

  /** 1 for the first. */
  get attempt(): number {
    return this.failures + this.deaths + 1;
  }

  /** It has ended, one way or the other. */
  get over(): boolean {
    return this.state === "done" || this.state === "failed" || this.state === "cancelled" || this.state === "dropped";
  }

  /** The call whose result is this one's; that follows none itself. */
  get source(): CallNode {
    return this.follows ?? this;
  }

  needed(by: CallNode): void {
    if (this.neededBy === undefined) this.neededBy = [by];
    else this.neededBy.push(by);
  }

  followed(by: CallNode): void {
    if (this.followers === undefined) this.followers = [by];
    else this.followers.push(by);
  }

  /** Lets go of all that it holds on to for running. */
  settle(): void {
    this.neededBy = undefined;
    this.followers = undefined;
    this.elsewhere = undefined;
    this.args = NONE;
    this.needs = NONE;
  }
}
