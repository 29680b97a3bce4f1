import { attemptName } from "../../lib/runtime/aws/attempts.ts";
import type {
  AdvanceInput,
  Batch,
  Caught,
  CollectInput,
  Directive,
  FailInput,
  RunInput,
  StageRef,
  WorkInput,
} from "../../lib/runtime/aws/protocol.ts";
import type { Services } from "../../lib/runtime/aws/services.ts";
import { FunctionError, type Simulation } from "./simulated-services.ts";

/**
 * The state machine in small: what its definition (cdk) tells Step Functions to do, as far as the functions can notice.
 *
 *     Advance ─▶ Parallel ┬ Map: Work, retried; then Lost ┐─▶ Advance … ─▶ Finish
 *                         └ of each lane: Collect ⟲ ──────┘   an error of a round ─▶ Advance with it; any other ─▶ Fail
 *
 * Where one branch of the Parallel fails the other is abandoned: what it had called runs on, and nobody hears of it.
 */
type Lambda<I, O> = (input: I, services: Services) => Promise<O>;

export interface Functions {
  readonly advance: Lambda<AdvanceInput, Directive>;
  readonly work: Lambda<WorkInput, unknown>;
  readonly collect: Lambda<CollectInput, CollectInput>;
  readonly finish: Lambda<RunInput, unknown>;
  readonly fail: Lambda<FailInput, unknown>;
}

export interface Execution {
  readonly status: "SUCCEEDED" | "FAILED";
  readonly error?: Caught;
}

/** What Step Functions retries, with jitter: what AWS or a function's sandbox may do, and our own fault that may pass. */
const TRANSIENT = [
  "Lambda.ServiceException",
  "Lambda.AWSLambdaException",
  "Lambda.SdkClientException",
  "Lambda.TooManyRequestsException",
  "Lambda.Unknown",
  "Sandbox.Timedout",
  "Runtime.ExitError",
  "StoreFaultError",
];
const MAX_ATTEMPTS = 6;
const FIRST_DELAY_MS = 1_000;
/** No execution takes longer, in milliseconds. */
const LONGEST_MS = 3 * 86_400_000;

type Item = StageRef & { readonly batch: Batch };
type StageDirective = Extract<Directive, { action: "stage" }>;

export class SimulatedMachine {
  readonly #simulation: Simulation;
  readonly #functions: Functions;
  readonly #lanes: number;

  /** `lanes`: so many children of the map run at a time. */
  constructor(simulation: Simulation, functions: Functions, lanes = 8) {
    this.#simulation = simulation;
    this.#functions = functions;
    this.#lanes = lanes;
    simulation.onStartWork = (_, input) => void this.#startWork(input as WorkInput); // what Collect starts is that
  }

  /** One execution, to its end. */
  async execute(run: string, attempt = 1): Promise<Execution> {
    const until = this.#simulation.clock.now() + LONGEST_MS;
    const asked = attempt === 1 ? { run } : { run, attempt };
    let state: AdvanceInput = { run: attemptName({ run, attempt }), asked };
    try {
      for (;;) {
        if (this.#simulation.clock.now() > until) throw new Error(`Run ${run} does not end.`);
        const directive = await this.#task("advance", this.#functions.advance, state);
        if (directive.action === "finish") {
          state = directive;
          await this.#task("finish", this.#functions.finish, directive);
          return { status: "SUCCEEDED" };
        }
        const caught = await this.#round(directive);
        state = { ...directive, ...(caught === undefined ? {} : { error: caught }) };
      }
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      await this.#task("fail", this.#functions.fail, { ...state, error: caughtOf(error) });
      return { status: "FAILED", error: caughtOf(error) };
    }
  }

  /** The Parallel; gives the error of the branch that fails first. */
  async #round(directive: StageDirective): Promise<Caught | undefined> {
    const state = { abandoned: false };
    try {
      const collects = directive.collects.map((lane) => this.#collectLoop(directive, lane, state));
      await Promise.all([this.#map(directive, state), ...collects]);
      return undefined;
    } catch (error) {
      state.abandoned = true;
      if (!(error instanceof FunctionError)) throw error;
      return caughtOf(error);
    }
  }

  async #map(directive: StageDirective, state: { abandoned: boolean }): Promise<void> {
    const { bucket, manifest, batches: count, worker, ...rest } = directive;
    const bytes = await this.#simulation.objects.get(`memory://${bucket}/${manifest}`);
    const lines = new TextDecoder().decode(bytes).split("\n").filter(Boolean);
    if (lines.length !== count) throw new Error(`The manifest has ${lines.length} batches, and should have ${count}.`);
    const { run, part, stage, round, queue, lanes } = rest;
    const place = { run, part, stage, round, queue, lanes };
    const items: Item[] = lines.map((line) => ({ ...place, batch: JSON.parse(line) as Batch }));
    let next = 0;
    const lane = async () => {
      while (next < items.length && !state.abandoned) await this.#child(worker, items[next++]);
    };
    await Promise.all(Array.from({ length: this.#lanes }, lane));
  }

  async #child(worker: string, item: Item): Promise<void> {
    try {
      await this.#task(worker, this.#functions.work, item);
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      await this.#task(worker, this.#functions.work, { ...item, lost: caughtOf(error) });
    }
  }

  async #collectLoop(directive: StageDirective, lane: number, state: { abandoned: boolean }): Promise<void> {
    const { run, part, stage, round, queue, lanes } = directive;
    let input: CollectInput = { run, part, stage, round, queue, lanes, lane };
    while (!state.abandoned) {
      input = await this.#task("collect", this.#functions.collect, input);
      if (input.done === true) return;
    }
  }

  /** A task of the state machine, retried where it may help. */
  async #task<I, O>(name: string, body: Lambda<I, O>, input: I): Promise<O> {
    for (let attempt = 0; ; attempt++)
      try {
        return await this.#simulation.invoke(name, body, input);
      } catch (error) {
        if (!(error instanceof FunctionError)) throw error;
        if (!TRANSIENT.includes(error.name) || attempt === MAX_ATTEMPTS) throw error;
        await this.#simulation.clock.sleep(this.#simulation.random() * FIRST_DELAY_MS * 2 ** attempt);
      }
  }

  /** Lambda tries twice more what nobody waits for. */
  async #startWork(input: WorkInput): Promise<void> {
    for (let attempt = 0; attempt < 3; attempt++)
      try {
        await this.#simulation.invoke("work", this.#functions.work, input);
        return;
      } catch (error) {
        if (!(error instanceof FunctionError)) throw error;
        await this.#simulation.clock.sleep(60_000 * (attempt + 1));
      }
  }
}

/** As Step Functions has it: a name, and a text that is cut off. */
function caughtOf(error: FunctionError): Caught {
  const { name, message } = error.cause instanceof Error ? error.cause : error;
  return { Error: error.name, Cause: JSON.stringify({ errorType: name, errorMessage: message }).slice(0, 32_768) };
}
