import {
  AbanicoError,
  CancelledError,
  InternalError,
  StalledError,
  StoreFaultError,
  toErrorRecord,
} from "../../errors.ts";
import { attemptOf } from "./attempts.ts";
import { CollectedStage } from "./collected-stage.ts";
import { limitsFor, type CollectLimits } from "./collect-limits.ts";
import { gatherLanes } from "./gather-lanes.ts";
import { failedKey, outcomeKey } from "./keys.ts";
import { LOOK_MS, LaneOrder } from "./lane-order.ts";
import { laneQueue } from "./lanes.ts";
import type { CollectInput, RunRequest } from "./protocol.ts";
import { Receiver } from "./receiver.ts";
import { begunAt, cancelledOf, doneOf, failedOf, putJsonOnce, requestOf, sizeAt } from "./run-objects.ts";
import type { Services } from "./services.ts";
import { Stragglers } from "./stragglers.ts";

/**
 * Folds a stage's outputs while its map runs.
 *
 *     restore ─▶ receive ─▶ take ─▶ … ─▶ checkpoint ─▶ delete what it has ─▶ …        time is up: checkpoint, { done: false }
 *                   ▲                                    │                            enough is had: `stop`
 *                   └────────────────────────────────────┘                            all are in: partial, done.json
 *                                                                                     all but repairs: the next round's manifest
 * Invariants.
 *  1. A message is deleted only after what it brought is in a checkpoint, or in done.json.
 *  2. Checkpoints have one writer: who finds its number taken has been replaced, and ends without deleting anything.
 *  3. What a run fails with lies in `failed.json` before it is thrown.
 *  4. It ends: by its time, by the run's deadline, or since nothing has come for too long.
 *
 * Of a stage in several lanes (lanes.ts) it folds one, and the last folds what all of them gave.
 */
export async function collect(
  called: CollectInput,
  services: Services,
  limits: Partial<CollectLimits> = {},
): Promise<CollectInput> {
  const input = ofLane(called);
  const { run, part, stage, round, queue, lanes, lane } = input;
  const answer = (done: boolean) => ({
    run,
    part,
    stage,
    round,
    queue,
    ...(lane === undefined ? {} : { lanes, lane }),
    done,
  });
  if ((await doneOf(services, { run, part, stage })) !== undefined) return answer(true);
  const attempt = attemptOf(input);
  const failed = await failedOf(services, run, part, attempt);
  if (failed !== undefined) throw failed;
  const all = { ...limitsFor(services), ...limits };
  const collecting = new Collect(input, services, all);
  try {
    const done = (lane !== undefined && (await doneOf(services, input)) !== undefined) || (await collecting.run());
    if (done) await gatherLanes(input, services, all);
    return answer(done);
  } catch (error) {
    // Another try may do, and is made by the state machine. What the stage fails with was tried often enough.
    if (error !== collecting.failure && error instanceof AbanicoError && error.retryable) throw passing(error);
    if ((await doneOf(services, { run, part, stage })) !== undefined) return answer(true);
    services.log("error", `Stage "${stage}" of run ${run} failed.`, { run, part, stage, error: toErrorRecord(error) });
    await putJsonOnce(services, failedKey(run, part, attempt), toErrorRecord(error));
    throw error;
  }
}

/** Who has all of a stage has no lane. */
function ofLane({ lanes, lane, ...input }: CollectInput): CollectInput {
  return lanes === undefined || lane === undefined || lanes.count === 1 ? input : { ...input, lanes, lane };
}

/** A batch may take three attempts of 15 minutes each (cdk/definition.ts) before anything comes of it. */
const DEFAULT_STALL_MS = 3_600_000;
const DEFAULT_DEADLINE_MS = 86_400_000;

/** By the one name that the state machine tries again (cdk/definition.ts). */
function passing(error: AbanicoError): StoreFaultError {
  if (error instanceof StoreFaultError) return error;
  return new StoreFaultError(error.message, { fields: error.fields, cause: error, retryable: true });
}

/** All that Collect needs of a request: the rest may be a plan of a million files. */
type Times = Required<Pick<RunRequest, "stallMs" | "deadlineMs">> & { readonly begunAt: number };

async function timesOf(services: Services, input: CollectInput): Promise<Times> {
  const request = await requestOf(services, input.run);
  const { stallMs = DEFAULT_STALL_MS, deadlineMs = DEFAULT_DEADLINE_MS } = request;
  return { begunAt: await begunAt(services, request, attemptOf(input)), stallMs, deadlineMs };
}

class Collect {
  readonly #input: CollectInput;
  readonly #services: Services;
  readonly #limits: CollectLimits;
  /** What the stage fails with. */
  failure: Error | undefined;
  #lookedAt = -Infinity;

  constructor(input: CollectInput, services: Services, limits: CollectLimits) {
    this.#input = input;
    this.#services = services;
    this.#limits = limits;
  }

  /** Whether the round is over; otherwise it is to be called again. */
  async run(): Promise<boolean> {
    const { clock } = this.#services;
    const times = await timesOf(this.#services, this.#input);
    const stage = await CollectedStage.open(this.#input, this.#services, this.#limits);
    if (stage.isPast) return true;
    const { queue, lane } = this.#input;
    const order = new LaneOrder(this.#input, this.#services);
    const receiver = new Receiver(laneQueue(queue, lane ?? 0), this.#services, this.#limits);
    const stragglers = new Stragglers(this.#input, this.#services, this.#limits);
    for (;;) {
      if (stage.state.finished) {
        await stage.take(await receiver.drain());
        await stage.finish();
        return true;
      }
      stage.state.failures.release(clock.now());
      await stage.enter(order);
      // What a lane before may come to would be told in its place.
      if (stage.state.hasFailed && !stage.state.awaitsEntry && (await order.isFirst())) {
        this.failure = stage.state.failure;
        if (this.failure !== undefined) {
          await stage.keep();
          throw this.failure;
        }
      }
      await stragglers.repair(stage);
      if (lane === undefined && stage.state.roundOver) {
        const late = await receiver.drain();
        if (late.length === 0) return stage.endRound();
        await stage.take(late);
        continue;
      }
      if (clock.remaining() < this.#limits.reserveMs) {
        await stage.take(await receiver.drain());
        await stage.checkpoint();
        return false;
      }
      const over = await this.#look(times, stage);
      if (over !== undefined) return over;
      await stragglers.startAgain(stage);
      // What a lane before does is seen only between receives.
      const waits = stage.state.awaitsEntry || (lane !== undefined && stage.state.hasFailed);
      const messages = await receiver.receive(waits ? LOOK_MS : undefined);
      await stage.take(messages);
      if (stage.taken.due && !(await stage.checkpoint())) return false;
      await stage.tell(order);
    }
  }

  /** Now and then: whether someone else has ended the stage or the run, or it takes too long. The answer of `run`, where that is known now. */
  async #look(times: Times, stage: CollectedStage): Promise<boolean | undefined> {
    const { run, part, lane } = this.#input;
    const attempt = attemptOf(this.#input);
    const { clock } = this.#services;
    const now = clock.now();
    const idle = now - stage.movedAt;
    const { stallMs, deadlineMs } = times;
    // What waits for another lane goes on, or ends, with that one.
    const isStalled = idle >= stallMs && !stage.state.hasFailed && !stage.state.awaitsEntry;
    if (!isStalled && now - this.#lookedAt < this.#limits.lookMs) return undefined;
    this.#lookedAt = now;
    const reason = await cancelledOf(this.#services, run, attempt);
    if (reason !== undefined) {
      await stage.keep();
      throw new CancelledError(`Run ${this.#input.run} was cancelled${reason === "" ? "." : `: ${reason}`}`, {
        fields: { run, reason },
      });
    }
    if ((await doneOf(this.#services, this.#input)) !== undefined) return true;
    // Another branch has failed: nobody waits for this one.
    if ((await sizeAt(this.#services, outcomeKey(run, attempt))) !== undefined) return true;
    if (lane !== undefined && (await sizeAt(this.#services, failedKey(run, part, attempt))) !== undefined) {
      await stage.keep();
      return true;
    }
    const limits = { stallMs, deadlineMs };
    if (now - times.begunAt >= deadlineMs) {
      await stage.keep();
      throw this.#stalled(`The run's deadline of ${deadlineMs} ms has passed`, stage, limits);
    }
    if (!isStalled) return undefined;
    // Messages may go to one that has taken this one's place.
    if (await stage.isReplaced()) return false;
    await stage.keep();
    throw this.#stalled(`No task has ended for ${Math.round(idle)} ms`, stage, limits);
  }

  #stalled(what: string, { state }: CollectedStage, limits: { stallMs: number; deadlineMs: number }): StalledError {
    const { run, stage } = this.#input;
    const missing = state.count - state.tally.state.accepted;
    if (missing <= 0) throw new InternalError(`Stage "${stage}" waits for nothing.`);
    return new StalledError(
      `${what}; stage "${stage}" lacks ${missing} of ${state.count} tasks, the first is ${state.low}.`,
      {
        fields: { ...limits, run, stages: [stage], missing, task: state.low },
        fix: "look for a task that waits for ever; timeoutMs limits a task, stallMs and deadlineMs a run.",
      },
    );
  }
}
