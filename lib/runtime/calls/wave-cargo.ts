import type { CallableRef } from "../../callables/reference.ts";
import { encodeJob, type CallLimits } from "../../kernels/call/wave-job.ts";
import type { Estimate, Ref } from "../../plan/plan.ts";
import type { CallsJob, WorkSource } from "../executor.ts";
import { mentionsIn, resultRef } from "./wire.ts";

/** Values that several jobs may need travel by themselves from this size on, in bytes. */
const LARGE_BYTES = 64 * 1024;
/** What a worker holds of results that it has made: see run-calls.ts. In bytes. */
const RESULT_BYTES = 64 * 2 ** 20;

interface Placed {
  readonly ref: Ref;
  readonly size: number;
}

/** Packs the jobs of a wave: with each goes all that its calls name. Large values are put away once, whoever needs them. */
export class WaveCargo {
  readonly #keep: (bytes: Uint8Array) => Promise<Ref>;
  readonly #functions: ReadonlyMap<number, CallableRef>;
  /** Results that lie elsewhere, by the numbers of their calls. */
  readonly #results = new Map<number, Placed>();
  readonly #values = new WeakMap<ArrayBufferLike, Ref>();

  constructor(keep: (bytes: Uint8Array) => Promise<Ref>, functions: ReadonlyMap<number, CallableRef>) {
    this.#keep = keep;
    this.#functions = functions;
  }

  /** Says where the result of a call lies. */
  place(index: number, placed: Placed): void {
    this.#results.set(index, placed);
  }

  /** The bytes of each job, and what running one takes. One after the other: what is kept is named in its order. */
  async pack(
    jobs: readonly CallsJob[],
    source: WorkSource,
  ): Promise<{ readonly jobs: Uint8Array[]; readonly estimate: Estimate }> {
    const encoded: Uint8Array[] = [];
    let bytesIn = 0;
    let largest = 0;
    for (const job of jobs) {
      const { bytes, beside } = await this.#pack(job, source);
      encoded.push(bytes);
      bytesIn += bytes.byteLength + beside;
      largest = Math.max(largest, 2 * (bytes.byteLength + beside));
    }
    return { jobs: encoded, estimate: { bytesIn, peakBytes: { arguments: largest, results: RESULT_BYTES } } };
  }

  async #pack(job: CallsJob, source: WorkSource): Promise<{ readonly bytes: Uint8Array; readonly beside: number }> {
    const { packed, indices } = job;
    const mentioned = mentionsIn(packed);
    const functions: [number, CallableRef][] = [];
    for (const id of mentioned.functions) {
      const ref = this.#functions.get(id);
      if (ref !== undefined) functions.push([id, ref]);
    }
    const fetched: [number, Ref][] = [];
    let most = 0;
    for (const id of mentioned.fetched) {
      const { ref, size } = this.#results.get(id) ?? (await this.#put(id, source));
      fetched.push([id, ref]);
      most = Math.max(most, size);
    }
    let beside = most;
    const shared: (Uint8Array | Ref)[] = [];
    for (const bytes of packed.shared) {
      const isLarge = bytes.byteLength >= LARGE_BYTES;
      if (isLarge) beside += bytes.byteLength;
      shared.push(isLarge ? await this.#refOf(bytes) : bytes);
    }
    const { bytes, starts } = packed;
    const limits = limitsOf(job);
    const all = { bytes, starts: [...starts], indices: [...indices], functions, fetched, shared, limits };
    return { bytes: encodeJob(all), beside };
  }

  /** A value that this process holds on its disk. */
  async #put(id: number, source: WorkSource): Promise<Placed> {
    const bytes = await source.fetch(resultRef(id));
    const placed = { ref: await this.#keep(bytes), size: bytes.byteLength };
    this.#results.set(id, placed);
    return placed;
  }

  /** A window on a larger buffer is no value of its own. */
  async #refOf(bytes: Uint8Array): Promise<Ref> {
    if (bytes.buffer.byteLength !== bytes.byteLength) return this.#keep(bytes);
    const known = this.#values.get(bytes.buffer) ?? (await this.#keep(bytes));
    this.#values.set(bytes.buffer, known);
    return known;
  }
}

function limitsOf(job: CallsJob): { [place: string]: CallLimits } {
  const limits: { [place: string]: CallLimits } = {};
  for (let place = 0; place < job.indices.length; place++) {
    const { retries, timeoutMs } = job.limitsOf(place);
    if (retries === 0 && timeoutMs === undefined) continue;
    limits[place] = { ...(retries === 0 ? {} : { retries }), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  }
  return limits;
}
