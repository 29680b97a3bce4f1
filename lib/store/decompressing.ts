import { once } from "node:events";
import { createGunzip } from "node:zlib";
import * as zlib from "node:zlib";
import { AbanicoError, FormatError } from "../errors.ts";
import type { ObjectInfo, Reader, Store } from "./store.ts";
import { withReadAhead } from "./with-read-ahead.ts";

type Codec = "gzip" | "zstd";

/** What a file is compressed with, by its name. */
export function codecOf(url: string): Codec | undefined {
  if (/\.gz$/i.test(url)) return "gzip";
  return /\.zst(d)?$/i.test(url) ? "zstd" : undefined;
}

/** Bytes read and decompressed at a time. */
const PIECE_BYTES = 256 * 1024;
/** The size of what is not at its end yet. */
export const UNKNOWN_SIZE = Number.MAX_SAFE_INTEGER;

/**
 * The store, where `.gz` and `.zst` files open as what they hold. They are read from front to back, a piece at a time, whatever their size; `info.size` is
 * UNKNOWN_SIZE until the end has been read. Reading an earlier place begins anew.
 */
export function withDecompression(store: Store): Store {
  return {
    head: (...args) => store.head(...args),
    get: (...args) => store.get(...args),
    put: (...args) => store.put(...args),
    putStream: (...args) => store.putStream(...args),
    list: (...args) => store.list(...args),
    delete: (...args) => store.delete(...args),
    async open(url, options) {
      const reader = await store.open(url, options);
      const codec = codecOf(url);
      return codec === undefined ? reader : new DecompressingReader(reader, codec, options?.signal);
    },
  };
}

class DecompressingReader implements Reader {
  readonly info: { url: string; size: number; etag: string };
  readonly #reader: Reader;
  readonly #codec: Codec;
  readonly #signal: AbortSignal | undefined;
  #pieces: AsyncGenerator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #position = 0;
  /** One read at a time, in the order they came. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(reader: Reader, codec: Codec, signal: AbortSignal | undefined) {
    const { url, etag } = reader.info;
    this.info = { url, etag, size: UNKNOWN_SIZE };
    this.#reader = reader;
    this.#codec = codec;
    this.#signal = signal;
    this.#pieces = decompress(reader, codec, signal);
  }

  read(start: number, end: number): Promise<Uint8Array> {
    const reading = this.#last.then(() => this.#read(start, end));
    this.#last = reading.catch(() => undefined);
    return reading;
  }

  async #read(start: number, end: number): Promise<Uint8Array> {
    if (start < this.#position) await this.#restart();
    const out: Uint8Array[] = [];
    let length = 0;
    while (length < end - start) {
      if (this.#rest.length === 0 && !(await this.#next())) break;
      const skip = Math.min(this.#rest.length, Math.max(0, start - this.#position));
      const taken = this.#rest.subarray(skip, skip + end - start - length);
      this.#position += skip + taken.length;
      this.#rest = this.#rest.subarray(skip + taken.length);
      if (taken.length > 0) out.push(taken);
      length += taken.length;
    }
    return out.length === 1 ? out[0] : new Uint8Array(Buffer.concat(out));
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#pieces.next();
    if (done === true) {
      this.info.size = this.#position;
      return false;
    }
    this.#rest = value;
    return true;
  }

  async #restart(): Promise<void> {
    await this.#pieces.return(undefined);
    this.#pieces = decompress(this.#reader, this.#codec, this.#signal);
    this.#rest = new Uint8Array(0);
    this.#position = 0;
  }

  verify(): Promise<void> {
    return this.#reader.verify?.() ?? Promise.resolve();
  }

  async close(): Promise<void> {
    await this.#pieces.return(undefined);
    await this.#reader.close();
  }
}

/** What a compressed file holds, piece by piece: the next is made when it is asked for. */
async function* decompress(source: Reader, codec: Codec, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const { url, size } = source.info;
  const reader = withReadAhead(source, size);
  const stream = decompressor(codec, url);
  let failure: unknown;
  let at = 0;
  const feed = async () => {
    for (; at < size && !stream.destroyed;) {
      signal?.throwIfAborted();
      const bytes = await reader.read(at, Math.min(size, at + PIECE_BYTES), signal);
      if (bytes.length === 0) break;
      at += bytes.length;
      if (!stream.write(bytes)) await Promise.race([once(stream, "drain"), once(stream, "close")]);
    }
    stream.end();
  };
  const feeding = feed().catch((error: unknown) => {
    failure = error;
    stream.destroy(error instanceof Error ? error : undefined);
  });
  try {
    for await (const piece of stream) {
      // Streams of bytes give Buffers.
      const bytes = piece as Buffer;
      yield new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    await feeding;
  } catch (error) {
    throw failure ?? (error instanceof AbanicoError ? error : damaged(source.info, codec, at, error));
  } finally {
    stream.destroy();
  }
}

function decompressor(codec: Codec, url: string): ReturnType<typeof createGunzip> {
  if (codec === "gzip") return createGunzip({ chunkSize: PIECE_BYTES });
  if (typeof zlib.createZstdDecompress === "function")
    return zlib.createZstdDecompress({ chunkSize: PIECE_BYTES }) as unknown as ReturnType<typeof createGunzip>; // both are transforms of zlib
  throw new FormatError(`${url} is compressed with zstd, which needs Node 22.15 or newer.`, {
    fields: { url, format: "zstd" },
    fix: "update Node, or compress the file with gzip.",
  });
}

function damaged({ url }: ObjectInfo, codec: Codec, offset: number, cause: unknown): FormatError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new FormatError(`${url} cannot be decompressed as ${codec} (by byte ${offset}): ${why}.`, {
    fields: { url, format: codec, offset },
    cause,
    fix: "fetch or write the file again: it was cut off, is damaged, or is no such file.",
  });
}
