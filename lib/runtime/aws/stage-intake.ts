import { taskCount } from "../../plan/rules.ts";
import { batching } from "./manifest.ts";
import type { Held } from "./held-partial.ts";
import type { Batch, PartOf, TaskFacts, WorkMessage } from "./protocol.ts";
import type { StageState } from "./stage-state.ts";

type Done = Extract<WorkMessage["outcome"], { kind: "done" }>;

/**
 * What a message means for a stage. Messages come twice, late and in any order, and copies of a batch may cut its tasks into other subtrees: whatever brings
 * nothing that is missing is without effect.
 */
export class StageIntake {
  readonly #state: StageState;
  #lost: Batch[] = [];

  constructor(state: StageState) {
    this.#state = state;
  }

  /** The parts of a message that are wanted: their bytes have to be had before it is taken. */
  wanted({ outcome, batch }: WorkMessage): readonly PartOf[] {
    return outcome.kind === "failed" ? [] : outcome.parts.filter((part) => this.#wants(part, batch.from));
  }

  /**
   * `bodies` has the parts that are wanted, but for those that turned out broken; `heldUntil`: when the failure of a batch that is started again counts, in
   * milliseconds since 1970. False where nothing of it was new.
   */
  async take(message: WorkMessage, bodies: ReadonlyMap<PartOf, Held | undefined>, heldUntil: number): Promise<boolean> {
    const { outcome, batch } = message;
    const news =
      outcome.kind === "failed" ? this.#fail(message, heldUntil) : await this.#takeDone(outcome, batch.from, bodies);
    if (news) this.#state.tally.message(message);
    return news;
  }

  /** Batches that are to be run again since their functions went down: each is given once. */
  takeLost(): readonly Batch[] {
    const lost = this.#lost;
    this.#lost = [];
    return lost;
  }

  /** Runs of missing tasks that still matter, within blocks of `size`; repairs of this round that have not come. */
  *gaps(size: number): Generator<Batch> {
    const state = this.#state;
    const { end } = state;
    for (let first = state.low; first < end && state.missing > 0; first++) {
      if (state.has(first)) continue;
      const block = Math.min(end, (Math.floor(first / size) + 1) * size);
      let next = first + 1;
      while (next < block && !state.has(next)) next++;
      yield { first, count: next - first };
      first = next - 1;
    }
    yield* state.repairs.batches("round", end);
  }

  #wants({ first, level }: PartOf, from: number | undefined): boolean {
    if (level === 0) return this.#state.wants(first, from);
    // Where some of them are there and others are not, who runs those that are missing sends them in other parts.
    for (let task = first; task < this.#endOf(first, level); task++) if (this.#state.has(task)) return false;
    return this.#state.holds(first);
  }

  async #takeDone(
    { tasks, parts }: Done,
    from: number | undefined,
    bodies: ReadonlyMap<PartOf, Held | undefined>,
  ): Promise<boolean> {
    const byFirst = new Map(parts.map((part) => [part.first, part]));
    let news = false;
    for (let at = 0; at < tasks.length; at++) {
      const facts = tasks[at];
      const part = byFirst.get(facts.index);
      if (part === undefined) {
        // Without an output is only what was in doubt, and what lies under a subtree that comes with its first task.
        if (facts.span?.doubt === undefined || !this.#state.wants(facts.index, from)) continue;
        await this.#state.pass({ facts }, from);
      } else {
        if (!bodies.has(part) || !this.#wants(part, from)) continue;
        const held = bodies.get(part);
        const output = held === undefined ? {} : { held };
        const under = tasks.slice(at, at + this.#endOf(part.first, part.level) - part.first);
        if (part.level === 0) await this.#state.pass({ facts, ...output }, from);
        else if (this.#isWhole(part, under)) await this.#state.acceptAll(under, part.level, output);
        else continue;
        this.#state.tally.part(part);
      }
      news = true;
    }
    return news;
  }

  #fail({ batch, outcome }: WorkMessage, heldUntil: number): boolean {
    if (outcome.kind !== "failed") return false;
    const state = this.#state;
    const { attempt, error } = outcome;
    const from = batch.from === undefined ? {} : { from: batch.from };
    const end = Math.min(batch.first + batch.count, state.stop);
    let { task } = outcome;
    // Step Functions tells of a whole batch that it was lost: some of its tasks may have come before.
    const lost = outcome.lost === true;
    if (lost && batch.from === undefined) while (task < end && state.has(task)) task++;
    if (task >= end || !state.wants(task, batch.from)) return false;
    state.tally.state.attempts += attempt;
    // Express children end at a function's first crash (cdk/definition.ts); others have tried it again.
    const isHeld = lost && error.tag === "WorkerDied" && batching(state.stage).children === "EXPRESS";
    if (!state.failures.add({ task, attempt, error, ...from, ...(isHeld ? { heldUntil } : {}) })) return false;
    if (isHeld) this.#lost.push({ first: task, count: end - task, ...from });
    return true;
  }

  /** Whether the facts of all tasks of a subtree are there. */
  #isWhole({ first, level }: PartOf, under: readonly TaskFacts[]): boolean {
    return under.length === this.#endOf(first, level) - first && under.every(({ index }, i) => index === first + i);
  }

  #endOf(first: number, level: number): number {
    return Math.min(first + 2 ** level, taskCount(this.#state.stage.tasks));
  }
}
