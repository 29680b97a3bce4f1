import type { Message, Services } from "../../lib/runtime/aws/services.ts";
import { VISIBILITY_MS } from "../../lib/runtime/aws/services.ts";
import { memoryStore, type MemoryStore } from "../../lib/store/memory.ts";
import { randomOf, SimulatedClock } from "./simulated-clock.ts";
import { chance, type FaultRates, type Moment, type Operation, type Script, type Verdict } from "./simulated-faults.ts";
import { SimulatedQueue } from "./simulated-queue.ts";
import { simulatedS3, slowDown } from "./simulated-store.ts";

/**
 * A stack in this process: S3 in memory, queues, calls of functions, a clock that is simulated, and faults from a seed. `invoke` runs a function with
 * services of its own; where it dies, nothing of it goes on: its next operation never ends, as if its machine had been switched off.
 */
export interface SimulationOptions {
  readonly seed?: number;
  readonly rates?: FaultRates;
  readonly script?: Script;
  /** Whether messages come in any order. Default true. */
  readonly reorder?: boolean;
  /** A request to S3 or SQS takes up to this long, in milliseconds. Default 30. */
  readonly latencyMs?: number;
  /** Late messages are up to this late, in milliseconds. Default 4 minutes. */
  readonly lateMs?: number;
  readonly visibilityMs?: number;
}

/** How Step Functions names what happened to a function; `cause` is what it threw itself. */
export class FunctionError extends Error {
  constructor(name: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = name;
  }
}

/** Bytes: what Step Functions passes on at most. */
const PAYLOAD_LIMIT = 256 * 1024;
const NEVER = new Promise<never>(() => {});

export class Simulation {
  readonly clock = new SimulatedClock();
  readonly objects: MemoryStore = memoryStore();
  readonly random: () => number;
  readonly logs: { readonly level: string; readonly message: string; readonly fields?: object }[] = [];
  /** How often each fault has happened, by function, operation and verdict. */
  readonly happened = new Map<string, number>();
  /** What `startWork` and `startRun` do: the machine sets them. */
  onStartWork: (worker: "work" | "work-image", input: object) => void = () => {};
  onStartRun: (run: string) => void = () => {};
  readonly #options: SimulationOptions;
  readonly #chance: (moment: Moment) => Verdict;
  readonly #queues = new Map<string, SimulatedQueue>();
  readonly #running = new Set<Invocation>();

  constructor(options: SimulationOptions = {}) {
    this.#options = options;
    this.random = randomOf(options.seed ?? 1);
    this.#chance = chance(options.rates ?? {}, this.random);
  }

  /** Lets time pass until `main` is settled. */
  run<T>(main: Promise<T>): Promise<T> {
    return this.clock.run(main, () => [...this.#running].every((invocation) => invocation.waiting > 0));
  }

  /** Calls a function as Lambda does: plain JSON in and out, an own deadline. Throws a `FunctionError`. */
  async invoke<I, O>(
    name: string,
    body: (input: I, services: Services) => Promise<O>,
    input: I,
    limitMs = 900_000,
  ): Promise<O> {
    await this.clock.sleep(this.random() * 50);
    const payload = JSON.stringify(input);
    const moment = { function: name, operation: "invoke", body: payload } as const;
    const before = this.verdict({ ...moment, when: "before" });
    if (before === "fault") throw new FunctionError("Lambda.TooManyRequestsException", "Rate Exceeded.");
    if (before === "die") throw new FunctionError("Lambda.Unknown", "The function's process ended before it began.");
    const answer = this.#execute(name, body, JSON.parse(payload) as I, limitMs);
    if (before === "late") {
      answer.catch(() => undefined);
      throw new FunctionError("Lambda.ServiceException", "The connection was lost; the function runs on.");
    }
    const text = JSON.stringify((await answer) ?? null);
    if (text.length > PAYLOAD_LIMIT) throw new FunctionError("States.DataLimitExceeded", `${text.length} bytes`);
    if (this.verdict({ ...moment, when: "after" }) === "fault")
      throw new FunctionError("Lambda.ServiceException", "The answer was lost.");
    return JSON.parse(text) as O;
  }

  async #execute<I, O>(
    name: string,
    body: (input: I, services: Services) => Promise<O>,
    input: I,
    limitMs: number,
  ): Promise<O> {
    const invocation = new Invocation(this, name, limitMs);
    this.#running.add(invocation);
    try {
      const outcome = body(input, invocation.services);
      // Of one that died nobody hears.
      outcome.catch(() => undefined);
      return await Promise.race([outcome, invocation.death]);
    } catch (error) {
      if (error instanceof FunctionError) throw error;
      const { name: kind, message } = error instanceof Error ? error : new Error(String(error));
      throw new FunctionError(kind, message, error);
    } finally {
      this.#running.delete(invocation);
      invocation.ended = true;
    }
  }

  /** The services as they are for a test: nothing fails, nothing takes time. */
  outside(): Services {
    return new Invocation(this, "outside", Infinity).services;
  }

  queue(url: string): SimulatedQueue {
    let queue = this.#queues.get(url);
    if (queue === undefined)
      this.#queues.set(url, (queue = new SimulatedQueue(this.clock, this.#options.visibilityMs ?? VISIBILITY_MS)));
    return queue;
  }

  removeQueue(url: string): void {
    this.#queues.delete(url);
  }

  get queues(): readonly string[] {
    return [...this.#queues.keys()];
  }

  verdict(moment: Moment): Verdict {
    if (moment.function === "outside") return undefined;
    const scripted = this.#options.script?.(moment);
    const verdict = scripted === "fine" ? undefined : (scripted ?? this.#chance(moment));
    if (verdict !== undefined) {
      const name = `${moment.function} ${moment.operation} ${moment.when}: ${verdict}`;
      this.happened.set(name, (this.happened.get(name) ?? 0) + 1);
    }
    return verdict;
  }

  latency(name: string): number {
    return name === "outside" ? 0 : this.random() * (this.#options.latencyMs ?? 30);
  }

  lateness(): number {
    return this.random() * (this.#options.lateMs ?? 240_000);
  }

  /** Which of so many messages comes next. */
  pick(count: number): number {
    return this.#options.reorder === false ? 0 : Math.floor(this.random() * count);
  }
}

/** One call of a function. */
class Invocation {
  readonly death: Promise<never>;
  readonly services: Services;
  /** Operations that wait for the clock. */
  waiting = 0;
  ended = false;
  readonly #simulation: Simulation;
  readonly #name: string;
  readonly #kill: (error: Error) => void;
  #dead = false;

  constructor(simulation: Simulation, name: string, limitMs: number) {
    this.#simulation = simulation;
    this.#name = name;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => undefined);
    this.death = promise;
    this.#kill = reject;
    const { clock } = simulation;
    const deadline = clock.now() + limitMs;
    if (Number.isFinite(limitMs))
      clock.after(limitMs, () => {
        if (!this.ended) this.#die("Sandbox.Timedout", `Task timed out after ${limitMs / 1_000} seconds`);
      });
    this.services = {
      store: simulatedS3(simulation.objects, (operation, facts, body) => this.#through(operation, facts, body), {
        sleep: (ms) => this.#wait(clock.sleep(ms)),
        random: simulation.random,
      }),
      bucket: "bucket",
      resultsQueue: "queue/results",
      taskBytes: 2 ** 30,
      queues: this.#queues(),
      startWork: (worker, input) =>
        this.#operate("start-work", { body: JSON.stringify(input) }, async (verdict) => {
          if (verdict !== "swallow") simulation.onStartWork(worker, JSON.parse(JSON.stringify(input)) as object);
        }),
      startRun: (run) => this.#operate("invoke", {}, async () => simulation.onStartRun(run)),
      clock: {
        now: () => clock.now(),
        remaining: () => deadline - clock.now(),
        sleep: (ms) => this.#wait(clock.sleep(ms)),
      },
      log: (level, message, fields) => {
        if (!this.#dead) simulation.logs.push({ level, message, ...(fields === undefined ? {} : { fields }) });
      },
    };
  }

  #queues(): Services["queues"] {
    const simulation = this.#simulation;
    return {
      create: (run) => this.#operate("get", {}, async () => `queue/${run}`),
      remove: (url) => this.#operate("remove", {}, async () => simulation.removeQueue(url)),
      send: async (url, bodies) => {
        for (const body of bodies)
          await this.#operate("send", { body }, async (verdict) => {
            if (verdict === "swallow") return;
            simulation.queue(url).send(body, verdict === "late" ? simulation.lateness() : 0);
            if (verdict === "twice") simulation.queue(url).send(body, simulation.lateness());
          });
      },
      receive: async (url, waitMs) => {
        const until = simulation.clock.now() + waitMs;
        let found: readonly Message[] = [];
        await this.#operate("receive", {}, async () => undefined);
        for (;;) {
          found = simulation.queue(url).take((count) => simulation.pick(count));
          const left = until - simulation.clock.now();
          if (found.length > 0 || left <= 0) return found;
          await this.#wait(simulation.queue(url).changed(left));
        }
      },
      delete: async (url, messages) => {
        for (const { receipt } of messages)
          await this.#operate(
            "delete",
            {},
            async (verdict) => {
              if (verdict !== "swallow") simulation.queue(url).delete(receipt);
            },
            0,
          );
      },
    };
  }

  async #through<T>(operation: Operation, facts: { key?: string }, body: () => Promise<T>): Promise<T> {
    return this.#operate(operation, facts, body);
  }

  async #operate<T>(
    operation: Operation,
    facts: { key?: string; body?: string },
    body: (verdict: Verdict) => Promise<T>,
    latencyMs = this.#simulation.latency(this.#name),
  ): Promise<T> {
    if (latencyMs > 0) await this.#wait(this.#simulation.clock.sleep(latencyMs));
    else if (this.#dead) return NEVER;
    const moment = { function: this.#name, operation, ...facts };
    const before = this.#simulation.verdict({ ...moment, when: "before" });
    if (before === "die") return this.#die("Runtime.ExitError", `ended before ${operation} ${facts.key ?? ""}`);
    if (before === "fault") throw slowDown(operation, "before");
    const answer = await body(before);
    const after = this.#simulation.verdict({ ...moment, when: "after" });
    if (after === "die") return this.#die("Runtime.ExitError", `ended after ${operation} ${facts.key ?? ""}`);
    if (after === "fault") throw slowDown(operation, "after");
    return answer;
  }

  async #wait<T>(promise: Promise<T>): Promise<T> {
    if (this.#dead) return NEVER;
    this.waiting++;
    const value = await promise;
    this.waiting--;
    return this.#dead ? NEVER : value;
  }

  #die(name: string, message: string): Promise<never> {
    this.#dead = true;
    this.#kill(new FunctionError(name, message));
    return NEVER;
  }
}
