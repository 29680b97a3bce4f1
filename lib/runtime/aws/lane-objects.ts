import { UnreadableError } from "../../errors.ts";
import type { Crossing } from "../chain.ts";
import { exitKey, lanesKey, objectUrl, progressKey, queuesKey, type StagePlace } from "./keys.ts";
import type { Lanes, StageProgress } from "./protocol.ts";
import { bytesAt, putJson, type Bucket } from "./run-objects.ts";

/** What a stage in several lanes leaves for them, and for who looks on. */

async function read(services: Bucket, key: string): Promise<unknown> {
  const bytes = await bytesAt(services, key);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new UnreadableError(`${objectUrl(services, key)} is not JSON.`, { fields: { key }, cause });
  }
}

/** How far a stage is, or a lane of it; undefined where that was not told. */
export async function progressOf(services: Bucket, place: StagePlace): Promise<StageProgress | undefined> {
  return (await read(services, progressKey(place))) as StageProgress | undefined; // Collect's
}

/** What a lane has proven where it ends. */
export async function exitOf(services: Bucket, place: StagePlace): Promise<Crossing | undefined> {
  return (await read(services, exitKey(place))) as Crossing | undefined; // Collect's
}

/** How a stage is cut into lanes, where that was written down. */
export async function writtenLanes(services: Bucket, place: StagePlace): Promise<Lanes | undefined> {
  return (await read(services, lanesKey(place))) as Lanes | undefined; // of `beginRound`
}

/** How many queues a run has: as many as the stage with the most lanes. */
export async function queuesOf(services: Bucket, run: string): Promise<number> {
  const found = await read(services, queuesKey(run));
  return typeof found === "number" ? found : 1;
}

/** A run has so many queues from now on, at least. To be called before they are made. */
export async function noteQueues(services: Bucket, run: string, count: number): Promise<void> {
  if ((await queuesOf(services, run)) < count) await putJson(services, queuesKey(run), count);
}
