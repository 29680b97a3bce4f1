import { createHash } from "node:crypto";
import type { CallableRef } from "../../callables/reference.ts";
import { InternalError, OptionError } from "../../errors.ts";
import type { RunCallsParams } from "../../kernels/call/run-calls.ts";
import { decodeOutcomes, type Ended } from "../../kernels/call/wave-job.ts";
import type { Estimate, Plan, Ref } from "../../plan/plan.ts";
import type { CallsJob, Executor, Lane, Outcome, WorkSource } from "../executor.ts";
import type { RunResult } from "../runtime.ts";
import { encodeSections } from "../sections.ts";
import { WaveCargo } from "./wave-cargo.ts";
import { errorOfWave } from "./wave-errors.ts";

/** Results of one task that lie by themselves, at most: a task that has made so many hands back the rest of its calls. */
const MOST_SLOTS = 1_024;
/** A task hands back calls that it has not begun after this, so that others may make them; it waits longer where they are shared out by what they are known to take. In milliseconds. */
const PATIENCE_MS = 120_000;
const KNOWN_PATIENCE_MS = 600_000;
/** So many tasks are asked at a time what they gave. */
const AT_ONCE = 32;

/** All that is ready goes out: there is always room. */
const LANE: Lane = { id: 0, inFlight: 0, open: false, ready: true, admits: () => true };

/** What waves are run by: a runtime, or what plays one. */
export interface WaveHost {
  /** Runs a wave. `ms`: what all its calls are expected to take one after the other, in milliseconds; undefined: nobody knows. */
  run(plan: Plan, ms: number | undefined): Promise<Pick<RunResult, "refs">>;
  keep(bytes: Uint8Array): Promise<Ref>;
  fetch(ref: Ref): Promise<Uint8Array>;
}

/**
 * Calls in waves: all that are ready are one plan of one stage, whose tasks are jobs of calls (dispatch.ts); what they give enters the graph, which then has the next wave. Results that are large stay
 * where the task has put them, and are read by the calls that need them.
 *
 *     ready ──▶ jobs ──▶ plan ──▶ run ──▶ outcomes ──▶ ready …
 *
 * What goes out follows from the graph and the outcomes of the waves before alone, never from when something ended: a wave begins when the graph waits for nothing else. So who plans a second time,
 * over the same outcomes, comes to the same waves.
 */
export class WaveExecutor implements Executor {
  readonly name = "waves";
  readonly threads = 1;
  readonly offloadsMerges = false;
  wave: Executor["wave"];
  readonly #host: WaveHost;
  readonly #cargo: WaveCargo;
  readonly #functions = new Map<number, CallableRef>();
  #source: WorkSource | undefined;
  #waves = 0;
  #pumping = false;

  constructor(host: WaveHost) {
    this.#host = host;
    this.#cargo = new WaveCargo((bytes) => host.keep(bytes), this.#functions);
  }

  add(source: WorkSource): void {
    if (this.#source !== undefined) throw new InternalError("Waves are made of one graph of calls.");
    this.#source = source;
    this.wake();
  }

  remove(): void {
    this.#source = undefined;
  }

  /** Later: whoever wakes may be in the middle of something. */
  wake(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => void this.#pump());
  }

  lanes(): readonly number[] {
    return [];
  }

  cancel(): void {
    // A wave is run to its end.
  }

  fetch(ref: Ref): Promise<Uint8Array> {
    return this.#host.fetch(ref);
  }

  prepare(): void {
    // Whoever runs the plan loads its code.
  }

  async scale(): Promise<void> {
    throw new OptionError("A wave has as many tasks as it has calls for: there is nothing to scale.");
  }

  async close(): Promise<void> {
    this.remove();
  }

  /** One wave after the other, until none can begin: then the graph wakes this when one can. */
  async #pump(): Promise<void> {
    for (let source = this.#next(); source !== undefined; source = this.#next()) {
      let jobs: readonly CallsJob[] = [];
      try {
        jobs = this.#jobsOf(source);
        await this.#run(source, jobs);
      } catch (error) {
        source.fail(errorOfWave(error, jobs, this.#functions));
      }
    }
    this.#pumping = false;
  }

  /** The graph, where a wave of it can begin. */
  #next(): WorkSource | undefined {
    const source = this.#source;
    const { ready = 0, awaited = 0 } = source?.standing ?? {};
    return ready > 0 && awaited === 0 ? source : undefined;
  }

  #jobsOf(source: WorkSource): CallsJob[] {
    this.wave = { ready: source.standing?.ready ?? 0 };
    const jobs: CallsJob[] = [];
    for (let job = source.next(LANE); job !== undefined; job = source.next(LANE)) {
      if (job.kind !== "calls") throw new InternalError(`A ${job.kind} job came to waves of calls.`);
      for (const [id, ref] of job.packed.functions) this.#functions.set(id, ref);
      jobs.push(job);
    }
    return jobs;
  }

  async #run(source: WorkSource, jobs: readonly CallsJob[]): Promise<void> {
    const packed = await this.#cargo.pack(jobs, source);
    const kept = await this.#host.keep(encodeSections(packed.jobs));
    const ms = sumOf(jobs);
    const patienceMs = ms === undefined ? PATIENCE_MS : KNOWN_PATIENCE_MS;
    const { refs = [] } = await this.#host.run(this.#planOf(jobs, packed, kept, patienceMs), ms);
    const outcomes: Outcome[][] = [];
    for (let i = 0; i < jobs.length; i += AT_ONCE) {
      const some = jobs.slice(i, i + AT_ONCE).map((job, k) => this.#outcomesOf(job, refs[i + k]));
      outcomes.push(...(await Promise.all(some)));
    }
    for (const [i, job] of jobs.entries()) {
      source.settled(job, outcomes[i], LANE.id);
      source.ended(job);
    }
  }

  #planOf(
    jobs: readonly CallsJob[],
    packed: { readonly jobs: readonly Uint8Array[]; readonly estimate: Estimate },
    kept: Ref,
    patienceMs: number,
  ): Plan {
    const digest = createHash("sha256");
    for (const bytes of packed.jobs) digest.update(bytes);
    const calls = jobs.map(({ indices }) => indices.length);
    const slots = Math.min(MOST_SLOTS, Math.max(...calls));
    const params: RunCallsParams = { digest: digest.digest("hex"), slots, patienceMs };
    const stage: Plan["stages"][number] = {
      id: `calls-${++this.#waves}`,
      work: { op: "calls.run", params: { ...params } },
      tasks: { kind: "refs", refs: jobs.map((_, section) => ({ ...kept, section })) },
      output: { kind: "exchange", partitions: 1 + slots },
      estimate: packed.estimate,
    };
    const total = calls.reduce((sum, count) => sum + count, 0);
    return { abanico: 1, stages: [stage], notes: [`${total.toLocaleString("en")} calls in ${jobs.length} tasks`] };
  }

  async #outcomesOf({ indices }: CallsJob, ref: Ref): Promise<Outcome[]> {
    const told = decodeOutcomes(await this.#host.fetch({ ...ref, section: 0 }));
    const outcomes: Outcome[] = [];
    for (const [place, ended] of told.entries())
      if (ended !== undefined) outcomes.push(await this.#outcomeOf(indices[place], ended, ref));
    return outcomes;
  }

  async #outcomeOf(index: number, ended: Ended, ref: Ref): Promise<Outcome> {
    const common = { index, recordsIn: 1, recordsOut: 1, ms: ended.ms };
    if ("body" in ended) return { ...common, body: ended.body };
    const at: Ref = { ...ref, section: ended.slot };
    // What is to be gone on with is needed here.
    if (ended.more === true) return { ...common, body: await this.#host.fetch(at) };
    this.#cargo.place(index, { ref: at, size: ended.size });
    return { ...common, body: NOTHING, at };
  }
}

const NOTHING = new Uint8Array(0);

/** What the calls of all jobs are expected to take, one after the other. */
function sumOf(jobs: readonly CallsJob[]): number | undefined {
  let sum = 0;
  for (const { ms } of jobs) {
    if (ms === undefined) return undefined;
    sum += ms;
  }
  return sum;
}
