import { InternalError } from "../../errors.ts";
import type { Stage } from "../../plan/plan.ts";
import { taskCount } from "../../plan/rules.ts";
import { Bitset } from "../bitset.ts";
import { ChainGate, type Crossing, type Verdict } from "../chain.ts";
import type { SavedStage } from "./checkpoint.ts";
import type { CloudFold } from "./cloud-fold.ts";
import { goesOn, type Window } from "./lanes.ts";
import type { TaskFacts } from "./protocol.ts";
import { StageFailures } from "./stage-failures.ts";
import { StageRepairs } from "./stage-repairs.ts";
import { StageTally } from "./stage-tally.ts";
import { restoreWaiting, saveWaiting, type Output, type WaitingOutputs } from "./waiting-outputs.ts";

/**
 * How far a stage is. A task is in exactly one of these states, and moves only forward:
 *
 *     missing ──▶ gated ──▶ done         gated: its output waits for the proof of where its first record starts (chain.ts)
 *        │         │ ▲       ▲
 *        │         ▼ │       │
 *        │       repairing   │           the guess was wrong: another output comes, from the proven start
 *        └──▶ in order ──────┘           with `enough`: it waits for the tasks before it
 *
 * Invariants.
 *  1. Each task is done once: whoever hands in an output asks `wants` first.
 *  2. `low` is the lowest task that is not done. A failure is told when it is `low`'s, so which one is told does not hang on timing.
 *  3. Counts of records are added when a task becomes done, and only then.
 *  4. Between two outputs the state is whole: a checkpoint has it, and whoever restores it goes on as if nothing had happened.
 *
 * Of a stage in several lanes it has the tasks of one, under the numbers that they have in the stage.
 */
export class StageState {
  readonly stage: Stage;
  readonly tally: StageTally;
  readonly repairs: StageRepairs;
  readonly failures: StageFailures;
  /** The first task. */
  readonly start: number;
  #stop: number;
  readonly #window: Window;
  readonly #fold: CloudFold | undefined;
  readonly #enough: number | undefined;
  readonly #done: Bitset;
  readonly #gate: ChainGate | undefined;
  #gated: WaitingOutputs = new Map();
  #inOrder: WaitingOutputs = new Map();
  #amount = 0;
  #low: number;

  /**
   * `from`: when it begins, in milliseconds since 1970; or a checkpoint, with the parts that were saved with it. `window`: of a lane; absent: all tasks of a
   * stage that has but one.
   */
  constructor(
    stage: Stage,
    fold: CloudFold | undefined,
    from: number | { saved: SavedStage; parts: Iterator<Uint8Array> },
    window?: Window,
  ) {
    const { tasks, output } = stage;
    this.stage = stage;
    this.#fold = fold;
    this.#enough = output.kind === "fold" ? output.enough : undefined;
    const count = taskCount(tasks);
    this.#window = window ?? { start: 0, end: count };
    this.start = this.#low = this.#window.start;
    this.#stop = this.#window.end;
    this.#done = new Bitset(count);
    const saved = typeof from === "number" ? undefined : from.saved;
    this.tally = new StageTally(typeof from === "number" ? from : from.saved.tally);
    this.repairs = new StageRepairs(saved?.repairs, window === undefined);
    this.failures = new StageFailures(stage, saved?.failures);
    if (tasks.kind === "ranges")
      this.#gate =
        saved?.gate === undefined
          ? new ChainGate(tasks, this.#window)
          : ChainGate.restore(tasks, saved.gate, this.#window);
    if (typeof from === "number") return;
    this.#stop = from.saved.count;
    this.#amount = from.saved.amount;
    for (const [start, end] of from.saved.done) this.#done.add(start, end);
    this.#gated = restoreWaiting(from.saved.gated, from.parts);
    this.#inOrder = restoreWaiting(from.saved.inOrder, from.parts);
    for (const { held } of [...this.#gated.values(), ...this.#inOrder.values()])
      if (held !== undefined) fold?.count(held);
    this.#advance();
  }

  get low(): number {
    return this.#low;
  }

  /** Tasks there are; fewer than planned once enough is had. */
  get count(): number {
    return this.#stop - this.start;
  }

  /** Where they end: earlier than planned once enough is had. */
  get stop(): number {
    return this.#stop;
  }

  /** Whether it is one of these tasks. */
  holds(task: number): boolean {
    return task >= this.start && task < this.#stop;
  }

  get finished(): boolean {
    return this.tally.state.accepted === this.count && (this.#fold?.done ?? true);
  }

  /** Tasks of which nothing has come yet. */
  get missing(): number {
    return this.count - this.tally.state.accepted - this.#gated.size - this.#inOrder.size - this.repairs.size;
  }

  /** Whether enough was had before the end. */
  get isCut(): boolean {
    return this.#stop < this.#window.end;
  }

  /** Tasks from here on do not matter now: there are none, or one before them has failed. */
  get end(): number {
    return Math.min(this.#stop, this.failures.first);
  }

  /** All that matters is in as far as it may come in this round, but some tasks are to be run again. */
  get roundOver(): boolean {
    if (this.repairs.size === 0 || this.repairs.underWay(this.end)) return false;
    if (this.end === this.#stop) return this.missing === 0;
    for (let task = this.#low; task < this.end; task++) if (!this.has(task)) return false;
    return true;
  }

  /** Whether the first task that is not done has failed. */
  get hasFailed(): boolean {
    return this.failures.first === this.#low;
  }

  /** What the stage fails with, if it does. */
  get failure(): Error | undefined {
    return this.failures.due(this.#low, this.#gate);
  }

  /** Whether something of a task has come, be it that it is to be run again. */
  has(task: number): boolean {
    return (
      this.#done.has(task) || this.#gated.has(task) || this.#inOrder.has(task) || this.repairs.from(task) !== undefined
    );
  }

  /** Whether an output of a task is of use; `from`: the start that it was given. */
  wants(task: number, from: number | undefined): boolean {
    if (!this.holds(task)) return false;
    const repair = this.repairs.from(task);
    return repair === undefined ? !this.has(task) && from === undefined : repair === from;
  }

  /** An output of one task: through the gate where its start was guessed, straight on otherwise. */
  async pass(output: Output, from: number | undefined): Promise<void> {
    const { index, span, recordsIn } = output.facts;
    this.tally.state.attempts++;
    if (this.#gate === undefined || span === undefined) return this.#finish(output);
    this.repairs.settle(index);
    this.#gated.set(index, output);
    this.failures.settle(index);
    if (output.held !== undefined) await this.#fold?.keep(output.held);
    await this.#follow(this.#gate.offer(index, span, recordsIn, from));
  }

  /** Where the tasks end: what the lane behind this one needs, once it is proven. */
  get exit(): Crossing | undefined {
    return this.#gate?.exit;
  }

  /** Whether it has to be told where the first task's source goes on. */
  get awaitsEntry(): boolean {
    return goesOn(this.stage, this.#window) && this.#gate?.awaitsEntry === true;
  }

  /** What the lane before has proven. */
  async enter(crossing: Crossing): Promise<void> {
    if (this.#gate !== undefined) await this.#follow(this.#gate.enter(crossing));
  }

  async #follow(verdict: Verdict): Promise<void> {
    for (const { task, from: start } of verdict.repairs) {
      const wrong = this.#gated.get(task);
      if (wrong?.held !== undefined) this.#fold?.drop(wrong.held);
      this.#gated.delete(task);
      this.repairs.add(task, start);
    }
    for (const task of verdict.released) {
      const released = this.#gated.get(task);
      this.#gated.delete(task);
      if (released !== undefined) await this.#finish(released);
    }
  }

  /** The merged output of the subtree of 2^level tasks that these are. */
  async acceptAll(tasks: readonly TaskFacts[], level: number, { held }: Pick<Output, "held">): Promise<void> {
    this.tally.state.attempts += tasks.length;
    for (const facts of tasks) this.#settle(facts);
    if (held !== undefined) await this.#fold?.offer(tasks[0].index, level, held);
  }

  async #finish(output: Output): Promise<void> {
    if (this.#enough === undefined) return this.#accept(output);
    if (output.facts.index >= this.#stop) return;
    this.#inOrder.set(output.facts.index, output);
    if (output.held !== undefined) await this.#fold?.keep(output.held);
    for (let next = this.#inOrder.get(this.#low); next !== undefined; next = this.#inOrder.get(this.#low)) {
      this.#inOrder.delete(this.#low);
      if (next.held !== undefined) this.#amount += (await this.#fold?.amountOf(next.held)) ?? 0;
      await this.#accept(next);
      if (this.#amount >= this.#enough) await this.#cut(next.facts.index + 1);
    }
  }

  async #accept({ facts, held }: Output): Promise<void> {
    this.#settle(facts);
    if (held !== undefined) await this.#fold?.offer(facts.index, 0, held);
  }

  #settle(facts: TaskFacts): void {
    if (this.#done.add(facts.index) === 0)
      throw new InternalError(`Task ${facts.index} of stage "${this.stage.id}" came to be done twice.`);
    this.tally.accept(facts);
    this.failures.settle(facts.index);
    this.#advance();
  }

  #advance(): void {
    while (this.#low < this.#stop && this.#done.has(this.#low)) this.#low++;
  }

  /** Enough is had with the first `count` tasks: the others are as if they had never been. */
  async #cut(count: number): Promise<void> {
    if (count >= this.#stop) return;
    this.#stop = count;
    this.#inOrder = new Map();
    this.#gated = new Map();
    this.repairs.truncate(count);
    this.failures.truncate(count);
    await this.#fold?.truncate(count);
  }

  /** A checkpoint. Its parts are valid until something is handed in. */
  save(): { readonly saved: SavedStage; readonly parts: readonly Uint8Array[] } {
    const parts: Uint8Array[] = [];
    const saved = {
      count: this.#stop,
      done: this.#done.runs(),
      ...(this.#gate === undefined ? {} : { gate: this.#gate.state() }),
      gated: saveWaiting(this.#gated, parts),
      inOrder: saveWaiting(this.#inOrder, parts),
      repairs: this.repairs.state(),
      failures: this.failures.state(),
      amount: this.#amount,
      tally: this.tally.state,
    };
    return { saved, parts };
  }
}
