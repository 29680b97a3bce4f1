import type { BigIntStats } from "node:fs";
import { link, lstat, mkdir, open, rename, unlink, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ConflictError, UnreadableError } from "../errors.ts";
import { throwIfAborted } from "./abort.ts";
import { errorCode, fileError } from "./file-errors.ts";
import type { PutOptions } from "./store.ts";
import { filePath } from "./urls.ts";

/**
 * Whole writes. The bytes go to a hidden file in the same folder, are forced to disk, and get their name last:
 *
 *     hidden ──write, fsync──▶ hidden ──rename──▶ path            replaces what was there, in one step
 *                                     ──link, unlink──▶ path      fails when something is there: one racer wins, across processes
 *
 * A crash leaves at most a hidden file, which listings do not show.
 */

const hiddenPrefix = ".abanico-write-";

export function isHiddenWrite(name: string): boolean {
  return name.startsWith(hiddenPrefix);
}

/** Writes all chunks as one file and answers its facts. Folders on the way are made. Errors of `chunks` pass through as they are. */
export async function writeWhole(
  url: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: PutOptions = {},
): Promise<BigIntStats> {
  const path = filePath(url);
  const wrap = <T>(call: Promise<T>): Promise<T> =>
    call.catch((error: unknown) => {
      throw fileError(error, url, "write");
    });
  // A look beforehand, to spare the writing; the link decides.
  if (options.ifAbsent === true && (await exists(path))) throw conflict(url);
  const hidden = join(dirname(path), hiddenPrefix + crypto.randomUUID());
  const handle = await wrap(openMakingFolders(hidden));
  let named = false;
  try {
    for await (const chunk of chunks) {
      throwIfAborted(options.signal);
      await wrap(writeAll(handle, chunk));
    }
    await wrap(handle.sync());
    const facts = await wrap(handle.stat({ bigint: true }));
    throwIfAborted(options.signal);
    if (options.ifAbsent === true) await linkAbsent(hidden, path, url);
    else {
      await wrap(rename(hidden, path));
      named = true;
    }
    return facts;
  } finally {
    await handle.close();
    if (!named) await unlink(hidden);
  }
}

async function openMakingFolders(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx");
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    await mkdir(dirname(path), { recursive: true });
    return await open(path, "wx");
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten;
}

async function linkAbsent(hidden: string, path: string, url: string): Promise<void> {
  try {
    await link(hidden, path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST") throw conflict(url, error);
    if (code === "EPERM" || code === "ENOTSUP" || code === "ENOSYS") {
      throw new UnreadableError(`the file system of ${path} has no hard links, which writing only once needs`, {
        fields: { url },
        fix: "write to a folder on a local disk",
        cause: error,
      });
    }
    throw fileError(error, url, "write");
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function conflict(url: string, cause?: unknown): ConflictError {
  return new ConflictError(`${filePath(url)} is there already`, { fields: { url }, cause });
}
