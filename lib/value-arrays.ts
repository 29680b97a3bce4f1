import { fill, withHoles, type Hole } from "./callables/holes.ts";
import { infoOf, viewOf, DTYPES, type DType } from "./collections/array/dtype.ts";
import { NDArray, areNDArrays, isNDArray } from "./collections/array/ndarray.ts";
import { UnreadableError } from "./errors.ts";

/**
 * NDArrays in values: structured clone would lose their class. A value that is one, or an array or plain object with some inside, is written behind its first
 * byte as
 *
 *     length, header, padding, elements*, the value without its arrays      length: u32, little-endian
 *
 * where the header says in JSON of each array where in the value it belongs, its dtype and its shape, and how long the rest is. Elements begin at multiples of 8 bytes, each array's after
 * the one before.
 */
interface Header {
  readonly arrays: readonly {
    readonly path: Hole<NDArray>["path"];
    readonly dtype: DType;
    readonly shape: readonly number[];
  }[];
}

/** The bytes behind a first byte `tag`; undefined where there is no array in the value. */
export function encodeArrays(
  value: object,
  tag: number,
  encodeValue: (value: unknown) => Uint8Array,
): Uint8Array | undefined {
  const holes: Hole<NDArray>[] = [];
  if (isNDArray(value)) holes.push({ path: [], ref: value });
  else if (!areNDArrays() || !holdsArray(value)) return undefined;
  const rest = encodeValue(
    isNDArray(value) ? undefined : withHoles(value, (part) => (isNDArray(part) ? part : undefined), holes),
  );
  const arrays = holes.map(({ path, ref: { dtype, shape } }) => ({ path, dtype, shape }));
  const header = Buffer.from(JSON.stringify({ arrays } satisfies Header));
  const places: number[] = [];
  let end = roundUp(5 + header.length);
  for (const { ref } of holes) {
    places.push(end);
    end = roundUp(end + bytesOf(ref));
  }
  const bytes = new Uint8Array(end + rest.length);
  bytes[0] = tag;
  new DataView(bytes.buffer).setUint32(1, header.length, true);
  bytes.set(header, 5);
  for (const [i, { ref }] of holes.entries()) {
    const { buffer, byteOffset, byteLength } = ref.data;
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), places[i]);
  }
  bytes.set(rest, end);
  return bytes;
}

export function decodeArrays(bytes: Uint8Array, decodeValue: (bytes: Uint8Array) => unknown): unknown {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(1, true);
  // The encoder wrote a header.
  const { arrays } = JSON.parse(Buffer.from(bytes.slice(5, 5 + length)).toString()) as Header;
  let at = roundUp(5 + length);
  const holes = arrays.map(({ path, dtype, shape }): Hole<NDArray> => {
    if (!DTYPES.includes(dtype)) throw new UnreadableError(`A value holds an array of ${dtype}, which is no dtype.`);
    const count = shape.reduce((size, n) => size * n, 1);
    const size = count * infoOf(dtype).bytes;
    // A copy, in ordinary memory: the array is its reader's own.
    const own = bytes.slice(at, at + size);
    const copy = own.buffer instanceof ArrayBuffer ? own : new Uint8Array(own);
    at = roundUp(at + size);
    return { path, ref: new NDArray(dtype, shape, viewOf(dtype, copy.buffer, copy.byteOffset, count)) };
  });
  const value = decodeValue(bytes.subarray(at));
  for (const { path, ref } of holes) {
    if (path.length === 0) return ref;
    fill(value, path, ref);
  }
  return value;
}

function bytesOf({ data }: NDArray): number {
  return data.byteLength;
}

function roundUp(bytes: number): number {
  return (bytes + 7) & ~7;
}

/** In arrays and plain objects. A loop: values may be nested deeper than the stack. */
function holdsArray(root: object): boolean {
  if (!isOpen(root)) return false;
  const seen = new Set<object>([root]);
  for (const part of seen) {
    if (isNDArray(part)) return true;
    if (!isOpen(part)) continue;
    for (const inner of Object.values(part) as unknown[])
      if (typeof inner === "object" && inner !== null) seen.add(inner);
  }
  return false;
}

function isOpen(part: object): boolean {
  return Array.isArray(part) || Object.getPrototypeOf(part) === Object.prototype;
}
