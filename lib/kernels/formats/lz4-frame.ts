/**
 * The LZ4 frame format, which Arrow files are compressed with (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md). Checksums are passed over: lengths
 * and offsets are checked.
 */
const MAGIC = 0x184d2204;

/** @throws RangeError where the bytes are no such frame, or end too early. */
export function decodeLz4Frame(bytes: Uint8Array): Uint8Array {
  const blocks = [...blocksOf(bytes)];
  const out = new Uint8Array(
    blocks.reduce((sum, { block, isPlain }) => sum + (isPlain ? block.length : sizeOf(block)), 0),
  );
  let filled = 0;
  for (const { block, isPlain } of blocks) {
    if (isPlain) out.set(block, filled);
    filled = isPlain ? filled + block.length : decodeBlock(block, out, filled);
  }
  return out;
}

function* blocksOf(bytes: Uint8Array): Generator<{ readonly block: Uint8Array; readonly isPlain: boolean }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError("This is no LZ4 frame.");
  const flags = view.getUint8(4);
  // Magic number, flags, block size; a content size and a dictionary's number where they are; a checksum.
  let at = 6 + (flags & 8 ? 8 : 0) + (flags & 1 ? 4 : 0) + 1;
  for (;;) {
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) return;
    const length = word & 0x7fffffff;
    if (at + length > bytes.length) throw new RangeError("An LZ4 block goes beyond its frame.");
    yield { block: bytes.subarray(at, at + length), isPlain: word >>> 31 === 1 };
    at += length + (flags & 16 ? 4 : 0);
  }
}

/** What a block holds, in bytes: its lengths alone are read. */
function sizeOf(block: Uint8Array): number {
  let size = 0;
  let at = 0;
  const longer = (length: number): number => {
    for (let byte = length === 15 ? 255 : 0; byte === 255; length += byte) byte = block[at++] ?? 0;
    return length;
  };
  while (at < block.length) {
    const token = block[at++];
    const literals = longer(token >> 4);
    at += literals;
    size += literals;
    if (at >= block.length) break;
    at += 2;
    size += longer(token & 15) + 4;
  }
  return size;
}

/** Blocks may refer to what earlier ones gave: all write into one array. */
function decodeBlock(block: Uint8Array, out: Uint8Array, filled: number): number {
  let at = 0;
  const longer = (length: number): number => {
    if (length < 15) return length;
    let byte = 255;
    while (byte === 255) {
      if (at >= block.length) throw new RangeError("An LZ4 block ends in a length.");
      byte = block[at++];
      length += byte;
    }
    return length;
  };
  while (at < block.length) {
    const token = block[at++];
    const literals = longer(token >> 4);
    if (at + literals > block.length || filled + literals > out.length)
      throw new RangeError("LZ4 literals go too far.");
    out.set(block.subarray(at, at + literals), filled);
    at += literals;
    filled += literals;
    if (at >= block.length) break;
    const back = block[at] | (block[at + 1] << 8);
    at += 2;
    const length = longer(token & 15) + 4;
    if (back === 0 || back > filled || filled + length > out.length) throw new RangeError("An LZ4 match goes too far.");
    // Byte by byte, since a match may repeat itself.
    for (let i = 0; i < length; i++) out[filled + i] = out[filled + i - back];
    filled += length;
  }
  return filled;
}
