import { createHash } from "node:crypto";
import { InternalError, NotFoundError } from "../../errors.ts";
import type { Ref } from "../../plan/plan.ts";
import type { Reader, Store } from "../../store/store.ts";
import { readSectionBy } from "../sections.ts";
import { objectUrl, outputKey, partOfName } from "./keys.ts";
import type { StageDone, StageRef } from "./protocol.ts";
import { bytesAt, doneOf, putOnce, type Bucket } from "./run-objects.ts";

/** SHA-256, in hex: how messages name bytes. */
export function checksumOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Bytes under a key: the size and checksum of what lies there. */
export interface Committed {
  readonly size: number;
  readonly checksum: string;
}

/**
 * Writes an output, unless an earlier attempt has: then that one counts, and what lies there is told. So whoever reads the key, at whatever time, reads the
 * same bytes.
 */
export async function commit(services: Bucket, key: string, bytes: Uint8Array): Promise<Committed> {
  if (await putOnce(services, key, bytes)) return { size: bytes.byteLength, checksum: checksumOf(bytes) };
  const there = await bytesAt(services, key);
  if (there === undefined)
    throw new NotFoundError(`${objectUrl(services, key)} was deleted while its run goes on.`, {
      fields: { key },
      fix: "leave the objects below runs/ to the stack.",
    });
  return { size: there.byteLength, checksum: checksumOf(there) };
}

interface Opened {
  readonly size: number;
  readonly tail: Uint8Array;
  readonly reader: Reader;
}

/** The index of two thousand sections, or all of a small output, in bytes. */
const TAIL_BYTES = 16 * 1024;
const MOST_OPEN = 2_000;

/** Readers of objects hold nothing open: see s3.ts. */
async function open(store: Store, url: string, signal: AbortSignal | undefined): Promise<Opened> {
  const reader = await store.open(url, signal === undefined ? {} : { signal });
  const { size } = reader.info;
  return { size, tail: await reader.read(Math.max(0, size - TAIL_BYTES), size, signal), reader };
}

/** Reads outputs by their refs, for one batch of tasks or one planner: which tasks of a stage were repaired it asks once. */
export class OutputReader {
  readonly #services: Bucket;
  readonly #done = new Map<string, Promise<StageDone | undefined>>();

  readonly #sections = new Map<string, Promise<Opened>>();

  constructor(services: Bucket) {
    this.#services = services;
  }

  /** @throws NotFoundError where the run's objects are deleted. */
  async fetch(ref: Ref, signal?: AbortSignal): Promise<Uint8Array> {
    const { store } = this.#services;
    const options = signal === undefined ? {} : { signal };
    const url = objectUrl(this.#services, await this.#keyOf(ref));
    try {
      if (ref.section === undefined) return await store.get(url, options);
      const { size, tail, reader } = await this.#opened(url, signal);
      const from = size - tail.byteLength;
      const read = async (start: number, end: number) =>
        start >= from ? tail.subarray(start - from, end - from) : reader.read(start, end, signal);
      return await readSectionBy(read, size, ref.section);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      throw new NotFoundError(`Output ${ref.task} of stage "${ref.stage}" of run ${ref.run} is not there any more.`, {
        fields: { ...ref, url },
        fix: "it was released, or is older than the bucket keeps runs: compute or persist it again.",
        cause: error,
      });
    }
  }

  /** An output with sections, and its end, where it says where they are: most tasks of a batch read the same outputs. */
  #opened(url: string, signal: AbortSignal | undefined): Promise<Opened> {
    const known = this.#sections.get(url);
    if (known !== undefined) return known;
    const opening = open(this.#services.store, url, signal);
    if (this.#sections.size < MOST_OPEN) this.#sections.set(url, opening);
    opening.catch(() => this.#sections.delete(url));
    return opening;
  }

  async #keyOf({ run: name, stage, task }: Ref): Promise<string> {
    const place = partOfName(name);
    if (place === undefined)
      throw new InternalError(`The ref to output ${task} of stage "${stage}" names no part of a run: ${name}.`);
    const from = (await this.#doneOf({ ...place, stage }))?.repaired[task];
    return outputKey({ ...place, stage }, task, from);
  }

  /** Undefined for what was kept without a stage: nothing of it is ever repaired. */
  #doneOf(place: Pick<StageRef, "run" | "part" | "stage">): Promise<StageDone | undefined> {
    const name = `${place.run}.${place.part}/${place.stage}`;
    const found = this.#done.get(name) ?? doneOf(this.#services, place);
    this.#done.set(name, found);
    return found;
  }
}
