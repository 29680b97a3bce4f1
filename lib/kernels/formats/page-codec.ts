import { brotliDecompressSync, gunzipSync } from "node:zlib";
import * as zlib from "node:zlib";
import { FormatError } from "../../errors.ts";

/** Bytes of a page as they were before compression; `size` is what the page's header says they take. */
export type PageCodec = (bytes: Uint8Array, size: number) => Uint8Array;

/** What undoes a codec of Parquet. Node's own code where it has it; the rest is loaded when first asked for. */
export async function pageCodec(codec: string, url: string): Promise<PageCodec> {
  const decompress = await decompressor(codec, url);
  return (bytes, size) => {
    const out = decompress(bytes, size);
    if (out.length !== size) throw new RangeError(`A page has ${out.length} bytes, its header says ${size}.`);
    // No Buffer, whose slice() is a view.
    return new Uint8Array(out.buffer, out.byteOffset, out.length);
  };
}

async function decompressor(codec: string, url: string): Promise<PageCodec> {
  switch (codec) {
    case "UNCOMPRESSED":
      return (bytes) => bytes;
    case "GZIP":
      return (bytes, size) => (size === 0 ? bytes.subarray(0, 0) : gunzipSync(bytes, { maxOutputLength: size }));
    case "BROTLI":
      return (bytes, size) =>
        size === 0 ? bytes.subarray(0, 0) : brotliDecompressSync(bytes, { maxOutputLength: size });
    case "ZSTD":
      if (typeof zlib.zstdDecompressSync === "function")
        return (bytes, size) =>
          size === 0 ? bytes.subarray(0, 0) : zlib.zstdDecompressSync(bytes, { maxOutputLength: size });
  }
  const { compressors } = await import("hyparquet-compressors");
  const found = compressors[codec as keyof typeof compressors]; // looked up in the next line
  if (found !== undefined) return (bytes, size) => (size === 0 ? bytes.subarray(0, 0) : found(bytes, size));
  throw new FormatError(`${url} is compressed with ${codec}, which is not known here.`, {
    fields: { url, format: "parquet", codec },
    fix: "write the file with snappy, zstd, gzip, brotli, lz4 or without compression.",
  });
}
