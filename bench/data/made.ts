/** Data made once, from a fixed seed, and found again by later runs. */
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isAnswer } from "../child.ts";
import type { Answer } from "../job.ts";

/** Beside the data: the answer that is expected of each side, as JSON. */
export const EXPECTED = "expected.json";

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

/** The answer that was written beside the data. */
export async function expectedIn(target: string): Promise<Answer> {
  const expected: unknown = JSON.parse(await readFile(join(target, EXPECTED), "utf8"));
  if (isAnswer(expected)) return expected;
  throw new Error(`${target}/${EXPECTED} is damaged; delete ${target} to make the data again`);
}
