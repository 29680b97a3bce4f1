/** What the data come to, computed line by line from the CSV files: no code of the library's is in it. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Answer } from "../job.ts";

/** A checksum of rows in any order: of each its text as CSV, hashed, and the hashes added up. */
export class RowSum {
  rows = 0;
  sum = 0;

  add(hash: number): void {
    this.rows++;
    // So that every sum on the way is exact, and no order of rows matters.
    this.sum = (this.sum + (hash >>> 0)) % 2 ** 52;
  }
}

/** FNV-1a with a final mix. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

/** Of a joined row. */
export function pairHash(left: number, right: number): number {
  return Math.imul(left ^ 0x5bd1e995, 0x9e3779b1) ^ right;
}

async function eachLine(path: string, use: (line: string) => void): Promise<void> {
  let isHeader = true;
  for await (const line of createInterface({ input: createReadStream(path, { highWaterMark: 1 << 20 }) })) {
    if (!isHeader) use(line);
    isHeader = false;
  }
}

/** What a sort must give: the rows as they are. */
export async function expectedOfSort(g1: string): Promise<Answer> {
  const rows = new RowSum();
  await eachLine(g1, (line) => rows.add(hashOf(line)));
  return { rows: rows.rows, sum: rows.sum };
}

/** What the join of x and big on id3 must give. big has each key once. */
export async function expectedOfJoin(x: string, big: string, rows: number): Promise<Answer> {
  const known = new Uint8Array(2 * rows);
  const hashes = new Int32Array(2 * rows);
  await eachLine(big, (line) => {
    const key = Number(line.split(",", 3)[2]);
    known[key] = 1;
    hashes[key] = hashOf(line);
  });
  const joined = new RowSum();
  await eachLine(x, (line) => {
    const key = Number(line.split(",", 3)[2]);
    if (known[key] === 1) joined.add(pairHash(hashOf(line), hashes[key]));
  });
  return { rows: joined.rows, sum: joined.sum };
}

/** What a group by id3 and id6 must give: how many groups, and the sum of v1 of all. */
export async function expectedOfGroups(g1: string, rows: number): Promise<Answer> {
  const pairs = new Float64Array(rows);
  let at = 0;
  let sum = 0;
  await eachLine(g1, (line) => {
    const [, , id3, , , id6, v1] = line.split(",");
    pairs[at++] = Number(id3.slice(2)) * 2 ** 26 + Number(id6);
    sum += Number(v1);
  });
  pairs.sort();
  let groups = 0;
  for (let i = 0; i < at; i++) if (i === 0 || pairs[i] !== pairs[i - 1]) groups++;
  return { rows: groups, sum };
}
