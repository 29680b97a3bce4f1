/** Four files of lines of words, made once from a seed, and found again by later runs. Words are as frequent as in natural text (Zipf). */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeRandom, type Random } from "../../lib/cli/random.ts";
import type { DataSet } from "../job.ts";
import { EXPECTED, bytesOf, expectedIn, madeOnce, writeLines } from "./made.ts";

const FILES = 4;
const WORDS = 50_000;
/** How many of the most frequent words are the answer. */
export const TOP = 10;

/** Makes `rows` lines below `folder`, or finds them there from an earlier run. */
export async function makeWords(folder: string, rows: number): Promise<DataSet> {
  // A change of the format needs a new name here, so that old data is not taken for new.
  const target = join(folder, `words-1-${rows}`);
  const files = Array.from({ length: FILES }, (_, i) => join(target, `words_${i}.txt`));
  await madeOnce(target, (unfinished) => write(unfinished, rows));
  const expected = await expectedIn(target);
  return { glob: join(target, "words_*.txt"), files, rows, bytes: await bytesOf(files), expected };
}

async function write(folder: string, rows: number): Promise<void> {
  const random = makeRandom(7);
  const words = vocabulary(random);
  const pick = zipf(random);
  const counts = new Float64Array(WORDS);
  const makeLine = () => {
    const line: string[] = [];
    for (let i = 6 + Math.floor(random.uniform() * 12); i > 0; i--) {
      const word = pick();
      counts[word]++;
      line.push(words[word]);
    }
    return line.join(" ");
  };
  for (let file = 0; file < FILES; file++) {
    const lines = Math.floor(((file + 1) * rows) / FILES) - Math.floor((file * rows) / FILES);
    await writeLines(join(folder, `words_${file}.txt`), repeated(lines, makeLine));
  }
  const ranked = [...counts.keys()].sort((a, b) => counts[b] - counts[a]).slice(0, TOP);
  const expected = Object.fromEntries(ranked.map((word) => [words[word], counts[word]]));
  await writeFile(join(folder, EXPECTED), JSON.stringify(expected));
}

function* repeated(count: number, make: () => string): Iterable<string> {
  for (let i = 0; i < count; i++) yield make();
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
