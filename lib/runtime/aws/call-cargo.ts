import type { CallableRef } from "../../callables/reference.ts";
import { mentionsIn, resultRef } from "../calls/wire.ts";
import type { CallsJob, Outcome, WorkSource } from "../executor.ts";
import { weigh } from "../weight.ts";
import type { BundleUploads } from "./bundle-uploads.ts";
import {
  LARGE_BYTES,
  PAYLOAD_LIMIT,
  fromBody,
  toBody,
  type CallOutcome,
  type CallPayload,
  type CallRequest,
  type Cargo,
} from "./call-protocol.ts";
import type { Cloud } from "./cloud.ts";
import { callKey, objectUrl } from "./keys.ts";

interface Sent {
  readonly source: WorkSource;
  readonly job: CallsJob;
  readonly worker: number;
  readonly name: string;
}

/** Packs jobs for the function, and unpacks what comes back. Large values go by S3, each once: also one that came from there. */
export class CallCargo {
  readonly #cloud: Cloud;
  readonly #client: string;
  readonly #bundles: BundleUploads;
  readonly #common: Pick<CallRequest, "bundle">;
  /** Where large values lie, by the bytes themselves. */
  readonly #keys = new WeakMap<ArrayBufferLike, Promise<string>>();
  readonly #refs = new Map<CallableRef, Promise<CallableRef>>();
  #values = 0;

  constructor(options: {
    readonly cloud: Cloud;
    readonly client: string;
    readonly bundles: BundleUploads;
    readonly bundle?: string;
  }) {
    this.#cloud = options.cloud;
    this.#client = options.client;
    this.#bundles = options.bundles;
    this.#common = options.bundle === undefined ? {} : { bundle: options.bundle };
  }

  /** The calls of a job at some places, with all that they name. */
  async payloadOf(
    { job, source, worker, name }: Sent,
    places: readonly number[],
    functions: ReadonlyMap<number, CallableRef>,
  ): Promise<string> {
    const { packed, indices, timeoutMs } = job;
    const mentioned = mentionsIn(packed);
    const named: [number, CallableRef][] = [];
    for (const id of mentioned.functions) {
      const ref = functions.get(id);
      if (ref !== undefined) named.push([id, await this.#refOf(ref)]);
    }
    const fetched: [number, Cargo][] = [];
    for (const id of mentioned.fetched) fetched.push([id, await this.#cargoOf(await source.fetch(resultRef(id)))]);
    const request: CallRequest = {
      abanico: 1,
      ...this.#common,
      client: this.#client,
      job: name,
      worker,
      indices: [...indices],
      places,
      bytes: toBody(packed.bytes).body,
      starts: [...packed.starts],
      shared: await Promise.all(packed.shared.map((bytes) => this.#cargoOf(bytes))),
      functions: named,
      fetched,
      modules: this.#bundles.modules,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
    const text = JSON.stringify(request);
    if (text.length <= PAYLOAD_LIMIT) return text;
    const key = callKey(this.#client, `in/${name}-${places[0]}`);
    await this.#cloud.store.put(objectUrl(this.#cloud, key), new TextEncoder().encode(text));
    const payload: CallPayload = { request: key };
    return JSON.stringify(payload);
  }

  async outcomeOf(told: CallOutcome): Promise<Outcome> {
    const { index } = told;
    const printed = told.printed === undefined ? {} : { printed: told.printed };
    if ("error" in told) return { index, error: told.error, ...printed };
    const body = "body" in told.body ? fromBody(told.body) : await this.#download(told.body.key);
    return { index, body, recordsIn: 1, recordsOut: 1, ms: told.ms, ...printed };
  }

  async #download(key: string): Promise<Uint8Array> {
    const bytes = await this.#cloud.store.get(objectUrl(this.#cloud, key));
    // In shared memory, as results lie in the vault: the same bytes are then known there.
    const shared = weigh(new Uint8Array(new SharedArrayBuffer(bytes.byteLength)));
    shared.set(bytes);
    this.#keys.set(shared.buffer, Promise.resolve(key));
    return shared;
  }

  async #cargoOf(bytes: Uint8Array): Promise<Cargo> {
    if (bytes.byteLength < LARGE_BYTES) return toBody(bytes);
    const { buffer, byteLength } = bytes;
    // A window on a larger buffer is no value of its own.
    if (buffer.byteLength !== byteLength) return { key: await this.#upload(bytes) };
    let key = this.#keys.get(buffer);
    if (key === undefined) {
      key = this.#upload(bytes);
      this.#keys.set(buffer, key);
      key.catch(() => this.#keys.delete(buffer));
    }
    return { key: await key };
  }

  async #upload(bytes: Uint8Array): Promise<string> {
    const key = callKey(this.#client, `in/value-${this.#values++}`);
    await this.#cloud.store.put(objectUrl(this.#cloud, key), bytes);
    return key;
  }

  /** Functions are few: each is looked at once. */
  #refOf(ref: CallableRef): Promise<CallableRef> {
    if (ref.kind !== "module") return Promise.resolve(ref);
    let known = this.#refs.get(ref);
    if (known === undefined) {
      known = this.#bundles.ofFunction(ref);
      this.#refs.set(ref, known);
      known.catch(() => this.#refs.delete(ref));
    }
    return known;
  }
}
