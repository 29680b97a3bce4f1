import { takePrinted } from "../../callables/console.ts";
import type { Plan, Ref } from "../../plan/plan.ts";
import { taskAt, taskCount } from "../../plan/rules.ts";
import type { WaveHost } from "../calls/wave-executor.ts";
import { readSection } from "../sections.ts";
import { runTask } from "../task.ts";
import { objectUrl, outputKey, partName } from "./keys.ts";
import { OutputReader } from "./outputs.ts";
import { bytesAt, putOnce } from "./run-objects.ts";
import type { Services } from "./services.ts";

/** The stage of what waves keep; no plan has one of this name. */
const WAVES_STAGE = "waves_";
/** Calls that are known to take no longer than this together are made where they are planned: less than a round of the state machine takes. In milliseconds. */
const QUICK_MS = 500;
/** A function that has less time than this makes no calls itself, so that whoever comes next goes on from what it has planned. In milliseconds. */
const ROOM_MS = 300_000;
/** So many objects are written at a time. */
const AT_ONCE = 16;
/** What quick calls gave is read again from memory up to this, in bytes. */
const KEPT_BYTES = 64 * 1024;

/** What a replay knows of its parts. */
export interface ReplayedParts {
  /** Whether the next part is planned already, as this plan. */
  isPlanned(plan: Plan): boolean;
  run: WaveHost["run"];
}

/**
 * The waves of a graph of calls, when it is planned again: each is a part of the run. What its tasks read is named by its order, and written when a wave is new: those that are over have it already.
 *
 * Waves of calls that are known to be quick are no parts: they are made here, at once, and their outputs written once, under names that follow from the calls. Where the next planner finds them, it
 * takes them; so it makes no difference where a wave was made, and each is made once as far as anyone can see.
 */
export class ReplayedWaves implements WaveHost {
  readonly #run: string;
  readonly #services: Services;
  readonly #parts: ReplayedParts;
  readonly #reader: OutputReader;
  /** Not written yet, by number. */
  readonly #unwritten = new Map<number, Uint8Array>();
  /** Outputs of quick calls, by their stages. */
  readonly #made = new Map<string, Uint8Array[]>();
  #kept = 0;

  constructor(run: string, services: Services, parts: ReplayedParts) {
    this.#run = run;
    this.#services = services;
    this.#parts = parts;
    this.#reader = new OutputReader(services);
  }

  async keep(bytes: Uint8Array): Promise<Ref> {
    const task = this.#kept++;
    this.#unwritten.set(task, bytes);
    return { run: partName(this.#run, 0), stage: WAVES_STAGE, task };
  }

  async fetch(ref: Ref): Promise<Uint8Array> {
    const { stage, task, section = 0 } = ref;
    const bytes = stage === WAVES_STAGE ? this.#unwritten.get(task) : this.#made.get(stage)?.[task];
    if (bytes === undefined || bytes.byteLength === 0) return this.#reader.fetch(ref);
    return ref.section === undefined ? bytes : readSection(bytes, section);
  }

  async run(plan: Plan, ms: number | undefined): ReturnType<WaveHost["run"]> {
    if (this.#parts.isPlanned(plan)) {
      this.#unwritten.clear();
      return this.#parts.run(plan, ms);
    }
    const isQuick = ms !== undefined && ms <= QUICK_MS;
    if (isQuick) {
      const refs = await this.#runHere(plan);
      if (refs !== undefined) return { refs };
    }
    await this.#write();
    return this.#parts.run(plan, ms);
  }

  /** Undefined: it has not been run here, and there is no time to. */
  async #runHere(plan: Plan): Promise<Ref[] | undefined> {
    const [planned] = plan.stages;
    const { digest } = planned.work.params;
    // No stage of a plan has an underscore in its name.
    const stage = `${planned.id}_${String(digest).slice(0, 16)}`;
    const place = { run: this.#run, part: 0, stage };
    const outputs: Uint8Array[] = [];
    for (let task = 0; task < taskCount(planned.tasks); task++) {
      const key = outputKey(place, task);
      let body = await bytesAt(this.#services, key);
      if (body === undefined) {
        if (this.#services.clock.remaining() < ROOM_MS) return undefined;
        body = await this.#make(plan, task);
        // Of two that plan at once, the outcomes of one count.
        if (!(await putOnce(this.#services, key, body)))
          body = await this.#services.store.get(objectUrl(this.#services, key));
      }
      outputs.push(body.byteLength <= KEPT_BYTES ? body : new Uint8Array(0));
    }
    this.#made.set(stage, outputs);
    // What was packed for it nobody else reads.
    if (planned.tasks.kind === "refs") for (const { task } of planned.tasks.refs) this.#unwritten.delete(task);
    return outputs.map((_, task) => ({ run: partName(this.#run, 0), stage, task }));
  }

  async #make({ stages: [stage] }: Plan, index: number): Promise<Uint8Array> {
    const { signal } = new AbortController();
    const task = taskAt(stage, index, partName(this.#run, 0));
    const context = { store: this.#services.store, fetch: (ref: Ref) => this.fetch(ref), signal, attempt: 1 };
    const { body } = await runTask(stage, task, context);
    // It is in this function's log.
    takePrinted();
    return body;
  }

  async #write(): Promise<void> {
    const all = [...this.#unwritten];
    const place = { run: this.#run, part: 0, stage: WAVES_STAGE };
    for (let i = 0; i < all.length; i += AT_ONCE)
      await Promise.all(
        all.slice(i, i + AT_ONCE).map(([task, bytes]) => putOnce(this.#services, outputKey(place, task), bytes)),
      );
    this.#unwritten.clear();
  }
}
