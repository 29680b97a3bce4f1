import type { ScalarType } from "../../../collections/schema.ts";
import { PackedDictionary, TextDictionary, type Column, type StringColumn } from "../column.ts";
import { blobAt, blobColumn, bytesOf, joinBlobs } from "./blobs.ts";

/**
 * Lists of values as blobs (see blobs.ts). Numbers: 8 bytes that say how the rest is held (0: f64, 1: i64), then the values. Strings: for each its
 * length (u32) and UTF-8 bytes; up to a multiple of 8 it is filled, with a length of 0xffffffff where there is room for one.
 */

/** The rows up to ends[0] are the first list, and so on. No row is null. */
export function encodeLists(column: Column, ends: Int32Array): StringColumn {
  if (column.type === "string")
    return joinBlobs(Array.from(ends, (end, g) => textsBlob(column, startOf(ends, g), end)));
  const isWide = column.values instanceof BigInt64Array;
  const values = column.values instanceof Uint8Array ? Float64Array.from(column.values) : column.values;
  const blobEnds = new Int32Array(ends.length);
  let lists = 0;
  for (let g = 0; g < ends.length; g++) {
    if (ends[g] > startOf(ends, g)) lists++;
    blobEnds[g] = 8 * (ends[g] + lists);
  }
  const data = new Uint8Array(8 * (values.length + lists));
  const bytes = bytesOf(values);
  for (let g = 0; g < ends.length; g++) {
    const start = startOf(ends, g);
    if (ends[g] === start) continue;
    const at = startOf(blobEnds, g);
    data[at] = isWide ? 1 : 0;
    data.set(bytes.subarray(8 * start, 8 * ends[g]), at + 8);
  }
  return blobColumn(data, blobEnds);
}

/** The values of `count` lists one behind the other, and the list of each. */
export function decodeLists(lists: Column, type: ScalarType, count: number): { rows: Int32Array; column: Column } {
  const blobs = Array.from({ length: count }, (_, g) => blobAt(lists, g));
  return type === "string" ? decodeTexts(blobs) : decodeNumbers(blobs, type);
}

function startOf(ends: Int32Array, g: number): number {
  return g === 0 ? 0 : ends[g - 1];
}

const FILL = 0xffffffff;

function textsBlob({ codes, dictionary }: StringColumn, start: number, end: number): Uint8Array {
  let length = 0;
  for (let i = start; i < end; i++) length += 4 + dictionary.bytes(codes[i]).length;
  const blob = new Uint8Array(8 * Math.ceil(length / 8));
  const view = new DataView(blob.buffer);
  let at = 0;
  for (let i = start; i < end; i++) {
    const text = dictionary.bytes(codes[i]);
    view.setUint32(at, text.length, true);
    blob.set(text, at + 4);
    at += 4 + text.length;
  }
  if (blob.length - at >= 4) view.setUint32(at, FILL, true);
  return blob;
}

function decodeTexts(blobs: readonly Uint8Array[]): { rows: Int32Array; column: Column } {
  const dictionary = new TextDictionary();
  const rows: number[] = [];
  const codes: number[] = [];
  blobs.forEach((blob, g) => {
    const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
    const offsets = [0];
    for (let at = 0; at + 4 <= blob.length;) {
      const length = view.getUint32(at, true);
      if (length === FILL) break;
      at += 4;
      offsets.push(at, (at += length));
    }
    const texts = new PackedDictionary(Int32Array.from(offsets), blob);
    for (let i = 1; i < offsets.length; i += 2) {
      rows.push(g);
      codes.push(dictionary.code(texts.text(i)));
    }
  });
  return { rows: Int32Array.from(rows), column: { type: "string", codes: Int32Array.from(codes), dictionary } };
}

function decodeNumbers(
  blobs: readonly Uint8Array[],
  type: Exclude<ScalarType, "string">,
): { rows: Int32Array; column: Column } {
  const lengths = blobs.map((blob) => Math.max(0, blob.length / 8 - 1));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const isWide = blobs.some((blob) => blob[0] === 1);
  const rows = new Int32Array(total);
  const values = isWide ? new BigInt64Array(total) : new Float64Array(total);
  let at = 0;
  blobs.forEach((blob, g) => {
    rows.fill(g, at, at + lengths[g]);
    const { buffer } = blob.slice(8);
    if (values instanceof Float64Array) values.set(new Float64Array(buffer), at);
    else
      values.set(blob[0] === 1 ? new BigInt64Array(buffer) : BigInt64Array.from(new Float64Array(buffer), BigInt), at);
    at += lengths[g];
  });
  if (type === "bool") return { rows, column: { type, values: Uint8Array.from(values, Number) } };
  // Floats are never wide.
  if (type === "float64") return { rows, column: { type, values: values as Float64Array } };
  return { rows, column: { type, values } };
}
