import { InternalError, toErrorRecord } from "../../errors.ts";
import { loadFold } from "../../kernels/registry.ts";
import type { Plan } from "../../plan/plan.ts";
import { taskCount } from "../../plan/rules.ts";
import { attemptOf, firstRoundOf } from "./attempts.ts";
import { newestCheckpoint, newestNumber, writeCheckpoint, type Restored } from "./checkpoint.ts";
import { CloudFold } from "./cloud-fold.ts";
import type { CollectLimits } from "./collect-limits.ts";
import { doneKey, exitKey, manifestKey, partialKey, progressKey, stagePrefix, stopKey } from "./keys.ts";
import { laneQueue, windowOf } from "./lanes.ts";
import type { LaneOrder } from "./lane-order.ts";
import { tellOfAll } from "./lane-progress.ts";
import { PartBytes } from "./part-bytes.ts";
import type { CollectInput, WorkMessage } from "./protocol.ts";
import { readMessage } from "./read-messages.ts";
import { planOf, putJson, putJsonOnce, putOnce } from "./run-objects.ts";
import type { Message, Services } from "./services.ts";
import { resumedFrom } from "./resumed-round.ts";
import { StageIntake } from "./stage-intake.ts";
import { StageState } from "./stage-state.ts";
import { TakenMessages } from "./taken-messages.ts";
import { stageOf } from "./work.ts";

/** A batch that was lost, and started again, is waited for so many times as long as others take. */
const LOST_PATIENCE = 4;

interface Opened {
  readonly plan: Plan;
  readonly state: StageState;
  readonly fold: CloudFold | undefined;
  readonly restored: Restored | undefined;
}

/** A stage as Collect has it: what is in, in memory; what of it is durable; and the messages that may be deleted once it is. */
export class CollectedStage {
  readonly state: StageState;
  readonly intake: StageIntake;
  readonly parts: PartBytes;
  readonly taken: TakenMessages;
  /** When something new came last, in milliseconds since 1970. */
  movedAt: number;
  readonly #input: CollectInput;
  readonly #services: Services;
  readonly #limits: CollectLimits;
  readonly #plan: Plan;
  readonly #fold: CloudFold | undefined;
  /** The number of the newest checkpoint that is known. */
  #n: number;
  #countedAt: number;
  #toldAt = 0;
  #toldOf = 0;
  #stopTold = false;
  #exitTold = false;

  static async open(input: CollectInput, services: Services, limits: CollectLimits): Promise<CollectedStage> {
    const plan = await planOf(services, input.run, input.part);
    const stage = stageOf(plan, input.stage);
    const { output } = stage;
    const folds = output.kind === "fold" ? await loadFold(output.fold.op, output.fold.params) : undefined;
    const window = input.lane === undefined ? undefined : windowOf(taskCount(stage.tasks), input.lanes, input.lane);
    const place = {
      ...services,
      prefix: stagePrefix(input),
      memoryBytes: limits.memoryBytes,
      ...(window && { window }),
    };
    const fold = folds === undefined ? undefined : new CloudFold(stage, folds, place);
    const restored = resumedFrom(await newestCheckpoint(services, input), input, services.clock.now());
    if (restored === undefined)
      return new CollectedStage(input, services, limits, {
        plan,
        state: new StageState(stage, fold, services.clock.now(), window),
        fold,
        restored,
      });
    const { checkpoint, parts } = restored;
    const split = checkpoint.foldParts;
    if (checkpoint.fold !== undefined) fold?.restore(checkpoint.fold, parts.slice(0, split));
    const from = { saved: checkpoint.stage, parts: parts.slice(split).values() };
    return new CollectedStage(input, services, limits, {
      plan,
      state: new StageState(stage, fold, from, window),
      fold,
      restored,
    });
  }

  private constructor(
    input: CollectInput,
    services: Services,
    limits: CollectLimits,
    { plan, state, fold, restored }: Opened,
  ) {
    this.#input = input;
    this.#services = services;
    this.#limits = limits;
    this.#plan = plan;
    this.#fold = fold;
    this.state = state;
    this.intake = new StageIntake(state);
    this.parts = new PartBytes(state.stage, services, limits.fetchBytes, restored?.checkpoint.broken);
    this.taken = new TakenMessages(laneQueue(input.queue, input.lane ?? 0), services, limits);
    this.#n = restored?.n ?? 0;
    this.#countedAt = services.clock.now();
    this.movedAt = restored?.checkpoint.movedAt ?? this.#countedAt;
    const before = restored?.checkpoint.round;
    if (before !== undefined && before < input.round) {
      // Lanes start their repairs themselves, in every round.
      if (input.lane === undefined) state.repairs.beginRound(state.end);
      this.movedAt = this.#countedAt;
    }
    if (before === undefined && input.round > firstRoundOf(attemptOf(input)))
      throw new InternalError(`Round ${input.round} of stage "${input.stage}" begins without a checkpoint.`);
    this.isPast = before !== undefined && before > input.round;
  }

  /** A later round has begun already. */
  readonly isPast: boolean;

  /** Takes what was received. */
  async take(messages: readonly Message[]): Promise<void> {
    const now = this.#services.clock.now();
    const ours: { readonly receipt: string; readonly work: WorkMessage }[] = [];
    for (const message of messages) {
      const read = readMessage(message, this.#input, this.#plan);
      if (read.kind === "ours") ours.push({ receipt: message.receipt, work: read.work });
      if (read.kind !== "past") continue;
      this.#services.log("info", `A message is not looked at: ${read.why}.`, { run: this.#input.run });
      this.taken.add(message.receipt);
    }
    this.state.tally.state.messages += messages.length;
    const heldUntil = now + Math.max(this.#limits.lostMs, LOST_PATIENCE * this.state.tally.medianMs);
    for await (const { item, bodies } of this.parts.of(ours, (work) => this.intake.wanted(work))) {
      if (bodies === undefined) continue;
      if (await this.intake.take(item.work, bodies, heldUntil)) this.movedAt = now;
      this.taken.add(item.receipt);
    }
    if (this.state.isCut && !this.#stopTold) {
      await putOnce(this.#services, stopKey(this.#input, attemptOf(this.#input)), new Uint8Array(0));
      this.#stopTold = true;
    }
    await this.#tellExit();
  }

  /** Learns where its first source goes on, and tells the lane behind. */
  async enter(order: LaneOrder): Promise<void> {
    if (!this.state.awaitsEntry) return;
    const crossing = await order.entry();
    if (crossing === undefined) return;
    await this.state.enter(crossing);
    this.movedAt = this.#services.clock.now();
    await this.#tellExit();
  }

  async #tellExit(): Promise<void> {
    const { exit } = this.state;
    if (exit === undefined || this.#exitTold) return;
    await putJsonOnce(this.#services, exitKey(this.#input), exit);
    this.#exitTold = true;
  }

  /** Makes durable what is in, then deletes the messages that brought it. False where someone else has taken this one's place. */
  async checkpoint(): Promise<boolean> {
    this.#countTime();
    const { saved, parts } = this.state.save();
    const fold = this.#fold?.state();
    const content = {
      round: this.#input.round,
      movedAt: this.movedAt,
      stage: saved,
      ...(fold === undefined ? {} : { fold: fold.json }),
      foldParts: fold?.parts.length ?? 0,
      broken: this.parts.broken,
    };
    const all = [...(fold?.parts ?? []), ...parts];
    if (!(await writeCheckpoint(this.#services, this.#input, this.#n + 1, content, all))) {
      const { run, stage } = this.#input;
      this.#services.log("warn", "Another Collect has taken this one's place.", {
        run,
        stage,
        checkpoint: this.#n + 1,
      });
      return false;
    }
    this.#n++;
    await this.taken.delete();
    return true;
  }

  /** For the attempt that resumes the run: makes durable what is in, as far as that can be. */
  async keep(): Promise<void> {
    try {
      await this.checkpoint();
    } catch (error) {
      const { run, stage } = this.#input;
      this.#services.log("warn", "What came last could not be kept.", {
        run,
        stage,
        error: toErrorRecord(error).message,
      });
    }
  }

  async isReplaced(): Promise<boolean> {
    return (await newestNumber(this.#services, this.#input)) > this.#n;
  }

  /** The stage is over. */
  async finish(): Promise<void> {
    const { state } = this;
    const { accepted } = state.tally.state;
    const { stage } = this.#input;
    if (accepted !== state.count)
      throw new InternalError(`Stage "${stage}" has ${state.count} tasks, and ${accepted} of them were counted.`);
    this.#countTime();
    await this.#tellExit();
    if (this.#fold !== undefined) await putOnce(this.#services, partialKey(this.#input), await this.#fold.result());
    await this.#putProgress();
    const done = state.tally.done(state.repairs.repaired, this.#fold !== undefined, this.#services.clock.now());
    await putJsonOnce(this.#services, doneKey(this.#input), done);
    await this.taken.delete();
  }

  /** All but repairs is in: they are the next round's. False where someone else has taken this one's place. */
  async endRound(): Promise<boolean> {
    if (!(await this.checkpoint())) return false;
    const lines = this.state.repairs.batches("next-round", this.state.end).map((batch) => `${JSON.stringify(batch)}\n`);
    await putOnce(
      this.#services,
      manifestKey(this.#input, this.#input.round + 1),
      new TextEncoder().encode(lines.join("")),
    );
    return true;
  }

  /** Tells how far it is, where that is news. The first lane that is not done tells of all. */
  async tell(order: LaneOrder): Promise<void> {
    const { lane } = this.#input;
    const isDue = this.#services.clock.now() - this.#toldAt >= this.#limits.progressMs;
    if (!isDue || (this.movedAt === this.#toldOf && lane === undefined)) return;
    await this.#putProgress();
    if (lane !== undefined && (await order.isFirst())) await this.#passing(() => this.#tellOfAll());
  }

  async #tellOfAll(): Promise<void> {
    await tellOfAll(this.#services, this.#input, this.#services.clock.now());
  }

  async #putProgress(): Promise<void> {
    const { stage } = this.#input;
    this.#toldAt = this.#services.clock.now();
    this.#toldOf = this.movedAt;
    const progress = this.state.tally.progress(stage, this.state.count, this.#toldAt);
    await this.#passing(() => putJson(this.#services, progressKey(this.#input), progress));
  }

  /** Nobody decides anything by what is told. */
  async #passing(tell: () => Promise<void>): Promise<void> {
    try {
      await tell();
    } catch (error) {
      const { stage } = this.#input;
      this.#services.log("warn", "The progress could not be told.", { stage, error: toErrorRecord(error).message });
    }
  }

  #countTime(): void {
    const now = this.#services.clock.now();
    const { state } = this.state.tally;
    state.collectMs += now - this.#countedAt;
    state.collectMbMs += (now - this.#countedAt) * (this.#services.memoryMb ?? 0);
    this.#countedAt = now;
  }
}
