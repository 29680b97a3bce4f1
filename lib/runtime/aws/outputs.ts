import { createHash } from "node:crypto";
import { InternalError, NotFoundError } from "../../errors.ts";
import type { Ref } from "../../plan/plan.ts";
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

/** Reads outputs by their refs, for one batch of tasks or one planner: which tasks of a stage were repaired it asks once. */
export class OutputReader {
  readonly #services: Bucket;
  readonly #done = new Map<string, Promise<StageDone | undefined>>();

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
      const reader = await store.open(url, options);
      try {
        return await readSectionBy((start, end) => reader.read(start, end, signal), reader.info.size, ref.section);
      } finally {
        await reader.close();
      }
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      throw new NotFoundError(`Output ${ref.task} of stage "${ref.stage}" of run ${ref.run} is not there any more.`, {
        fields: { ...ref, url },
        fix: "it was released, or is older than the bucket keeps runs; compute it again.",
        cause: error,
      });
    }
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
