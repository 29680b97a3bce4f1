import * as zlib from "node:zlib";
import type * as Arrow from "apache-arrow";
import { AbanicoError, FormatError } from "../../errors.ts";
import type { Schema } from "../../collections/schema.ts";
import type { Source } from "../../plan/plan.ts";
import { readExactly } from "../../store/read-exactly.ts";
import { castColumn } from "../frame/cast.ts";
import type { Batch, Column } from "../frame/column.ts";
import { inSlices } from "../frame/slice.ts";
import type { TaskContext } from "../kernel.ts";
import { arrowColumn } from "./arrow-columns.ts";
import { ByteDictionary } from "../frame/byte-dictionary.ts";
import { decodeLz4Frame } from "./lz4-frame.ts";
import { fileItem, type ReadBatches } from "./sources.ts";

/** Arrow IPC files and streams, one a task. */
export interface ArrowFormat {
  readonly format: "arrow";
}

export const arrowBatches: ReadBatches<ArrowFormat> = async (_, columns, input, context, use) => {
  const { source } = fileItem<{ readonly source: Source }>(input, "Arrow");
  return use({ batches: batches(source, columns, context) });
};

async function* batches(
  { url, size, etag }: Source,
  columns: Schema,
  { store, signal }: TaskContext,
): AsyncGenerator<Batch> {
  const reader = await store.open(url, { etag, signal });
  try {
    const bytes = await readExactly(reader, 0, size, signal);
    const texts = new Map(columns.map(({ name }) => [name, new ByteDictionary()]));
    for (const batch of await recordBatches(bytes, url)) {
      const found = columns.map(({ name, type }): [string, Column] => {
        const vector = batch.getChild(name);
        if (vector === null)
          throw new FormatError(`${url} has no column "${name}".`, { fields: { url, format: "arrow", column: name } });
        return [name, castColumn(arrowColumn(vector, name, texts.get(name) ?? new ByteDictionary()), type)];
      });
      yield* inSlices({ rows: batch.numRows, columns: new Map(found) });
    }
    await reader.verify?.();
  } catch (error) {
    throw error instanceof AbanicoError ? error : notArrow(url, error);
  } finally {
    await reader.close();
  }
}

const MAGIC = "ARROW1";

/** Whether these are the first bytes of a file; otherwise of a stream, if of anything. */
export function isArrowFile(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 6)).toString("latin1") === MAGIC;
}

/** What a file's last bytes tell: how long its footer is, without the length itself and the magic number behind it. @throws RangeError */
export function footerBytes(tail: Uint8Array): number {
  if (tail.length < 10 || Buffer.from(tail.subarray(-6)).toString("latin1") !== MAGIC)
    throw new RangeError(`the file does not end in "${MAGIC}": it was cut off`);
  return new DataView(tail.buffer, tail.byteOffset, tail.byteLength).getInt32(tail.length - 10, true);
}

/** All record batches; a file that was cut off is an error. */
async function recordBatches(bytes: Uint8Array, url: string) {
  const { RecordBatchReader } = await loadReader();
  try {
    if (isArrowFile(bytes)) footerBytes(bytes);
    const reader = RecordBatchReader.from(bytes).open();
    if (!reader.schema) throw new RangeError("it does not begin with a schema");
    return [...reader];
  } catch (error) {
    throw notArrow(url, error);
  }
}

/** Arrow's library with what undoes its compressions. */
export async function loadReader(): Promise<typeof Arrow> {
  const arrow = await import("apache-arrow");
  const { compressionRegistry, CompressionType } = arrow;
  if (compressionRegistry.get(CompressionType.LZ4_FRAME) === null)
    compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: decodeLz4Frame });
  if (compressionRegistry.get(CompressionType.ZSTD) === null) {
    if (typeof zlib.zstdDecompressSync === "function")
      compressionRegistry.set(CompressionType.ZSTD, {
        decode: (data) => new Uint8Array(zlib.zstdDecompressSync(data)),
      });
  }
  return arrow;
}

export function notArrow(url: string, cause: unknown): FormatError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new FormatError(`${url} cannot be read as Arrow: ${why}.`, {
    fields: { url, format: "arrow" },
    cause,
    fix: "leave the file out if it is of another format; if it was cut off or damaged, fetch or write it again.",
  });
}
