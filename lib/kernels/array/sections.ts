import type { Region } from "../../collections/array/chunks.ts";

/** What one task sends to another through an exchange: a box of the array. */

/** Start and size along each axis as float64, then the elements. */
export function encodeSection({ start, size }: Region, elements: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = Float64Array.from([...start, ...size]);
  const bytes = new Uint8Array(head.byteLength + elements.byteLength);
  bytes.set(new Uint8Array(head.buffer));
  bytes.set(elements, head.byteLength);
  return bytes;
}

export function decodeSection(
  bytes: Uint8Array,
  rank: number,
): { readonly region: Region; readonly elements: Uint8Array } {
  const head = new Float64Array(bytes.slice(0, 16 * rank).buffer);
  return {
    region: { start: [...head.subarray(0, rank)], size: [...head.subarray(rank)] },
    elements: bytes.subarray(16 * rank),
  };
}
