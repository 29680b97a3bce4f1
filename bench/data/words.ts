/** Four files of lines of words, made once from a seed, and found again by later runs. Words are as frequent as in natural text (Zipf). */
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeRandom, type Random } from "../../lib/cli/random.ts";
import { isAnswer } from "../child.ts";
import type { DataSet } from "../job.ts";

const FILES = 4;
const WORDS = 50_000;
/** How many of the most frequent words are the answer. */
export const TOP = 10;
const PIECE_LINES = 20_000;

/** Makes `rows` lines below `folder`, or finds them there from an earlier run. */
export async function makeWords(folder: string, rows: number): Promise<DataSet> {
  // A change of the format needs a new name here, so that old data is not taken for new.
  const target = join(folder, `words-1-${rows}`);
  const files = Array.from({ length: FILES }, (_, i) => join(target, `words_${i}.txt`));
  if (!existsSync(target)) await write(target, rows);
  const expected: unknown = JSON.parse(await readFile(join(target, "expected.json"), "utf8"));
  if (!isAnswer(expected))
    throw new Error(`${target}/expected.json is damaged; delete ${target} to make the data again`);
  let bytes = 0;
  for (const file of files) bytes += (await stat(file)).size;
  return { glob: join(target, "words_*.txt"), files, rows, bytes, expected };
}

/** Writes beside the target first: a folder with the final name is always complete. */
async function write(target: string, rows: number): Promise<void> {
  const unfinished = `${target}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    const random = makeRandom(7);
    const words = vocabulary(random);
    const pick = zipf(random);
    const counts = new Float64Array(WORDS);
    for (let file = 0; file < FILES; file++) {
      const lines = Math.floor(((file + 1) * rows) / FILES) - Math.floor((file * rows) / FILES);
      await writeFileOf(join(unfinished, `words_${file}.txt`), lines, () => {
        const line: string[] = [];
        for (let i = 6 + Math.floor(random.uniform() * 12); i > 0; i--) {
          const word = pick();
          counts[word]++;
          line.push(words[word]);
        }
        return line.join(" ");
      });
    }
    const ranked = [...counts.keys()].sort((a, b) => counts[b] - counts[a]).slice(0, TOP);
    const expected = Object.fromEntries(ranked.map((word) => [words[word], counts[word]]));
    await writeFile(join(unfinished, "expected.json"), JSON.stringify(expected));
    await rename(unfinished, target);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function writeFileOf(path: string, lines: number, makeLine: () => string): Promise<void> {
  const file = await open(path, "w");
  try {
    for (let left = lines; left > 0; left -= PIECE_LINES) {
      const piece = Array.from({ length: Math.min(left, PIECE_LINES) }, makeLine);
      await file.write(`${piece.join("\n")}\n`);
    }
  } finally {
    await file.close();
  }
}

/** Distinct words of 1 to 14 letters, the short ones first: they are the frequent ones. */
function vocabulary(random: Random): string[] {
  const words = new Set<string>();
  while (words.size < WORDS) {
    const length = Math.min(14, 1 + Math.floor(Math.log2(1 + words.size / 4) * (0.6 + 0.6 * random.uniform())));
    words.add(Array.from({ length }, () => String.fromCharCode(97 + Math.floor(random.uniform() * 26))).join(""));
  }
  return [...words];
}

/** Word i with a probability in proportion to 1 / (i + 2.7), by a table to look up. */
function zipf(random: Random): () => number {
  const table = new Uint16Array(1 << 20);
  const weights = Array.from({ length: WORDS }, (_, i) => 1 / (i + 2.7));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let word = 0;
  let until = weights[0];
  for (let i = 0; i < table.length; i++) {
    while (until < (total * i) / table.length && word < WORDS - 1) until += weights[++word];
    table[i] = word;
  }
  return () => table[Math.floor(random.uniform() * table.length)];
}
