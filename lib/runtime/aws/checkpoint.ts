import { ConflictError, StoreFaultError, UnreadableError } from "../../errors.ts";
import type { GateState } from "../chain.ts";
import type { FoldState } from "./cloud-fold.ts";
import { checkpointPrefix, objectUrl, type StagePlace } from "./keys.ts";
import type { Bucket } from "./run-objects.ts";
import type { Failure } from "./stage-failures.ts";
import type { RepairState } from "./stage-repairs.ts";
import type { TallyState } from "./stage-tally.ts";
import type { WaitingState } from "./waiting-outputs.ts";

/**
 * What Collect knows of a stage, as an object: the length of the JSON (u32, little-endian), the JSON, then the parts one behind the other.
 *
 * Checkpoints of a stage are numbered, and each is written only where its number is not taken. Of two Collects that go on from the same one (the first was
 * believed dead) only one can write the next: the other has lost, and may not delete a message. The last two are kept; of those before only the names are,
 * so that their numbers stay taken.
 */
export interface Checkpoint {
  readonly version: typeof VERSION;
  /** Of this write alone. */
  readonly id: string;
  readonly round: number;
  /** When something new came last, in milliseconds since 1970. */
  readonly movedAt: number;
  readonly stage: SavedStage;
  /** Where the stage folds. */
  readonly fold?: FoldState;
  /** How often a part of a batch turned out broken, by its first task. */
  readonly broken: { readonly [first: string]: number };
  /** Of the parts, in bytes: first those of the fold, then those of the stage. */
  readonly sizes: readonly number[];
  readonly foldParts: number;
}

/** What stage-state.ts saves. */
export interface SavedStage {
  readonly count: number;
  readonly done: readonly (readonly [number, number])[];
  readonly gate?: GateState;
  readonly gated: readonly WaitingState[];
  readonly inOrder: readonly WaitingState[];
  readonly repairs: RepairState;
  readonly failures: readonly Failure[];
  readonly amount: number;
  readonly tally: TallyState;
}

const VERSION = 1;
const MOST_LOOKS = 5;

export interface Restored {
  readonly n: number;
  readonly checkpoint: Checkpoint;
  readonly parts: readonly Uint8Array[];
}

/** The newest one; undefined where there is none. */
export function newestCheckpoint(bucket: Bucket, place: StagePlace): Promise<Restored | undefined> {
  return newest(bucket, place, async (url, n) => {
    const found = await read(bucket, url);
    return found === undefined ? undefined : { n, ...found };
  });
}

/** What the newest one says, without its parts. */
export function newestHead(bucket: Bucket, place: StagePlace): Promise<Checkpoint | undefined> {
  return newest(bucket, place, (url) => readHead(bucket, url));
}

async function newest<T>(
  bucket: Bucket,
  place: StagePlace,
  readOne: (url: string, n: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const n = await newestNumber(bucket, place);
    if (n === 0) return undefined;
    const found = await readOne(urlOf(bucket, place, n), n);
    // Another Collect goes on, and has emptied it since.
    if (found !== undefined) return found;
  }
  const url = objectUrl(bucket, checkpointPrefix(place));
  throw new StoreFaultError(`The checkpoints ${url}… are replaced faster than they can be read.`, {
    fields: { url },
    retryable: true,
  });
}

/** The number of the newest; 0 where there is none. */
export async function newestNumber(bucket: Bucket, place: StagePlace): Promise<number> {
  const prefix = objectUrl(bucket, checkpointPrefix(place));
  let newest = 0;
  for await (const { url } of bucket.store.list(prefix)) newest = Math.max(newest, Number(url.slice(prefix.length)));
  return newest;
}

/** Writes number n. False where someone else has. */
export async function writeCheckpoint(
  bucket: Bucket,
  place: StagePlace,
  n: number,
  content: Omit<Checkpoint, "version" | "id" | "sizes">,
  parts: readonly Uint8Array[],
): Promise<boolean> {
  const id = crypto.randomUUID();
  const sizes = parts.map(({ byteLength }) => byteLength);
  const checkpoint: Checkpoint = { version: VERSION, id, ...content, sizes };
  const url = urlOf(bucket, place, n);
  try {
    await bucket.store.putStream(url, pieces(checkpoint, parts), { ifAbsent: true });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    // It may be our own, whose answer was lost.
    if ((await read(bucket, url))?.checkpoint.id !== id) return false;
  }
  if (n > 2) await bucket.store.put(urlOf(bucket, place, n - 2), new Uint8Array(0));
  return true;
}

async function* pieces(checkpoint: Checkpoint, parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  const json = new TextEncoder().encode(JSON.stringify(checkpoint));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, json.byteLength, true);
  yield length;
  yield json;
  yield* parts;
}

/** Undefined where only its name is left: newer ones have taken its place. */
async function read(bucket: Bucket, url: string): Promise<{ checkpoint: Checkpoint; parts: Uint8Array[] } | undefined> {
  const bytes = await bucket.store.get(url);
  const length = bytes.byteLength < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (length === 0) return undefined;
  const checkpoint = parsed(bytes.subarray(4, 4 + length), url);
  let at = 4 + length;
  // Copies: numbers in them start where numbers may, and none holds all of the others.
  const parts = checkpoint.sizes.map((size) => bytes.slice(at, (at += size)));
  return { checkpoint, parts };
}

async function readHead(bucket: Bucket, url: string): Promise<Checkpoint | undefined> {
  const reader = await bucket.store.open(url);
  try {
    const start = await reader.read(0, 4);
    if (start.byteLength < 4) return undefined;
    const length = new DataView(start.buffer, start.byteOffset).getUint32(0, true);
    return parsed(await reader.read(4, 4 + length), url);
  } finally {
    await reader.close();
  }
}

/** @throws UnreadableError where another version of this library wrote it */
function parsed(bytes: Uint8Array, url: string): Checkpoint {
  const checkpoint = JSON.parse(new TextDecoder().decode(bytes)) as Checkpoint; // of `pieces`
  if (checkpoint.version !== VERSION)
    throw new UnreadableError(`The checkpoint ${url} has version ${checkpoint.version}, this stack reads ${VERSION}.`, {
      fields: { url, expected: VERSION, found: checkpoint.version },
      fix: "deploy stacks while no run goes on, and start this one again.",
    });
  return checkpoint;
}

function urlOf(bucket: Bucket, place: StagePlace, n: number): string {
  return objectUrl(bucket, `${checkpointPrefix(place)}${n}`);
}
