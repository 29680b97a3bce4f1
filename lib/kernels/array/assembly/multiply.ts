// Products of matrices: C += A B, as Goto and van de Geijn arrange it (Anatomy of high-performance matrix multiplication, 2008). A piece of B and then a piece of
// A are copied into panels that lie as the innermost loop (micro.ts, generated) reads them, so the strides of either may be anything: a transposed operand is one
// with its strides exchanged.
import { MR, NR32, NR64, micro_f32, micro_f64 } from "./micro";

/** Terms of a sum that are added in one go: a panel of B has them in the nearest cache. */
const KC: usize = 256;
/** Rows of A packed at once, a multiple of MR: in the second cache. */
const MC: usize = 96;
/** Columns of B packed at once, a multiple of either NR. */
const NC: usize = 512;

/** Bytes of scratch that a product needs, of either type. */
export function matrixscratch(): usize {
  return (MC * KC + KC * NC + MR * NR64) * 8;
}

// @ts-ignore: decorator
@inline function panelWidth<T>(): usize {
  if (sizeof<T>() == 8) return NR64;
  else return NR32;
}

/** Packs `count` vectors of `depth` elements into panels `width` wide, depth by depth; what a last panel lacks is zero. */
function pack<T>(x: usize, stride: isize, depthStride: isize, count: usize, depth: usize, width: usize, out: usize): void {
  for (let from: usize = 0; from < count; from += width, x += width * stride) {
    const full = count - from >= width;
    if (full && stride == <isize>sizeof<T>()) {
      let row = x;
      for (let k: usize = 0; k < depth; k++, row += depthStride, out += width * sizeof<T>()) {
        let i: usize = 0;
        for (; i + 16 <= width * sizeof<T>(); i += 16) v128.store(out + i, v128.load(row + i));
        for (; i < width * sizeof<T>(); i += 8) store<u64>(out + i, load<u64>(row + i));
      }
      continue;
    }
    const own = full ? width : count - from;
    if (!full) memory.fill(out, 0, width * depth * sizeof<T>());
    let column = x;
    for (let i: usize = 0; i < own; i++, column += stride) {
      let at = column;
      let to = out + i * sizeof<T>();
      for (let k: usize = 0; k < depth; k++, at += depthStride, to += width * sizeof<T>()) store<T>(to, load<T>(at));
    }
    out += width * depth * sizeof<T>();
  }
}

// @ts-ignore: decorator
@inline function tile<T>(depth: usize, a: usize, b: usize, c: usize, cRow: isize): void {
  if (sizeof<T>() == 8) micro_f64(depth, a, b, c, cRow);
  else micro_f32(depth, a, b, c, cRow);
}

/** A tile that C has only a part of. */
function edge<T>(depth: usize, a: usize, b: usize, c: usize, cRow: isize, rows: usize, cols: usize, room: usize): void {
  const width = panelWidth<T>();
  memory.fill(room, 0, MR * width * sizeof<T>());
  tile<T>(depth, a, b, room, width * sizeof<T>());
  for (; rows != 0; rows--, c += cRow, room += width * sizeof<T>())
    for (let j: usize = 0; j < cols * sizeof<T>(); j += sizeof<T>())
      store<T>(c + j, load<T>(c + j) + load<T>(room + j));
}

/** With `upper`, only tiles that touch the upper triangle. */
// @ts-ignore: decorator
@inline function multiply<T>(
  a: usize,
  aRow: isize,
  aCol: isize,
  b: usize,
  bRow: isize,
  bCol: isize,
  c: usize,
  cRow: isize,
  m: usize,
  n: usize,
  k: usize,
  scratch: usize,
  upper: bool,
): void {
  const width = panelWidth<T>();
  const packedB = scratch + MC * KC * sizeof<T>();
  const room = packedB + KC * NC * sizeof<T>();
  for (let jc: usize = 0; jc < n; jc += NC) {
    const cols = min(NC, n - jc);
    for (let pc: usize = 0; pc < k; pc += KC) {
      const depth = min(KC, k - pc);
      pack<T>(b + pc * bRow + jc * bCol, bCol, bRow, cols, depth, width, packedB);
      for (let ic: usize = 0; ic < m; ic += MC) {
        if (upper && ic >= jc + cols) break;
        const rows = min(MC, m - ic);
        pack<T>(a + ic * aRow + pc * aCol, aRow, aCol, rows, depth, MR, scratch);
        for (let j: usize = 0; j < cols; j += width) {
          const panel = packedB + j * depth * sizeof<T>();
          for (let i: usize = 0; i < rows; i += MR) {
            if (upper && ic + i >= jc + j + width) break;
            const own = scratch + i * depth * sizeof<T>();
            const to = c + (ic + i) * cRow + (jc + j) * sizeof<T>();
            if (rows - i >= MR && cols - j >= width) tile<T>(depth, own, panel, to, cRow);
            else edge<T>(depth, own, panel, to, cRow, min(MR, rows - i), min(width, cols - j), room);
          }
        }
      }
    }
  }
}

export function gemm_f64(
  a: usize,
  aRow: isize,
  aCol: isize,
  b: usize,
  bRow: isize,
  bCol: isize,
  c: usize,
  cRow: isize,
  m: usize,
  n: usize,
  k: usize,
  scratch: usize,
): void {
  multiply<f64>(a, aRow, aCol, b, bRow, bCol, c, cRow, m, n, k, scratch, false);
}

export function gemm_f32(
  a: usize,
  aRow: isize,
  aCol: isize,
  b: usize,
  bRow: isize,
  bCol: isize,
  c: usize,
  cRow: isize,
  m: usize,
  n: usize,
  k: usize,
  scratch: usize,
): void {
  multiply<f32>(a, aRow, aCol, b, bRow, bCol, c, cRow, m, n, k, scratch, false);
}

export function syrk_f64(x: usize, row: isize, rows: usize, cols: usize, c: usize, cRow: isize, scratch: usize): void {
  multiply<f64>(x, 8, row, x, row, 8, c, cRow, cols, cols, rows, scratch, true);
}

export function syrk_f32(x: usize, row: isize, rows: usize, cols: usize, c: usize, cRow: isize, scratch: usize): void {
  multiply<f32>(x, 4, row, x, row, 4, c, cRow, cols, cols, rows, scratch, true);
}

/** Elements of one side of a square that is mirrored at once, so that both of its sides stay in the cache. */
const SQUARE: usize = 32;

// @ts-ignore: decorator
@inline function mirror<T>(c: usize, n: usize): void {
  const row = n * sizeof<T>();
  for (let i: usize = 0; i < n; i += SQUARE)
    for (let j = i; j < n; j += SQUARE)
      for (let y = i; y < min(n, i + SQUARE); y++)
        for (let x = max(j, y + 1); x < min(n, j + SQUARE); x++)
          store<T>(c + x * row + y * sizeof<T>(), load<T>(c + y * row + x * sizeof<T>()));
}

export function mirror_f64(c: usize, n: usize): void {
  mirror<f64>(c, n);
}

export function mirror_f32(c: usize, n: usize): void {
  mirror<f32>(c, n);
}
