import { AbanicoError } from "../../errors.ts";
import type { CollectedStage } from "./collected-stage.ts";
import type { CollectLimits } from "./collect-limits.ts";
import { batching, workerOf } from "./manifest.ts";
import type { Batch, CollectInput, WorkInput } from "./protocol.ts";
import type { Services } from "./services.ts";

/** A repair that was started here is left to the next round's map after this many times what a batch takes. */
const REPAIR_PATIENCE = 10;
/** As long as a function of Lambda's can take: a call may do more than answer, so none is made again while the first may still be under way. */
const CALLS_PATIENCE_MS = 15 * 60_000;
/** Where there is no next round more are under way at a time, so many times. */
const NO_ROUNDS = 8;

/**
 * What Collect starts itself: repairs, copies of what does not come, batches whose partials were broken, or whose functions went down. It is safe to run a task
 * twice, so nothing has to be known of the first copy.
 */
export class Stragglers {
  readonly #input: CollectInput;
  readonly #services: Services;
  readonly #limits: CollectLimits;
  /** How often what is missing was started again since something new came. */
  #times = 0;
  #movedAt = 0;

  constructor(input: CollectInput, services: Services, limits: CollectLimits) {
    this.#input = input;
    this.#services = services;
    this.#limits = limits;
  }

  /** Starts repairs as soon as they are known, where they are few. */
  async repair(stage: CollectedStage): Promise<void> {
    const { state } = stage;
    const now = this.#services.clock.now();
    if (state.repairs.size === 0) return;
    const { repairs } = this.#limits;
    const limit = this.#input.lane === undefined ? repairs : NO_ROUNDS * Math.max(1, repairs);
    const batches = state.repairs.start(limit, now);
    for (const batch of batches) await this.#start(stage, batch);
    state.repairs.giveUp(now - Math.max(2 * this.#limits.quietMs, REPAIR_PATIENCE * state.tally.medianMs));
  }

  /**
   * Starts copies of what is missing, once nothing new has come for three times as long as a batch takes (at the median); the next time after twice that. Before
   * half of the tasks are in it is more patient: workers may not be there yet. Calls are made a second time only where the first cannot come any more.
   */
  async startAgain(stage: CollectedStage): Promise<void> {
    const { state, movedAt, intake } = stage;
    for (const batch of [...stage.parts.takeBroken(), ...intake.takeLost()]) await this.#start(stage, batch);
    if (movedAt !== this.#movedAt) {
      this.#movedAt = movedAt;
      this.#times = 0;
    }
    const half = state.missing * 2 <= state.count;
    const least = state.stage.work.op === "calls.run" ? CALLS_PATIENCE_MS : this.#limits.quietMs * (half ? 1 : 8);
    const patience = Math.max(least, 3 * state.tally.medianMs) * 2 ** this.#times;
    if (this.#services.clock.now() - movedAt < patience) return;
    this.#times++;
    let started = 0;
    for (const batch of intake.gaps(batching(state.stage).size)) {
      if (started++ === this.#limits.copies) break;
      await this.#start(stage, batch);
    }
    if (started > 0) {
      const { run, stage: name } = this.#input;
      this.#services.log("warn", "Batches that do not come are started again.", { run, stage: name, started });
    }
  }

  async #start({ state }: CollectedStage, batch: Batch): Promise<void> {
    const { run, part, stage, round, queue, lanes } = this.#input;
    const input: WorkInput = { run, part, stage, round, queue, ...(lanes && { lanes }), batch };
    try {
      await this.#services.startWork(workerOf(state.stage), input);
    } catch (error) {
      if (!(error instanceof AbanicoError) || !error.retryable) throw error;
      // It is missing still: another time.
      this.#services.log("warn", error.message, { run, stage, batch });
    }
  }
}
