/** Data made once, from a fixed seed, and found again by later runs. */
import { existsSync } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";

const LINES_PER_WRITE = 20_000;

/** Makes the folder by `write`, which is given another beside it: a folder with the final name is always complete. */
export async function madeOnce(target: string, write: (folder: string) => Promise<void>): Promise<void> {
  if (existsSync(target)) return;
  const unfinished = `${target}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    await write(unfinished);
    await rename(unfinished, target);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Writes a new file, line by line, without holding all of them. */
export async function writeLines(path: string, lines: Iterable<string>): Promise<void> {
  const file = await open(path, "wx");
  let piece: string[] = [];
  const flush = async () => {
    if (piece.length > 0) await file.write(`${piece.join("\n")}\n`);
    piece = [];
  };
  try {
    for (const line of lines) {
      piece.push(line);
      if (piece.length === LINES_PER_WRITE) await flush();
    }
    await flush();
  } finally {
    await file.close();
  }
}

/** In all files together. */
export async function bytesOf(files: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const file of files) bytes += (await stat(file)).size;
  return bytes;
}
