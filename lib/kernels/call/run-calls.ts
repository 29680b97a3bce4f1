import { adopted } from "../../adopted.ts";
import { putBackPrinted } from "../../callables/console.ts";
import { AbanicoError, PlanError, TaskError, fromErrorRecord, toErrorRecord } from "../../errors.ts";
import type { Ref } from "../../plan/plan.ts";
import { callTimeoutError } from "../../runtime/calls/failures.ts";
import { CallMemory, CallRunner } from "../../runtime/calls/run-call.ts";
import { setAttempt, type PackedCalls } from "../../runtime/calls/wire.ts";
import type { Outcome } from "../../runtime/executor.ts";
import { delayMs } from "../../runtime/scheduler/failure.ts";
import type { Kernel, TaskContext } from "../kernel.ts";
import { isContinuation } from "./continuation.ts";
import { decodeJob, encodeOutcomes, packedOf, type Ended, type WaveJob } from "./wave-job.ts";

/** `calls.run`: the parameters of its stages. */
export interface RunCallsParams {
  /** Of all calls of the wave: SHA-256, in hex. They lie where the refs say; so two waves of other calls are two plans. */
  readonly digest: string;
  /** How many sections of an output are for results that lie by themselves; section 0 is `encodeOutcomes`. */
  readonly slots: number;
  /** Calls that have not begun after so long are handed back, in milliseconds. */
  readonly patienceMs: number;
}

/** Results up to this lie together with what is told of them, in bytes. */
const SMALL_BYTES = 4_096;
/** A task that has made results of so many bytes hands back the rest of its calls. */
const MOST_BYTES = 256 * 2 ** 20;

/** No call is begun that may not end by then, going by those before it: a function ends after 15 minutes. In milliseconds. */
const LONGEST_MS = 840_000;

/**
 * Makes a run of calls of users' functions, one after the other, as a thread does; what fails is tried again here, as often as its options say. The first that fails for good is the task's error:
 * every call of a graph is needed for what is asked for.
 *
 * @throws TaskError with the call's own error as its cause
 */
export const runCalls: Kernel = async (params, input, context) => {
  const { slots, patienceMs } = params as unknown as RunCallsParams; // validated with the plan
  if (input.kind !== "refs")
    throw new PlanError(`"calls.run" reads its calls from refs, and was given a task of kind "${input.kind}".`);
  const [ref] = input.refs;
  const job = decodeJob(await context.fetch(ref));
  const run = new CallsRun(job, await packed(job, context), context);
  const began = performance.now();
  const outcomes: (Ended | undefined)[] = [];
  const large: Uint8Array[] = [];
  let bytes = 0;
  let longestMs = 0;
  for (let place = 0; place < job.starts.length; place++) {
    const ms = performance.now() - began;
    const isLate = ms > patienceMs || ms + 1.5 * longestMs > LONGEST_MS;
    const isFull = isLate || large.length === slots || bytes > MOST_BYTES;
    const ended = isFull && place > 0 ? undefined : await run.call(place);
    if (ended === undefined) {
      outcomes.push(undefined);
      continue;
    }
    const { body } = ended;
    longestMs = Math.max(longestMs, ended.ms);
    const common = isContinuation(body) ? ({ ms: ended.ms, more: true } as const) : { ms: ended.ms };
    bytes += body.byteLength;
    if (body.byteLength <= SMALL_BYTES) outcomes.push({ ...common, body });
    else outcomes.push({ ...common, slot: large.push(body), size: body.byteLength });
  }
  const records = outcomes.reduce((count, one) => count + Number(one !== undefined), 0);
  const rest = Array.from({ length: slots - large.length }, () => new Uint8Array(0));
  return { value: [encodeOutcomes(outcomes), ...large, ...rest], recordsIn: records, recordsOut: records };
};

async function packed(job: WaveJob, context: TaskContext): Promise<PackedCalls> {
  const shared = job.shared.map((one) => (one instanceof Uint8Array ? one : context.fetch(one)));
  return packedOf(job, await Promise.all(shared));
}

interface Made {
  readonly body: Uint8Array;
  readonly ms: number;
}

class CallsRun {
  readonly #job: WaveJob;
  readonly #packed: PackedCalls;
  readonly #context: TaskContext;
  readonly #runner: CallRunner;
  #signal: AbortSignal;

  constructor(job: WaveJob, packed: PackedCalls, context: TaskContext) {
    this.#job = job;
    this.#packed = packed;
    this.#context = context;
    this.#signal = context.signal;
    const refs = new Map<number, Ref>(job.fetched);
    const signal = () => this.#signal;
    this.#runner = new CallRunner(packed, new CallMemory(), {
      worker: 0,
      get signal() {
        return signal();
      },
      fetch: async (id) => {
        const ref = refs.get(id);
        if (ref === undefined) throw new PlanError(`A call names result ${id}, and nobody says where that is.`);
        return context.fetch(ref);
      },
      progress: () => undefined,
    });
  }

  /** Undefined: it needs an earlier call of this job that was handed back, or gave more calls. @throws TaskError */
  async call(place: number): Promise<Made | undefined> {
    const { retries = 0, timeoutMs } = this.#job.limits[place] ?? {};
    for (let attempt = 1; ; attempt++) {
      if (attempt > 1) setAttempt(this.#packed, place, attempt);
      const outcome = await this.#attempt(place, attempt, timeoutMs);
      if (outcome?.printed !== undefined) putBackPrinted(outcome.printed);
      if (outcome === undefined) return undefined;
      if ("body" in outcome) return { body: outcome.body, ms: Math.round(outcome.ms * 1_000) / 1_000 };
      const error = adopted(fromErrorRecord(outcome.error));
      const mayPass = !(error instanceof AbanicoError) || error.retryable;
      if (!mayPass || attempt > retries || this.#context.signal.aborted) throw this.#failure(place, error, attempt);
      await new Promise((resolve) => setTimeout(resolve, delayMs(attempt)));
    }
  }

  #attempt(
    place: number,
    attempt: number,
    timeoutMs: number | undefined,
  ): Outcome | undefined | Promise<Outcome | undefined> {
    const index = this.#job.indices[place];
    if (timeoutMs === undefined) return this.#runner.run(place, index);
    const limit = new AbortController();
    this.#signal = AbortSignal.any([this.#context.signal, limit.signal]);
    const outcome = this.#runner.run(place, index);
    if (!(outcome instanceof Promise)) return outcome;
    const over = Promise.withResolvers<Outcome>();
    const timer = setTimeout(() => {
      limit.abort();
      const key = this.#runner.key(place, index);
      const error = callTimeoutError({ key, function: this.#runner.name(place), attempts: attempt }, timeoutMs);
      over.resolve({ index, error: toErrorRecord(error) });
    }, timeoutMs);
    return Promise.race([outcome, over.promise]).finally(() => {
      clearTimeout(timer);
      this.#signal = this.#context.signal;
    });
  }

  #failure(place: number, cause: Error, attempts: number): TaskError {
    const call = this.#runner.key(place, this.#job.indices[place]);
    return new TaskError(
      `The call ${call} failed${attempts === 1 ? "" : ` after ${attempts} attempts`}: ${cause.name}: ${cause.message}`,
      {
        cause,
        fields: { call, attempts },
      },
    );
  }
}
