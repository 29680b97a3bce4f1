import { toErrorRecord } from "../../lib/errors.ts";
import { CallReader } from "../../lib/runtime/calls/wire.ts";
import type { CallsJob, Executor, Lane, OrdersJob, Outcome, WorkSource } from "../../lib/runtime/executor.ts";
import { encodeValue } from "../../lib/values.ts";

/** What a scripted call gives: a value, other bytes than a value's, or an error. */
export type Given =
  { readonly value: unknown } | { readonly value: unknown; readonly bytes: Uint8Array } | { readonly error: Error };

interface Out {
  readonly lane: number;
  readonly job: CallsJob;
  readonly reader: CallReader;
  /** Results of its calls, by place. */
  readonly results: (Uint8Array | undefined)[];
  /** The place of the call that comes next. */
  at: number;
}

/** An executor that does nothing by itself: the test says what happens, and when. */
export class ScriptedExecutor implements Executor {
  readonly name = "scripted";
  readonly offloadsMerges = false;
  readonly out: Out[] = [];
  readonly #lanes: number[] = [];
  #ids = 0;
  #source: WorkSource | undefined;

  constructor(threads: number) {
    while (this.#lanes.length < threads) this.#lanes.push(this.#ids++);
  }

  get threads(): number {
    return this.#lanes.length;
  }

  add(source: WorkSource): void {
    this.#source = source;
  }

  remove(): void {
    this.out.length = 0;
    this.#source = undefined;
  }

  wake(): void {
    // The test asks by `serve`.
  }

  lanes(): readonly number[] {
    return this.#lanes;
  }

  cancel(_source: WorkSource, _job: OrdersJob, _index: number): void {
    // What comes of it regardless is late.
  }

  prepare(): void {
    // There is no code to load.
  }

  async scale(): Promise<void> {
    // As many as the test says.
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  /** Asks for a job for a lane; false: it got none. */
  serve(which: number): boolean {
    const id = this.#lanes[which % this.#lanes.length];
    const mine = this.out.filter(({ lane }) => lane === id);
    const open = mine.every(({ job }) => job.open);
    const lane: Lane = { id, inFlight: mine.length, open, ready: true, admits: () => true };
    const job = this.#source?.next(lane);
    if (job?.kind !== "calls") return false;
    const results: (Uint8Array | undefined)[] = [];
    const source = {
      earlier: (place: number) => results[place],
      fetch: () => Promise.reject(new Error("the script keeps nothing on disk")),
      broadcast: () => undefined,
    };
    this.out.push({ lane: id, job, reader: new CallReader(job.packed, source), results, at: 0 });
    return true;
  }

  /** The next call of a job comes to its end, or is handed back where one that it needs gave nothing. */
  settle(which: number, give: (args: readonly unknown[]) => Given): void {
    const at = which % this.out.length;
    const out = this.out[at];
    const place = out.at++;
    const call = out.reader.read(place);
    if (call !== undefined && Array.isArray(call.args)) {
      const given = give(call.args);
      const outcome = outcomeOf(out.job.indices[place], given);
      if ("value" in given && !("bytes" in given)) out.results[place] = encodeValue(given.value);
      this.#source?.settled(out.job, [outcome], out.lane);
    }
    // It may be gone by now: the source may have been removed.
    if (this.out[at] === out && out.at === out.job.indices.length) this.end(at);
  }

  /** The job ends: what has no outcome is handed back. */
  end(which: number): void {
    const [out] = this.out.splice(which % this.out.length, 1);
    this.#source?.ended(out.job);
  }

  /** What has not begun of a job is handed back while it goes on. */
  recall(which: number): void {
    const out = this.out[which % this.out.length];
    this.#source?.returned?.(out.job, out.job.indices.slice(out.at + 1));
  }

  /** A lane dies with its jobs, at the call that was next; another takes its place. */
  die(which: number, timedOut = false): void {
    const at = which % this.#lanes.length;
    const id = this.#lanes[at];
    this.#lanes[at] = this.#ids++;
    const lost = this.out.filter(({ lane }) => lane === id);
    for (const out of lost) this.out.splice(this.out.indexOf(out), 1);
    const reason = "the script said so";
    this.#source?.notice({ type: "worker-died", worker: id, reason, tasks: [] });
    for (const [i, { job, at: next }] of lost.entries())
      this.#source?.lost(job, { reason, timedOut, running: i === 0 ? job.indices[next] : undefined });
  }
}

function outcomeOf(index: number, given: Given): Outcome {
  if ("error" in given) return { index, error: toErrorRecord(given.error) };
  const body = "bytes" in given ? given.bytes : encodeValue(given.value);
  return { index, body, recordsIn: 1, recordsOut: 1, ms: 0.01 };
}
