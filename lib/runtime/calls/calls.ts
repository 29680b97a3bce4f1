import type { Argument } from "../../callables/arguments.ts";
import type { CallableRef } from "../../callables/reference.ts";
import type { Travelling } from "../../collections/travelling.ts";
import type { RunEvent } from "../runtime.ts";

/**
 * Single calls of users' functions, with dependencies: what futures and Delayed graphs are made of. A plan knows all its tasks
 * before it runs; calls come one by one, and some come from other calls. Both are work for the same executor (executor.ts).
 */
export interface Calls {
  /**
   * Adds calls, which begin as soon as what they need is there. In `graph`, a call names by index only calls before it; list
   * them depth first (each right behind what it needs), since of equal priority the earlier goes first.
   * Gives a handle for each index of `wanted`. The others are forgotten once nothing needs them.
   */
  add(graph: readonly GraphCall[], wanted: readonly number[]): CallHandle[];
  /** A call's result that comes from elsewhere. `what` names it in errors. `abandon` is told when no one waits for it any more. */
  hold(value: PromiseLike<unknown>, what: string, abandon?: () => void): CallHandle;
  /** Makes one call on each worker thread there is now: worker → handle. */
  everywhere(call: GraphCall): Map<number, CallHandle>;
  /** Computes a collection that a call has given as its result, or within it. Set by who can. */
  collections: ((given: Travelling) => Promise<unknown>) | undefined;
  /** Hears of what calls print, and of workers that come and go. */
  onEvent: ((event: RunEvent) => void) | undefined;
}

/** One call as data. */
export interface GraphCall {
  /** Undefined: no function, the result is the (only) argument. */
  readonly fn: CallableRef | undefined;
  readonly args: readonly Argument<number | CallHandle>[];
  readonly options?: CallOptions;
  /** Instead of a call: a collection of a task's, which the client computes. */
  readonly collection?: Travelling;
}

export interface CallOptions {
  /** Equal calls (same function, same arguments) of pure functions are one call, as long as its result is held. Default false. */
  readonly pure?: boolean;
  /** Names the call. A key that is held already names that very call, and this one is not made. Default: the function's name and a number. */
  readonly key?: string;
  /** How often it may run again after an error. Default 0. After the death of its worker it may run again twice in any case. */
  readonly retries?: number;
  /** Per attempt, in milliseconds. Default: none. */
  readonly timeoutMs?: number;
  /** Higher goes first. Default: of a call that another call gave, that call's; otherwise 0. */
  readonly priority?: number;
  /** Each thread decodes the result once, and gives that same value to all calls that need it: they may only read it. Default false. */
  readonly broadcast?: boolean;
}

export type CallStatus = "pending" | "finished" | "error" | "cancelled";

/** A hold on one call's result: the result is kept until the last handle is released. */
export interface CallHandle {
  readonly key: string;
  readonly status: CallStatus;
  /** Settles when the call has ended; the value is decoded anew each time. */
  result(): Promise<unknown>;
  /**
   * The same without a promise: calls back once, with the value or the error. `receive` may only take notes: it may be called now, or
   * while others are told. A value that is on disk comes as a promise.
   */
  deliver(receive: (value: unknown, error: unknown) => void): void;
  /** Calls back once when the call has ended (soon, if it has already). */
  whenDone(callback: () => void): void;
  /** Another hold on the same call. */
  share(): CallHandle;
  /** Gives up this hold. A call that nothing holds or needs is not made, or stopped. */
  release(): void;
  /** Gives up this hold, but lets the call be made: for who has forgotten about it. */
  loosen(): void;
  /** Stops it: who waits for it, and what depends on it, gets `CancelledError`. A running task is told by its signal, and if it does not end soon, its worker is replaced. */
  cancel(): void;
  /** Runs a call that ended in an error (or was cancelled) again, and with it what has failed for that. */
  retry(): void;
}
