import type { Ref, Stage } from "../../plan/plan.ts";
import { taskCount } from "../../plan/rules.ts";
import type { Vault } from "../vault.ts";
import type { Sink } from "./stage-host.ts";
import type { StageRun } from "./stage-run.ts";

/**
 * Kept outputs of one run: who reads which. Feeds readers as outputs come, and lets go of an output as soon as
 * all who read it have done so.
 */
export class Outputs {
  readonly #run: string;
  readonly #vault: Vault;
  readonly #readers = new Map<StageRun, StageRun[]>();

  constructor(run: string, vault: Vault) {
    this.#run = run;
    this.#vault = vault;
  }

  /** Where outputs go that are kept. */
  sinkOf({ id: stage, output, tasks, estimate }: Stage): Sink {
    // All sections of an exchange are held until the last is read. What a task gives is projected with its copy.
    const held = output.kind === "exchange" ? (taskCount(tasks) * (estimate.peakBytes["output"] ?? 0)) / 2 : 0;
    return {
      done: true,
      accept: (index, body, file) =>
        file === undefined
          ? this.#vault.put(this.#run, stage, index, body)
          : this.#vault.putFile(this.#run, stage, index, file),
      spillTo: () => this.#vault.spillTo(held),
      amountOf: () => 0,
      truncate: () => {},
    };
  }

  /** `reader` reads what the stages that it comes after keep. */
  join(reader: StageRun): void {
    for (const source of new Set(reader.reads)) {
      const readers = this.#readers.get(source);
      if (readers === undefined) this.#readers.set(source, [reader]);
      else readers.push(reader);
    }
  }

  /** Task `index` of a stage is done: its readers may start, and what it has read itself may go. */
  onDone(stage: StageRun, index: number, lane: number): void {
    for (const reader of this.#readers.get(stage) ?? []) if (readsOneByOne(reader, stage)) reader.feed(index, lane);
    const [source] = stage.reads;
    if (source === undefined || !readsOneByOne(stage, source)) return;
    const readers = this.#readers.get(source) ?? [];
    if (readers.every((reader) => readsOneByOne(reader, source) && reader.isDone(index)))
      this.#vault.delete(this.#run, source.stage.id, index);
  }

  /** A stage is finished: when all are that read the same, nothing of it is needed any more. */
  onFinished(stage: StageRun): void {
    for (const source of stage.reads) {
      if (!(this.#readers.get(source) ?? []).every((reader) => reader.reported)) continue;
      for (let index = 0; index < source.count; index++) this.#vault.delete(this.#run, source.stage.id, index);
    }
  }

  refsOf(stage: StageRun | undefined): Ref[] {
    if (stage === undefined) return [];
    return Array.from({ length: stage.count }, (_, task) => ({ run: this.#run, stage: stage.stage.id, task }));
  }
}

/** Whether task i of `reader` reads just output i of `source`: not where all its tasks read all of them beside. */
function readsOneByOne({ stage: { tasks, beside } }: StageRun, source: StageRun): boolean {
  const { id } = source.stage;
  return tasks.kind === "outputs" && tasks.stage === id && !(beside ?? []).some(({ stage }) => stage === id);
}
