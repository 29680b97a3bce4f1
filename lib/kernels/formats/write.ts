import type { WriteTarget } from "../../collections/dataframe/write.ts";
import { InternalError } from "../../errors.ts";
import type { Work } from "../../plan/plan.ts";
import type { Store } from "../../store/store.ts";
import { decodeFrame, type Frame } from "../frame/encode.ts";
import type { Kernel } from "../kernel.ts";
import { loadKernel } from "../registry.ts";

/** What a "frame.write" task does: computes its rows as `rows` says, and writes them as one file. */
export interface WriteParams {
  readonly rows: Work;
  readonly file: WriteFile;
}

/** Where files go. `url` holds a "*" for the part's number, which has at least so many digits; or none, where there is one part. */
export interface WriteFile {
  readonly format: WriteTarget["format"];
  readonly encoding: WriteTarget["encoding"];
  readonly url: string;
  readonly digits: number;
}

/** One file that was written. */
export interface Written {
  readonly url: string;
  readonly rows: number;
  readonly bytes: number;
}

/** A part without rows is no file: the client writes one where there are none at all. */
export const writeRows: Kernel = async (json, input, context) => {
  const { rows, file } = json as unknown as WriteParams; // as run-write.ts wrote them
  // Rows that are written where they were made need no encoding in between.
  const kernel = rows.op === "frame.scan" ? (await import("../frame/scan.ts")).scanFrame : await loadKernel(rows.op);
  const output = await kernel(rows.params, input, context);
  // Under a wrong guess nothing may be written: what the task gives then is not asked for.
  if (output.span?.doubt !== undefined) return { ...output, value: [] };
  if (context.task === undefined) throw new InternalError("A task that writes does not know its number.");
  const frame = rows.op === "frame.scan" ? (output.value as Frame) : framed(output.value, rows); // what scanFrame gives
  if (frame.batch.rows === 0) return { ...output, value: [] };
  return { ...output, value: [await writeFrame(frame, file, context.task, context.store, context.signal)] };
};

function framed(value: unknown, { op }: Work): Frame {
  if (!(value instanceof Uint8Array)) throw new InternalError(`"${op}" gave no frame to write.`);
  return decodeFrame(value);
}

/** Writes a frame as one file, whole. */
export async function writeFrame(
  frame: Frame,
  file: WriteFile,
  part: number,
  store: Store,
  signal: AbortSignal,
): Promise<Written> {
  const url = partUrl(file, part);
  const bytes = await encodeAs(frame, file);
  await store.put(url, bytes, { signal });
  return { url, rows: frame.batch.rows, bytes: bytes.length };
}

export function partUrl({ url, digits }: WriteFile, part: number): string {
  return url.replace("*", String(part).padStart(digits, "0"));
}

/** Each format is loaded when it is first written. */
async function encodeAs(frame: Frame, { format, encoding }: WriteFile): Promise<Uint8Array> {
  switch (format) {
    case "csv":
      return (await import("./write-csv.ts")).encodeCsv(frame, encoding);
    case "parquet":
      return (await import("./write-parquet.ts")).encodeParquet(frame, encoding);
    case "json":
      return (await import("./write-json.ts")).encodeJson(frame, encoding);
    case "arrow":
      return (await import("./write-arrow.ts")).encodeArrow(frame);
  }
}
