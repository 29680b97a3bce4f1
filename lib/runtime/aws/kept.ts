import { NotFoundError } from "../../errors.ts";
import type { Ref } from "../../plan/plan.ts";
import { notHeld } from "../vault.ts";
import { doneKey, objectUrl, outputKey, partName, partOfName, runPrefix } from "./keys.ts";
import { OutputReader } from "./outputs.ts";
import type { StageDone } from "./protocol.ts";
import { putJson, type Bucket } from "./run-objects.ts";

/** Objects deleted at a time. */
const DELETES = 32;

/** What runs of a client have kept in a stack's bucket. */
export class KeptOutputs {
  readonly #bucket: Bucket;
  #reader: OutputReader;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
    this.#reader = new OutputReader(bucket);
  }

  /** @throws NotFoundError where no output lies (any more) */
  async fetch(ref: Ref): Promise<Uint8Array> {
    if (partOfName(ref.run) === undefined) throw notHeld(ref);
    try {
      return await this.#reader.fetch(ref);
    } catch (error) {
      // It remembers what it was told of a stage, failures as well.
      this.#reader = new OutputReader(this.#bucket);
      throw error instanceof NotFoundError ? notHeld(ref) : error;
    }
  }

  /** Keeps bytes as the one output of a run of their own. */
  async keep(bytes: Uint8Array): Promise<Ref> {
    const place = { run: `kept-${crypto.randomUUID().slice(0, 13)}`, part: 0, stage: "keep" };
    const done: StageDone = {
      tasks: 1,
      attempts: 1,
      recordsIn: 0,
      recordsOut: 1,
      bytesOut: bytes.byteLength,
      busyMs: 0,
      wallMs: 0,
      repaired: {},
      folded: false,
    };
    await this.#bucket.store.put(objectUrl(this.#bucket, outputKey(place, 0)), bytes);
    await putJson(this.#bucket, doneKey(place), done);
    return { run: partName(place.run, place.part), stage: place.stage, task: 0 };
  }

  /** Deletes what a part of a run has made, by the name that refs have for it; of the run itself its request and its outcome stay. */
  async release(name: string): Promise<void> {
    const part = partOfName(name);
    if (part !== undefined) await this.removeAll(`${runPrefix(part.run)}${part.part}/`);
  }

  async removeAll(prefix: string): Promise<void> {
    const going = new Set<Promise<void>>();
    for await (const { url } of this.#bucket.store.list(objectUrl(this.#bucket, prefix))) {
      const one = this.#bucket.store.delete(url).finally(() => going.delete(one));
      // Of several that fail one is told; the others are not unhandled.
      one.catch(() => undefined);
      going.add(one);
      if (going.size >= DELETES) await Promise.race(going);
    }
    await Promise.all(going);
  }
}
