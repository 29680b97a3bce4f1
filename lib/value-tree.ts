/**
 * Small arrays and plain objects of undefined, null, booleans, numbers and strings, in an encoding of our own: a tenth of what structured
 * clone costs. It is exact (NaN, −0, undefined, lone surrogates, the order of keys), or it is not used: what is larger than
 * 4 KiB, holds anything else, has holes, further properties, a key `__proto__`, or one part twice, is left to structured clone.
 *
 *     value   = 0 undefined | 1 null | 2 false | 3 true
 *             | 4 int8 | 5 int32 | 6 float64                    little-endian
 *             | 7 units text | 8 units text                     ASCII, a byte each; UTF-16, two bytes each. `units`: uint16
 *             | 9 count value* | 10 count (key value)*          an array; an object. `count`: uint16; a key is a text
 *
 * The state below is that of one call, which nothing interrupts: it is here and not in an object since it is all that a call costs.
 */
const UNDEFINED = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
const INT8 = 4;
const INT32 = 5;
const FLOAT64 = 6;
const ASCII = 7;
const UTF16 = 8;
const ARRAY = 9;
const OBJECT = 10;

const CAPACITY = 4096;
/** Objects and arrays, since each is compared with all others. */
const MOST_PARTS = 48;
/** In an array or object. */
const MOST_ITEMS = 256;

/** Texts beyond this, in UTF-16 units, cost less as a whole than a unit at a time. */
const LONG = 24;
const ASCII_ONLY = /^[\x00-\x7f]*$/;

const scratch = Buffer.alloc(CAPACITY);
const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);
const parts: object[] = [];
let end = 0;
let busy = false;

/** The bytes behind a first byte `tag`, or undefined where this encoding is not for the value. */
export function encodeTree(value: object, tag: number): Uint8Array | undefined {
  // A getter of the value's may encode another value.
  if (busy) return undefined;
  busy = true;
  end = 1;
  try {
    if (!writePart(value)) return undefined;
    scratch[0] = tag;
    return copied();
  } finally {
    busy = false;
    parts.length = 0;
  }
}

function copied(): Uint8Array {
  const bytes = new Uint8Array(end);
  // Below that size the arrays lie in the heap, and setting one from another would move both out of it.
  if (end <= 64) for (let i = 0; i < end; i++) bytes[i] = scratch[i];
  else bytes.set(scratch.subarray(0, end));
  return bytes;
}

function write(value: unknown): boolean {
  // Room for any but a text, which looks itself.
  if (end + 16 > CAPACITY) return false;
  switch (typeof value) {
    case "number":
      writeNumber(value);
      return true;
    case "string":
      return writeText(value);
    case "boolean":
      scratch[end++] = value ? TRUE : FALSE;
      return true;
    case "undefined":
      scratch[end++] = UNDEFINED;
      return true;
    case "object":
      if (value !== null) return writePart(value);
      scratch[end++] = NULL;
      return true;
  }
  return false;
}

function writeNumber(value: number): void {
  const int = value | 0;
  if (int !== value || (int === 0 && Object.is(value, -0))) {
    float[0] = value;
    scratch[end] = FLOAT64;
    for (let i = 0; i < 8; i++) scratch[end + 1 + i] = floatBytes[i];
    end += 9;
  } else if (int >= -128 && int < 128) {
    scratch[end] = INT8;
    scratch[end + 1] = int;
    end += 2;
  } else {
    scratch[end] = INT32;
    for (let i = 0; i < 4; i++) scratch[end + 1 + i] = int >> (8 * i);
    end += 5;
  }
}

function writeText(text: string): boolean {
  const units = text.length;
  if (end + 3 + 2 * units > CAPACITY) return false;
  writeCount(ASCII, units);
  const begin = end;
  if (units > LONG && ASCII_ONLY.test(text)) {
    end += scratch.write(text, end, "latin1");
    return true;
  }
  for (let i = 0; i < units; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return writeUtf16(text, begin);
    scratch[end++] = unit;
  }
  return true;
}

function writeUtf16(text: string, begin: number): boolean {
  scratch[begin - 3] = UTF16;
  end = begin;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    scratch[end++] = unit;
    scratch[end++] = unit >> 8;
  }
  return true;
}

function writeCount(tag: number, count: number): void {
  scratch[end] = tag;
  scratch[end + 1] = count;
  scratch[end + 2] = count >> 8;
  end += 3;
}

function writePart(part: object): boolean {
  // One that is there twice comes back as one: that is for structured clone, as are cycles.
  if (parts.length >= MOST_PARTS || parts.includes(part)) return false;
  parts.push(part);
  const prototype: unknown = Object.getPrototypeOf(part);
  if (prototype === Object.prototype) return writeObject(part);
  return prototype === Array.prototype && Array.isArray(part) && writeArray(part);
}

function writeArray(array: readonly unknown[]): boolean {
  const { length } = array;
  // What is bound to be too much is refused before anything is written.
  if (length > MOST_ITEMS || (length >= MOST_PARTS && typeof array[0] === "object")) return false;
  // Fewer keys: a hole; more: properties.
  if (Object.keys(array).length !== length) return false;
  writeCount(ARRAY, length);
  for (let i = 0; i < length; i++) if ((array[i] === undefined && !(i in array)) || !write(array[i])) return false;
  return true;
}

function writeObject(object: object): boolean {
  const keys = Object.keys(object);
  if (keys.length > MOST_ITEMS || end + 16 > CAPACITY) return false;
  writeCount(OBJECT, keys.length);
  for (const key of keys)
    // The cast is safe: it is one of the object's own keys.
    if (key === "__proto__" || !writeText(key) || !write((object as Record<string, unknown>)[key])) return false;
  return true;
}

let source: Uint8Array = scratch;
let at = 0;

/** The value behind the first byte. */
export function decodeTree(bytes: Uint8Array): unknown {
  source = bytes;
  at = 1;
  const value = read();
  source = scratch;
  return value;
}

function read(): unknown {
  const tag = source[at++];
  switch (tag) {
    case NULL:
      return null;
    case FALSE:
      return false;
    case TRUE:
      return true;
    case INT8:
      return (source[at++] << 24) >> 24;
    case INT32:
      at += 4;
      return source[at - 4] | (source[at - 3] << 8) | (source[at - 2] << 16) | (source[at - 1] << 24);
    case FLOAT64:
      for (let i = 0; i < 8; i++) floatBytes[i] = source[at + i];
      at += 8;
      return float[0];
    case ASCII:
    case UTF16:
      return readText(tag, readCount());
    case ARRAY: {
      const array: unknown[] = [];
      for (let left = readCount(); left > 0; left--) array.push(read());
      return array;
    }
    case OBJECT: {
      const object: Record<string, unknown> = {};
      for (let left = readCount(); left > 0; left--) {
        const key = readKey();
        object[key] = read();
      }
      return object;
    }
  }
  return undefined;
}

function readCount(): number {
  at += 2;
  return source[at - 2] | (source[at - 1] << 8);
}

function readText(tag: number, units: number): string {
  let text = "";
  if (tag === ASCII && units > LONG) {
    at += units;
    // Only its elements are read: the cast leaves out what else an array has.
    return String.fromCharCode.apply(null, source.subarray(at - units, at) as unknown as number[]);
  }
  if (tag === ASCII) for (let i = 0; i < units; i++) text += String.fromCharCode(source[at++]);
  else for (let i = 0; i < units; i++, at += 2) text += String.fromCharCode(source[at] | (source[at + 1] << 8));
  return text;
}

/** Keys come again and again: the last that fell into a slot is compared with the bytes, and mostly is the one. */
const keys: string[] = new Array<string>(256).fill("");

function readKey(): string {
  const tag = source[at++];
  const units = readCount();
  if (tag !== ASCII || units === 0) return readText(tag, units);
  const slot = (units * 31 + source[at] * 7 + source[at + units - 1]) & 255;
  const known = keys[slot];
  if (known.length === units) {
    let i = 0;
    while (i < units && known.charCodeAt(i) === source[at + i]) i++;
    if (i === units) {
      at += units;
      return known;
    }
  }
  return (keys[slot] = readText(tag, units));
}
