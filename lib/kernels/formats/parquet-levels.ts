/** Parquet's hybrid of run lengths and packed bits: definition levels, dictionary indices, booleans. */

/** A place in a page. */
export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** Reads `count` integers of `width` bits (0 … 32) into out[from …]. @throws RangeError where the bytes end before. */
export function readHybrid(cursor: Cursor, width: number, out: Int32Array, from: number, count: number): void {
  const { bytes } = cursor;
  const end = from + count;
  const valueBytes = (width + 7) >> 3;
  for (let at = from; at < end;) {
    const header = readVarint(cursor);
    if ((header & 1) === 0) {
      const length = header >>> 1;
      let value = 0;
      for (let i = 0; i < valueBytes; i++) value |= byteAt(bytes, cursor.at + i) << (8 * i);
      cursor.at += valueBytes;
      if (length === 0) throw new RangeError("A run has no length.");
      const stop = Math.min(end, at + length);
      out.fill(value, at, stop);
      at = stop;
      continue;
    }
    const groups = header >>> 1;
    if (groups === 0) throw new RangeError("A run has no length.");
    const here = Math.min(8 * groups, end - at);
    // The last group may be cut off behind the last value.
    if (cursor.at + ((here * width + 7) >> 3) > bytes.length) throw new RangeError("The page ends in packed bits.");
    unpack(bytes, cursor.at, width, out, at, here);
    cursor.at += groups * width;
    at += here;
  }
}

function unpack(bytes: Uint8Array, start: number, width: number, out: Int32Array, from: number, count: number): void {
  const mask = width === 32 ? -1 : (1 << width) - 1;
  let bit = 0;
  let at = start;
  for (let i = from; i < from + count; i++) {
    let value = (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> bit;
    if (bit + width > 32) value |= bytes[at + 4] << (32 - bit);
    out[i] = value & mask;
    bit += width;
    at += bit >> 3;
    bit &= 7;
  }
}

export function readVarint(cursor: Cursor): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = byteAt(cursor.bytes, cursor.at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value >>> 0;
  }
  throw new RangeError("A number of a page has too many bytes.");
}

export function byteAt(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) throw new RangeError("The page ends too early.");
  return bytes[at];
}

/** Bits that numbers up to `most` need. */
export function bitsFor(most: number): number {
  return most <= 0 ? 0 : 32 - Math.clz32(most);
}

/** Writes integers of `width` bits as one packed run, or as one run length where all are the same. */
export function writeHybrid(values: Int32Array | Uint8Array, width: number): Uint8Array {
  const n = values.length;
  const valueBytes = (width + 7) >> 3;
  if (n > 0 && values.every((value) => value === values[0])) {
    const out = [...varint(n * 2)];
    for (let i = 0; i < valueBytes; i++) out.push((values[0] >>> (8 * i)) & 255);
    return Uint8Array.from(out);
  }
  const groups = Math.ceil(n / 8);
  const head = varint(groups * 2 + 1);
  const out = new Uint8Array(head.length + groups * width);
  out.set(head);
  let at = head.length;
  let held = 0;
  let bits = 0;
  for (let i = 0; i < n; i++) {
    // At most 7 bits are held over, so that values of up to 25 bits fit beside them; wider ones go in two steps.
    const low = width > 16 ? 16 : width;
    held |= (values[i] & ((1 << low) - 1)) << bits;
    bits += low;
    for (; bits >= 8; bits -= 8, held >>>= 8) out[at++] = held & 255;
    if (width <= 16) continue;
    held |= (values[i] >>> 16) << bits;
    bits += width - 16;
    for (; bits >= 8; bits -= 8, held >>>= 8) out[at++] = held & 255;
  }
  if (bits > 0) out[at] = held & 255;
  return out;
}

function varint(value: number): number[] {
  const out: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) out.push((value % 128) | 128);
  return [...out, value];
}
