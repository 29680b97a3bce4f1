/**
 * Shared memory weighs nothing to V8: it collects garbage when ordinary buffers outside of its heap grow, and does not count shared ones.
 * So a thread that is handed gigabytes of them, piece by piece, would hold them all long after the last use. Each gets an ordinary buffer
 * of the same size for company, which nobody writes to (so that it takes no memory, just addresses), and which goes when it goes.
 */
const companions = new WeakMap<ArrayBufferLike, ArrayBufferLike>();

/** Smaller ones do not matter, in bytes. */
const SMALLEST = 16 * 1024;

/**
 * The first of a thread weigh nothing: V8 looks for garbage when 64 MB have come, in all that was loaded to begin with, and a short run had spent a tenth of its processor
 * time on that. A sixteenth of the thread's memory, and no more than this, in bytes.
 */
const MOST_UNCOUNTED = 64 * 2 ** 20;
const uncounted = { bytes: 0 };

/** Tells what memory this thread has, in bytes, as it begins. Default: none, everything counts. */
export function weighFrom(memoryBytes: number): void {
  uncounted.bytes = Math.min(MOST_UNCOUNTED, memoryBytes / 16);
}

/** Lets the bytes count, where they are shared: what they are of a larger buffer. Answers them. */
export function weigh(bytes: Uint8Array): Uint8Array {
  const { buffer, byteLength } = bytes;
  if (byteLength < SMALLEST || !(buffer instanceof SharedArrayBuffer) || companions.has(buffer)) return bytes;
  if (byteLength <= uncounted.bytes) {
    uncounted.bytes -= byteLength;
    return bytes;
  }
  companions.set(buffer, Buffer.allocUnsafeSlow(byteLength).buffer);
  return bytes;
}
