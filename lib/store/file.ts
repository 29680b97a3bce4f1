import { close, constants, fstat, open, read, readSync, stat, unlink, type BigIntStats } from "node:fs";
import { promisify } from "node:util";
import { SourceChangedError } from "../errors.ts";
import { throwIfAborted } from "./abort.ts";
import { errorCode, fileError, notAFile } from "./file-errors.ts";
import { readExactly } from "./read-exactly.ts";
import type { ObjectInfo, Reader, ReadOptions, Store } from "./store.ts";
import { filePath, fromAddress, toAddress } from "./urls.ts";

// Reading is what threads start with, so it asks for little: node:fs/promises alone, with what it pulls in, takes longer to load than all of
// this folder. Writing and listing load their code when first used.
const files = {
  open: promisify(open),
  stat: promisify(stat),
  fstat: promisify(fstat),
  read: promisify(read),
  close: promisify(close),
  unlink: promisify(unlink),
};

/** Files on this machine, as `file:///absolute/path`. Has no state: any number of them on any thread see the same files. */
export function fileStore(): Store {
  return {
    async head(url, options) {
      throwIfAborted(options?.signal);
      const facts = await onFile(url, "read", () => files.stat(filePath(url), { bigint: true }));
      return toInfo(url, facts);
    },
    open: openFile,
    async get(url, options) {
      const reader = await openFile(url, options);
      try {
        return await readExactly(reader, 0, reader.info.size, options?.signal);
      } finally {
        await reader.close();
      }
    },
    async put(url, bytes, options) {
      const { writeWhole } = await import("./file-write.ts");
      return toInfo(url, await writeWhole(url, [bytes], options));
    },
    async putStream(url, chunks, options) {
      const { writeWhole } = await import("./file-write.ts");
      return toInfo(url, await writeWhole(url, chunks, options));
    },
    async *list(prefix, options = {}) {
      const { listFiles } = await import("./file-list.ts");
      for await (const { url, facts } of listFiles(prefix, options)) yield toInfo(url, facts);
    },
    async delete(url) {
      try {
        await files.unlink(filePath(url));
      } catch (error) {
        if (!["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) throw fileError(error, url, "delete");
      }
    },
  };
}

async function openFile(url: string, options: ReadOptions = {}): Promise<Reader> {
  throwIfAborted(options.signal);
  // Not blocking, since opening a named pipe would wait for its writer.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const fd = await onFile(url, "read", () => files.open(filePath(url), flags));
  try {
    const info = toInfo(url, await onFile(url, "read", () => files.fstat(fd, { bigint: true })));
    if (options.etag !== undefined && options.etag !== info.etag) throw changed(info, options.etag);
    return new FileReader(fd, info);
  } catch (error) {
    await files.close(fd);
    throw error;
  }
}

/** Reads through one descriptor: a file that is replaced meanwhile (by a rename) is still read in its old version; `verify` tells of one that is written to. */
class FileReader implements Reader {
  readonly info: ObjectInfo;
  readonly readSync: (target: Uint8Array, position: number) => number;
  readonly #fd: number;
  #open = true;

  constructor(fd: number, info: ObjectInfo) {
    this.#fd = fd;
    this.info = info;
    this.readSync = (target, position) => {
      try {
        return readSync(fd, target, 0, target.length, position);
      } catch (error) {
        throw fileError(error, info.url, "read");
      }
    };
  }

  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    // Also bounded by the size, so that a range far past the end takes no memory.
    const length = Math.min(end, this.info.size) - start;
    if (length <= 0) return new Uint8Array(0);
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      throwIfAborted(signal);
      const position = start + filled;
      const { bytesRead } = await onFile(this.info.url, "read", () =>
        files.read(this.#fd, bytes, filled, length - filled, position),
      );
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  }

  async verify(): Promise<void> {
    const facts = await onFile(this.info.url, "read", () => files.fstat(this.#fd, { bigint: true }));
    const info = toInfo(this.info.url, facts);
    if (info.etag !== this.info.etag) throw changed(info, this.info.etag);
  }

  async close(): Promise<void> {
    // Once: the number may be another file's by now.
    if (!this.#open) return;
    this.#open = false;
    await files.close(this.#fd);
  }
}

/** The facts of a regular file. The etag is made of size, time of change (ns) and inode. */
function toInfo(url: string, facts: BigIntStats): ObjectInfo {
  if (facts.isDirectory()) throw notAFile(url, "a folder");
  if (!facts.isFile()) throw notAFile(url, "no regular file");
  const etag = [facts.size, facts.mtimeNs, facts.ino].map((fact) => fact.toString(36)).join("-");
  return { url: fromAddress(toAddress(url)), size: Number(facts.size), etag };
}

function changed(info: ObjectInfo, expected: string): SourceChangedError {
  return new SourceChangedError(`${filePath(info.url)} was changed since the plan was made`, {
    fields: { url: info.url, expected, found: info.etag },
    fix: "run again when nothing writes to the file, or on a copy of it",
  });
}

async function onFile<T>(url: string, doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw fileError(error, url, doing);
  }
}
