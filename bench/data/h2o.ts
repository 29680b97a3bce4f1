/**
 * The tables of the H2O and DuckDB database benchmark (G1 of its group-by task with 100 small groups, J1 of its joins, without nulls, unsorted)
 * as CSV: its columns and distributions, but our own random numbers. The same number of rows gives the same bytes on every machine.
 */
import { join } from "node:path";
import { makeRandom, type Random } from "../../lib/cli/random.ts";
import type { DataSet } from "../job.ts";
import { bytesOf, madeOnce, writeLines } from "./made.ts";

/** Values of a small key; a large one has a value for each so many rows. */
const GROUPS = 100;

/** G1: id1, id2 texts and id4, id5 integers of 100 values; id3 a text and id6 an integer of rows / 100 values; v1, v2 small integers, v3 a float. */
export async function makeGroups(folder: string, rows: number): Promise<DataSet> {
  const target = join(folder, `h2o-g1-1-${rows}`);
  await madeOnce(target, (unfinished) => writeGroups(unfinished, rows));
  const files = [join(target, "g1.csv")];
  return { glob: target, files, rows, bytes: await bytesOf(files) };
}

export function writeGroups(folder: string, rows: number): Promise<void> {
  return writeLines(join(folder, "g1.csv"), groupLines(makeRandom(108), rows));
}

function* groupLines(random: Random, rows: number): Iterable<string> {
  const many = Math.max(1, Math.floor(rows / GROUPS));
  const padded = (digits: number) =>
    `id${String(1 + whole(random, digits === 3 ? GROUPS : many)).padStart(digits, "0")}`;
  const small = () => 1 + random.below(GROUPS);
  yield "id1,id2,id3,id4,id5,id6,v1,v2,v3";
  for (let i = 0; i < rows; i++) {
    const keys = [padded(3), padded(3), padded(10), small(), small(), 1 + whole(random, many)];
    yield [...keys, 1 + random.below(5), 1 + random.below(15), millionths(random)].join();
  }
}

export const JOIN_TABLES = ["x", "small", "medium", "big"] as const;
export type JoinTable = (typeof JOIN_TABLES)[number];

/**
 * J1: x and big have `rows` rows, medium a thousandth and small a millionth (ten at least). Of each key nine values in ten are on both sides, one
 * is x's alone and one the other side's. id4, id5, id6 are id1, id2, id3 as texts.
 */
export async function makeJoins(folder: string, rows: number): Promise<DataSet> {
  const target = join(folder, `h2o-j1-1-${rows}`);
  await madeOnce(target, (unfinished) => writeJoins(unfinished, rows));
  const files = JOIN_TABLES.map((table) => join(target, `${table}.csv`));
  return { glob: target, files, rows, bytes: await bytesOf(files) };
}

export async function writeJoins(folder: string, rows: number): Promise<void> {
  const random = makeRandom(109);
  const sizes = [Math.max(10, Math.round(rows / 1e6)), Math.max(10, Math.round(rows / 1e3)), rows];
  const keys = sizes.map((size) => splitKeys(random, size));
  const write = (table: JoinTable, columns: number, count: number, side: "left" | "right", value: string) =>
    writeLines(
      join(folder, `${table}.csv`),
      joinLines(
        random,
        keys.slice(0, columns).map((split) => drawAll(random, split[side], count)),
        value,
      ),
    );
  await write("x", 3, rows, "left", "v1");
  await write("small", 1, sizes[0], "right", "v2");
  await write("medium", 2, sizes[1], "right", "v2");
  await write("big", 3, rows, "right", "v2");
}

function* joinLines(random: Random, keys: readonly Int32Array[], value: string): Iterable<string> {
  const names = [...keys.map((_, i) => `id${i + 1}`), ...keys.map((_, i) => `id${i + 4}`)];
  yield [...names, value].join();
  for (let i = 0; i < keys[0].length; i++) {
    const row = keys.map((column) => column[i]);
    yield [...row, ...row.map((key) => `id${key}`), millionths(random)].join();
  }
}

/** Both sides have `size` keys; they share nine tenths. */
function splitKeys(random: Random, size: number): { readonly left: Int32Array; readonly right: Int32Array } {
  const shared = Math.floor(size * 0.9);
  const all = shuffled(
    random,
    Int32Array.from({ length: 2 * size - shared }, (_, i) => i + 1),
  );
  const right = new Int32Array(size);
  right.set(all.subarray(0, shared));
  right.set(all.subarray(size), shared);
  return { left: all.slice(0, size), right };
}

/** Each key once, then any, `count` together, in random order. */
function drawAll(random: Random, keys: Int32Array, count: number): Int32Array {
  return shuffled(
    random,
    Int32Array.from({ length: count }, (_, i) => (i < keys.length ? keys[i] : keys[whole(random, keys.length)])),
  );
}

function shuffled(random: Random, values: Int32Array): Int32Array {
  for (let i = values.length - 1; i > 0; i--) {
    const j = whole(random, i + 1);
    [values[i], values[j]] = [values[j], values[i]];
  }
  return values;
}

/** From 0 to 100, six decimals. */
const millionths = (random: Random) => Math.floor(random.uniform() * 1e8) / 1e6;
const whole = (random: Random, bound: number) => Math.floor(random.uniform() * bound);
