import { culpritIn } from "../../callables/culprit.ts";
import { UnreadableError, toErrorRecord, type ErrorRecord, type JsonObject } from "../../errors.ts";
import { decodeValue, encodeValue } from "../../values.ts";

/**
 * Items as bytes, between tasks: chunks one behind the other, each a list of items (or of keys and items by turns) and of items that
 * failed. A writer lets go of its items a chunk at a time, and a reader has the objects of one chunk at a time.
 *
 *     u32 bytes of the list │ u32 bytes of the failed │ f64 items │ the list (values.ts) │ the failed (values.ts)
 */
const HEADER = 16;
/** Items in a chunk, about. */
export const CHUNK_ITEMS = 8_192;

/** An item whose function failed, as data. */
export interface FailedRecord {
  readonly item: unknown;
  readonly error: ErrorRecord;
  readonly step: string;
  readonly partition: string;
  readonly index: number;
  readonly fields: JsonObject;
}

export interface Chunk {
  readonly list: readonly unknown[];
  /** How many items the list stands for. */
  readonly items: number;
  readonly failed: readonly FailedRecord[];
}

/** Writes one body: what a task keeps, or one section of an exchange. */
export class ChunkWriter {
  readonly #parts: Uint8Array[] = [];
  #bytes = 0;

  /** `items`: how many items the list stands for. @throws UnreadableError for items that cannot travel. */
  add(list: readonly unknown[], items: number, failed: readonly FailedRecord[] = []): void {
    if (list.length === 0 && failed.length === 0) return;
    const body = encodeList(list);
    const failures = failed.length === 0 ? undefined : encodeFailed(failed);
    const header = new Uint8Array(HEADER);
    const view = new DataView(header.buffer);
    view.setUint32(0, body.length, true);
    view.setUint32(4, failures?.length ?? 0, true);
    view.setFloat64(8, items, true);
    this.#push(header);
    this.#push(body);
    if (failures !== undefined) this.#push(failures);
  }

  get bytes(): number {
    return this.#bytes;
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.#bytes);
    let at = 0;
    for (const part of this.#parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  #push(part: Uint8Array): void {
    this.#parts.push(part);
    this.#bytes += part.length;
  }
}

/** The chunks of a body, each decoded when it is asked for. */
export function* readChunks(bytes: Uint8Array): Generator<Chunk> {
  for (const { body, failed, items } of headers(bytes))
    yield {
      items,
      list: decodeValue(body) as readonly unknown[], // as the writer wrote it
      failed: failed.length === 0 ? [] : (decodeValue(failed) as readonly FailedRecord[]),
    };
}

/** How many items a body holds; nothing is decoded. */
export function countItems(bytes: Uint8Array): number {
  let count = 0;
  for (const { items } of headers(bytes)) count += items;
  return count;
}

function* headers(bytes: Uint8Array): Generator<{ body: Uint8Array; failed: Uint8Array; items: number }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    if (at + HEADER > bytes.length) throw cutShort();
    const body = at + HEADER;
    const failed = body + view.getUint32(at, true);
    const end = failed + view.getUint32(at + 4, true);
    if (end > bytes.length) throw cutShort();
    yield {
      body: bytes.subarray(body, failed),
      failed: bytes.subarray(failed, end),
      items: view.getFloat64(at + 8, true),
    };
    at = end;
  }
}

function cutShort(): UnreadableError {
  return new UnreadableError("Items of a bag are cut short: their bytes end within a chunk.", {
    fix: "run the same abanico version everywhere.",
  });
}

function encodeList(list: readonly unknown[]): Uint8Array {
  try {
    return encodeValue(list);
  } catch (error) {
    const at = list.findIndex((item) => !canTravel(item));
    const found = list[at];
    const culprit = culpritIn(found);
    const reason = error instanceof Error ? error.message : String(error);
    throw new UnreadableError(
      `An item of a bag cannot travel between workers: ${culprit?.where ?? reason.replace(/\.$/, "")}.`,
      {
        fields: { type: typeof found, where: culprit?.where ?? null },
        cause: error,
        fix: `map items to plain data first: ${culprit?.fix ?? "structured clone has to be able to copy them."}`,
      },
    );
  }
}

function canTravel(item: unknown): boolean {
  try {
    encodeValue(item);
    return true;
  } catch {
    return false; // that is what is asked
  }
}

/** Failed items that cannot travel themselves are told of by their text. */
function encodeFailed(failed: readonly FailedRecord[]): Uint8Array {
  return encodeValue(
    failed.map((record) => (canTravel(record.item) ? record : { ...record, item: String(record.item) })),
  );
}

export function failedRecord(
  item: unknown,
  error: unknown,
  place: { readonly step: string; readonly partition: string; readonly index: number; readonly fields?: JsonObject },
): FailedRecord {
  const { step, partition, index, fields = {} } = place;
  return { item, error: toErrorRecord(error), step, partition, index, fields };
}
