import {
  AbanicoError,
  CancelledError,
  InternalError,
  StalledError,
  StoreFaultError,
  toErrorRecord,
} from "../../errors.ts";
import { CollectedStage } from "./collected-stage.ts";
import { limitsFor, type CollectLimits } from "./collect-limits.ts";
import { failedKey, outcomeKey } from "./keys.ts";
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
 */
export async function collect(
  input: CollectInput,
  services: Services,
  limits: Partial<CollectLimits> = {},
): Promise<CollectInput> {
  const { run, part, stage, round, queue } = input;
  const answer = (done: boolean) => ({ run, part, stage, round, queue, done });
  if ((await doneOf(services, input)) !== undefined) return answer(true);
  const failed = await failedOf(services, run, part);
  if (failed !== undefined) throw failed;
  const collecting = new Collect(input, services, { ...limitsFor(services), ...limits });
  try {
    return answer(await collecting.run());
  } catch (error) {
    // Another try may do, and is made by the state machine. What the stage fails with was tried often enough.
    if (error !== collecting.failure && error instanceof AbanicoError && error.retryable) throw passing(error);
    if ((await doneOf(services, input)) !== undefined) return answer(true);
    services.log("error", `Stage "${stage}" of run ${run} failed.`, { run, part, stage, error: toErrorRecord(error) });
    await putJsonOnce(services, failedKey(run, part), toErrorRecord(error));
    throw error;
  }
}

const DEFAULT_STALL_MS = 600_000;
const DEFAULT_DEADLINE_MS = 86_400_000;

/** By the one name that the state machine tries again (cdk/definition.ts). */
function passing(error: AbanicoError): StoreFaultError {
  if (error instanceof StoreFaultError) return error;
  return new StoreFaultError(error.message, { fields: error.fields, cause: error, retryable: true });
}

/** All that Collect needs of a request: the rest may be a plan of a million files. */
type Times = Required<Pick<RunRequest, "stallMs" | "deadlineMs">> & { readonly begunAt: number };

async function timesOf(services: Services, run: string): Promise<Times> {
  const request = await requestOf(services, run);
  const { stallMs = DEFAULT_STALL_MS, deadlineMs = DEFAULT_DEADLINE_MS } = request;
  return { begunAt: await begunAt(services, request), stallMs, deadlineMs };
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
    const times = await timesOf(this.#services, this.#input.run);
    const stage = await CollectedStage.open(this.#input, this.#services, this.#limits);
    if (stage.isPast) return true;
    const receiver = new Receiver(this.#input.queue, this.#services, this.#limits);
    const stragglers = new Stragglers(this.#input, this.#services, this.#limits);
    for (;;) {
      if (stage.state.finished) {
        await stage.finish();
        return true;
      }
      stage.state.failures.release(clock.now());
      this.failure = stage.state.failure;
      if (this.failure !== undefined) throw this.failure;
      await stragglers.repair(stage);
      if (stage.state.roundOver) return stage.endRound();
      if (clock.remaining() < this.#limits.reserveMs) {
        await stage.checkpoint();
        return false;
      }
      const over = await this.#look(times, stage);
      if (over !== undefined) return over;
      await stragglers.startAgain(stage);
      const messages = await receiver.receive();
      await stage.take(messages);
      if (stage.taken.due && !(await stage.checkpoint())) return false;
      await stage.tell();
    }
  }

  /** Now and then: whether someone else has ended the stage or the run, or it takes too long. The answer of `run`, where that is known now. */
  async #look(times: Times, stage: CollectedStage): Promise<boolean | undefined> {
    const { clock } = this.#services;
    const now = clock.now();
    const idle = now - stage.movedAt;
    const { stallMs, deadlineMs } = times;
    const isStalled = idle >= stallMs;
    if (!isStalled && now - this.#lookedAt < this.#limits.lookMs) return undefined;
    this.#lookedAt = now;
    const reason = await cancelledOf(this.#services, this.#input.run);
    if (reason !== undefined)
      throw new CancelledError(`Run ${this.#input.run} was cancelled${reason === "" ? "." : `: ${reason}`}`, {
        fields: { run: this.#input.run, reason },
      });
    if ((await doneOf(this.#services, this.#input)) !== undefined) return true;
    // Another branch has failed: nobody waits for this one.
    if ((await sizeAt(this.#services, outcomeKey(this.#input.run))) !== undefined) return true;
    const limits = { stallMs, deadlineMs };
    if (now - times.begunAt >= deadlineMs)
      throw this.#stalled(`The run's deadline of ${deadlineMs} ms has passed`, stage, limits);
    if (!isStalled) return undefined;
    // Messages may go to one that has taken this one's place.
    if (await stage.isReplaced()) return false;
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
