/** Outputs on disk, as the threads that made them wrote them: one file each, which other threads read by themselves. */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { UnreadableError } from "../errors.ts";
import { readSectionSync, sectionIndex } from "./sections.ts";

export interface SpillFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

/** Small writes are put together up to this, in bytes. */
const WRITE_BYTES = 256 * 1024;

/** Writes an exchange's output, section by section as they are made: no more than one of them is held. See sections.ts. */
export function writeSections(folder: string, sections: Iterable<Uint8Array>): SpillFile {
  return written(folder, (write) => {
    const sizes: number[] = [];
    for (const section of sections) {
      write(section);
      sizes.push(section.byteLength);
    }
    write(sectionIndex(sizes));
  });
}

/** Writes an output as it is. */
export function writeWhole(folder: string, bytes: Uint8Array): SpillFile {
  return written(folder, (write) => write(bytes));
}

/** The bytes of the file, or one section of it: memory of the caller's own. */
export function readSpillFile({ path, size }: SpillFile, section?: number): Uint8Array {
  const file = openSync(path, "r");
  try {
    const read = (start: number, end: number) => {
      const bytes = new Uint8Array(Buffer.allocUnsafeSlow(end - start).buffer);
      for (let at = 0; at < bytes.length;) {
        const count = readSync(file, bytes, at, bytes.length - at, start + at);
        if (count === 0)
          throw new UnreadableError(`The spilled output ${path} is cut short (${start + at} of ${size} bytes).`);
        at += count;
      }
      return bytes;
    };
    return section === undefined ? read(0, size) : readSectionSync(read, size, section);
  } finally {
    closeSync(file);
  }
}

function written(folder: string, use: (write: (bytes: Uint8Array) => void) => void): SpillFile {
  const path = join(folder, crypto.randomUUID());
  let file: number | undefined;
  try {
    const opened = openSync(path, "wx");
    file = opened;
    const waiting = Buffer.allocUnsafeSlow(WRITE_BYTES);
    let [used, size] = [0, 0];
    const flush = () => {
      writeAll(opened, waiting.subarray(0, used));
      used = 0;
    };
    use((bytes) => {
      size += bytes.byteLength;
      if (used + bytes.byteLength > WRITE_BYTES) flush();
      if (bytes.byteLength > WRITE_BYTES) writeAll(opened, bytes);
      else {
        waiting.set(bytes, used);
        used += bytes.byteLength;
      }
    });
    flush();
    return { path, size };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new UnreadableError(`Outputs do not fit the memory for them, and cannot be written to ${folder}.`, {
      cause: error,
      fix: "make room there, set TMPDIR to another folder, or raise memoryLimit.",
    });
  } finally {
    // What was not written to its end goes with the folder.
    if (file !== undefined) closeSync(file);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.byteLength;) at += writeSync(file, bytes, at, bytes.byteLength - at);
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}
