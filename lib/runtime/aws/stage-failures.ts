import { fromErrorRecord, type ErrorRecord } from "../../errors.ts";
import type { Stage } from "../../plan/plan.ts";
import { taskAt } from "../../plan/rules.ts";
import type { ChainGate } from "../chain.ts";
import { finalError } from "../scheduler/failure.ts";
import { HeldFailure } from "../scheduler/held-failure.ts";
import { orderedTask } from "../task.ts";

/** A task's failure for good, as its worker told it. */
export interface Failure {
  readonly task: number;
  readonly attempt: number;
  readonly error: ErrorRecord;
  readonly from?: number;
  /** Its tasks were started again: it counts from then on, in milliseconds since 1970, unless they have come. */
  readonly heldUntil?: number;
}

/** More need not be kept: only the first is told, and others matter only where copies of the tasks before them succeed after all. */
const MOST = 100;

/**
 * Failures that are not told yet, see scheduler/held-failure.ts: what comes before them in the stage still matters. One is void where a copy of its task
 * succeeds.
 */
export class StageFailures {
  readonly #stage: Stage;
  readonly #failures = new Map<number, Failure>();

  constructor(stage: Stage, failures: readonly Failure[] = []) {
    this.#stage = stage;
    for (const failure of failures) this.#failures.set(failure.task, failure);
  }

  /** The first task that failed; tasks behind it do not matter. */
  get first(): number {
    let first = Infinity;
    for (const { task, heldUntil } of this.#failures.values())
      if (heldUntil === undefined) first = Math.min(first, task);
    return first;
  }

  /** Those that were held for long enough count now. */
  release(now: number): void {
    for (const [task, { heldUntil, ...failure }] of this.#failures)
      if (heldUntil !== undefined && now >= heldUntil) this.#failures.set(task, failure);
  }

  add(failure: Failure): boolean {
    if (this.#failures.has(failure.task)) return false;
    this.#failures.set(failure.task, failure);
    if (this.#failures.size > MOST) this.#failures.delete(Math.max(...this.#failures.keys()));
    return true;
  }

  /** The task has succeeded. */
  settle(task: number): void {
    this.#failures.delete(task);
  }

  truncate(count: number): void {
    for (const task of this.#failures.keys()) if (task >= count) this.#failures.delete(task);
  }

  /** What the stage fails with: where everything before `low` is done, and `low` has failed. */
  due(low: number, gate: ChainGate | undefined): Error | undefined {
    const failure = this.#failures.get(low);
    if (failure === undefined || failure.heldUntil !== undefined) return undefined;
    const { task, attempt, error, from } = failure;
    const ordered = orderedTask(taskAt(this.#stage, task), from === undefined ? {} : { from });
    const final = finalError(fromErrorRecord(error), this.#stage, ordered, attempt);
    return new HeldFailure(task, final).completed(gate);
  }

  state(): Failure[] {
    return [...this.#failures.values()];
  }
}
