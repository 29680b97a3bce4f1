/** Buffers of Arrow columns, from the parts of ours. What is in shared memory is copied: not every user of a table can do with that. */
import type { Column, StringColumn } from "./column.ts";

type ValueColumn = Exclude<Column, StringColumn>;

/** 1 where a row is not null; undefined where none is. */
export function validIn(parts: readonly ValueColumn[], rows: number): Uint8Array | undefined {
  if (parts.every(({ valid }) => valid === undefined)) return undefined;
  const all = new Uint8Array(rows);
  let at = 0;
  for (const { values, valid } of parts) {
    if (valid === undefined) all.fill(1, at, at + values.length);
    else all.set(valid, at);
    at += values.length;
  }
  return all;
}

export function nullsIn(valid: Uint8Array): number {
  let nulls = 0;
  for (let i = 0; i < valid.length; i++) nulls += 1 - valid[i];
  return nulls;
}

/** A bit for each, set where it is not 0. */
export function bitsOf(values: Uint8Array | Int32Array): Uint8Array {
  const bits = new Uint8Array((values.length + 7) >> 3);
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) bits[i >> 3] |= 1 << (i & 7);
  return bits;
}

interface Elements {
  readonly buffer: ArrayBufferLike;
  [index: number]: number;
  set(values: ArrayLike<number>, at: number): void;
}

/** The parts' values in one array. A single part's own array is taken as it is. */
export function joinedValues<T extends Elements>(
  Values: new (length: number) => T,
  parts: readonly ValueColumn[],
  rows: number,
): T {
  const [only] = parts;
  if (parts.length === 1 && only.values instanceof Values && !(only.values.buffer instanceof SharedArrayBuffer))
    return only.values;
  const all = new Values(rows);
  let at = 0;
  for (const { values } of parts) {
    if (values instanceof BigInt64Array) for (let i = 0; i < values.length; i++) all[at + i] = Number(values[i]);
    else all.set(values, at);
    at += values.length;
  }
  return all;
}

/** Whole numbers as 64-bit integers, by their halves: a BigInt for each would be much garbage. */
export function arrowIntegers(parts: readonly ValueColumn[], rows: number): BigInt64Array {
  const [only] = parts;
  if (parts.length === 1 && only.values instanceof BigInt64Array && !(only.values.buffer instanceof SharedArrayBuffer))
    return only.values;
  const all = new BigInt64Array(rows);
  const halves = new Int32Array(all.buffer);
  const [low, high] = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? [0, 1] : [1, 0];
  let at = 0;
  for (const { values } of parts) {
    if (values instanceof BigInt64Array) all.set(values, at);
    else putHalves(values, halves, 2 * at + low, 2 * at + high);
    at += values.length;
  }
  return all;
}

function putHalves(values: Float64Array | Uint8Array, halves: Int32Array, low: number, high: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    halves[low + 2 * i] = value;
    halves[high + 2 * i] = Math.floor(value / 4294967296);
  }
}
