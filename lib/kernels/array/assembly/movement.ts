// Copies between layouts, and gathers. S: an unsigned integer of the element's size; only its bytes matter.

/** A transposition goes by blocks of so many elements, at least a cache line on either side. */
const BLOCK: usize = 16;

// @ts-ignore: decorator
@inline export function copy2d<S>(
  src: usize,
  srcRow: isize,
  srcCol: isize,
  dst: usize,
  dstRow: isize,
  dstCol: isize,
  rows: usize,
  cols: usize,
): void {
  const size = <isize>sizeof<S>();
  if (rows == 0 || cols == 0) return;
  const apart = (srcCol == size && dstRow == size) || (srcRow == size && dstCol == size);
  if ((srcCol == size && dstCol == size) || cols == 1) {
    // Rows that lie side by side; a single column is one, seen the other way round.
    const bytes = <isize>cols * size;
    if (cols > 1 && (rows == 1 || (srcRow == bytes && dstRow == bytes))) memory.copy(dst, src, rows * bytes);
    else if (cols >= 8) for (; rows != 0; rows--, src += srcRow, dst += dstRow) memory.copy(dst, src, bytes);
    else if (cols == 1 && srcRow == size && dstRow == size) memory.copy(dst, src, rows * size);
    else strided<S>(src, srcRow, srcCol, dst, dstRow, dstCol, rows, cols);
  } else if (srcRow == size && dstRow == size && rows >= 8) {
    for (; cols != 0; cols--, src += srcCol, dst += dstCol) memory.copy(dst, src, rows * size);
  } else if (apart && rows >= 4 && cols >= 4) {
    // Seen so that the source's rows lie side by side.
    if (srcCol == size) transpose<S>(src, srcRow, dst, dstCol, rows, cols);
    else transpose<S>(src, srcCol, dst, dstRow, cols, rows);
  } else if (srcCol == 0 && dstCol == size && cols >= 4) {
    for (; rows != 0; rows--, src += srcRow, dst += dstRow) repeat<S>(load<S>(src), dst, cols);
  } else strided<S>(src, srcRow, srcCol, dst, dstRow, dstCol, rows, cols);
}

function repeat<S>(element: S, dst: usize, n: usize): void {
  const end = dst + n * sizeof<S>();
  const many = v128.splat<S>(element);
  for (; end - dst >= 16; dst += 16) v128.store(dst, many);
  for (; dst < end; dst += sizeof<S>()) store<S>(dst, element);
}

function strided<S>(
  src: usize,
  srcRow: isize,
  srcCol: isize,
  dst: usize,
  dstRow: isize,
  dstCol: isize,
  rows: usize,
  cols: usize,
): void {
  for (; rows != 0; rows--, src += srcRow, dst += dstRow) {
    let from = src;
    let to = dst;
    for (let c: usize = 0; c < cols; c++, from += srcCol, to += dstCol) store<S>(to, load<S>(from));
  }
}

/** dst[c][r] = src[r][c], where rows of the source and of the destination lie side by side. */
function transpose<S>(src: usize, srcRow: isize, dst: usize, dstRow: isize, rows: usize, cols: usize): void {
  for (let r: usize = 0; r < rows; r += BLOCK) {
    const height = min(BLOCK, rows - r);
    for (let c: usize = 0; c < cols; c += BLOCK) {
      const from = src + r * srcRow + c * sizeof<S>();
      const to = dst + c * dstRow + r * sizeof<S>();
      const width = min(BLOCK, cols - c);
      if (height == BLOCK && width == BLOCK) {
        if (sizeof<S>() == 8) block8(from, srcRow, to, dstRow);
        else if (sizeof<S>() == 4) block4(from, srcRow, to, dstRow);
        else strided<S>(from, sizeof<S>(), srcRow, to, dstRow, sizeof<S>(), width, height);
      } else strided<S>(from, sizeof<S>(), srcRow, to, dstRow, sizeof<S>(), width, height);
    }
  }
}

function block8(src: usize, srcRow: isize, dst: usize, dstRow: isize): void {
  for (let c = 0; c < 16; c += 2, src += 16, dst += 2 * dstRow) {
    let from = src;
    for (let r: usize = 0; r < 128; r += 32, from += 4 * srcRow) {
      const a = v128.load(from);
      const b = v128.load(from + srcRow);
      const d = v128.load(from + 2 * srcRow);
      const e = v128.load(from + 3 * srcRow);
      v128.store(dst + r, v128.shuffle<i64>(a, b, 0, 2));
      v128.store(dst + r, v128.shuffle<i64>(d, e, 0, 2), 16);
      v128.store(dst + dstRow + r, v128.shuffle<i64>(a, b, 1, 3));
      v128.store(dst + dstRow + r, v128.shuffle<i64>(d, e, 1, 3), 16);
    }
  }
}

function block4(src: usize, srcRow: isize, dst: usize, dstRow: isize): void {
  for (let c = 0; c < 16; c += 4, src += 16, dst += 4 * dstRow) {
    let from = src;
    for (let r: usize = 0; r < 64; r += 16, from += 4 * srcRow) {
      const a = v128.load(from);
      const b = v128.load(from + srcRow);
      const d = v128.load(from + 2 * srcRow);
      const e = v128.load(from + 3 * srcRow);
      const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
      const de = v128.shuffle<i32>(d, e, 0, 4, 1, 5);
      const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
      const deHigh = v128.shuffle<i32>(d, e, 2, 6, 3, 7);
      const to = dst + r;
      v128.store(to, v128.shuffle<i64>(ab, de, 0, 2));
      v128.store(to + dstRow, v128.shuffle<i64>(ab, de, 1, 3));
      v128.store(to + 2 * dstRow, v128.shuffle<i64>(abHigh, deHigh, 0, 2));
      v128.store(to + 3 * dstRow, v128.shuffle<i64>(abHigh, deHigh, 1, 3));
    }
  }
}

// @ts-ignore: decorator
@inline export function take<S>(src: usize, indices: usize, out: usize, n: usize): void {
  const end = out + n * sizeof<S>();
  for (; out < end; out += sizeof<S>(), indices += 4)
    store<S>(out, load<S>(src + <usize>load<i32>(indices) * sizeof<S>()));
}
