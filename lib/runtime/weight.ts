/**
 * Shared memory weighs nothing to V8: it collects garbage when ordinary buffers outside of its heap grow, and does not count shared ones.
 * So a thread that is handed gigabytes of them, piece by piece, would hold them all long after the last use. Each gets an ordinary buffer
 * of the same size for company, which nobody writes to (so that it takes no memory, just addresses), and which goes when it goes.
 */
const companions = new WeakMap<ArrayBufferLike, ArrayBufferLike>();

/** Smaller ones do not matter, in bytes. */
const SMALLEST = 16 * 1024;

/** Lets the bytes count, where they are shared: what they are of a larger buffer. Answers them. */
export function weigh(bytes: Uint8Array): Uint8Array {
  const { buffer, byteLength } = bytes;
  if (byteLength < SMALLEST || !(buffer instanceof SharedArrayBuffer) || companions.has(buffer)) return bytes;
  companions.set(buffer, Buffer.allocUnsafeSlow(byteLength).buffer);
  return bytes;
}
