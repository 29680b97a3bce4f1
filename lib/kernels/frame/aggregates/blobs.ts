import { PackedDictionary, type Column, type StringColumn } from "../column.ts";

/**
 * States of no fixed size, as bytes a group. They travel as a column of strings whose dictionary holds the bytes, so that whatever moves groups
 * moves them too; nobody reads them as text. No bytes: null. Lengths are multiples of 8, so that bytes can be viewed as f64.
 */
export function blobColumn(data: Uint8Array, ends: ArrayLike<number>): StringColumn {
  const offsets = new Int32Array(ends.length + 2);
  const codes = new Int32Array(ends.length);
  let used = 0;
  for (let g = 0, from = 0; g < ends.length; from = ends[g], g++) {
    if (ends[g] === from) continue;
    codes[g] = ++used;
    offsets[used + 1] = ends[g];
  }
  return { type: "string", codes, dictionary: new PackedDictionary(offsets.slice(0, used + 2), data) };
}

/** Blobs, one a group, side by side. */
export function joinBlobs(blobs: readonly Uint8Array[]): StringColumn {
  const ends = new Int32Array(blobs.length);
  let length = 0;
  blobs.forEach((blob, g) => (ends[g] = length += blob.length));
  const data = new Uint8Array(length);
  blobs.forEach((blob, g) => data.set(blob, ends[g] - blob.length));
  return blobColumn(data, ends);
}

const NONE = new Uint8Array(0);

export function blobAt(column: Column, g: number): Uint8Array {
  const { codes, dictionary } = column as StringColumn; // as `blobColumn` made it
  return codes[g] === 0 ? NONE : dictionary.bytes(codes[g]);
}

/** The bytes as f64: a view where they lie at a multiple of 8. */
export function floatsIn(blob: Uint8Array): Float64Array {
  const { buffer, byteOffset, byteLength } = blob.byteOffset % 8 === 0 ? blob : blob.slice();
  return new Float64Array(buffer, byteOffset, byteLength / 8);
}

export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
