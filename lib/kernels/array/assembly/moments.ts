// Counts, means and sums of squared deviations, stable: a piece's mean, then the deviations from it, then Chan, Golub and LeVeque's formula
// (Updating formulae and a pairwise algorithm for computing sample variances, 1979) merges the piece into the state.
import { Skip } from "./markers";
import { total } from "./sums";

/** Columns that are worked on together: their sums stay in the nearest cache. */
const STRIP: usize = 64;
const counts = memory.data(64 * 8, 16);
const means = memory.data(64 * 8, 16);
const squares = memory.data(64 * 8, 16);

// @ts-ignore: decorator
@inline function merge(countAt: usize, meanAt: usize, m2At: usize, count: f64, mean: f64, m2: f64): void {
  if (count == 0) return;
  const before = load<f64>(countAt);
  const all = before + count;
  const oldMean = load<f64>(meanAt);
  const apart = mean - oldMean;
  store<f64>(countAt, all);
  // Of an infinite mean, what is apart from it is infinite the other way: their sum would be NaN.
  if (abs(oldMean) == Infinity) store<f64>(meanAt, oldMean + mean);
  else store<f64>(meanAt, before == 0 ? mean : oldMean + apart * (count / all));
  store<f64>(m2At, before == 0 ? m2 : load<f64>(m2At) + m2 + apart * apart * (before * (count / all)));
}

export function mergemoments(n: usize, countsA: usize, meansA: usize, m2sA: usize, countsB: usize, meansB: usize, m2sB: usize): void {
  for (let i: usize = 0; i < n << 3; i += 8)
    merge(countsA + i, meansA + i, m2sA + i, load<f64>(countsB + i), load<f64>(meansB + i), load<f64>(m2sB + i));
}

function squaresFrom<T, N>(x: usize, n: usize, mean: f64): f64 {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let m2: f64 = 0;
  const end = x + n * sizeof<T>();
  if (isFloat<T>() && sizeof<T>() == 8) {
    const means = f64x2.splat(mean);
    for (; end - x >= 32; x += 32) {
      let a = f64x2.sub(v128.load(x), means);
      let b = f64x2.sub(v128.load(x, 16), means);
      if (isBoolean<N>()) {
        a = v128.and(a, f64x2.eq(v128.load(x), v128.load(x)));
        b = v128.and(b, f64x2.eq(v128.load(x, 16), v128.load(x, 16)));
      }
      s0 = f64x2.add(s0, f64x2.mul(a, a));
      s1 = f64x2.add(s1, f64x2.mul(b, b));
    }
    s0 = f64x2.add(s0, s1);
    m2 = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
  }
  for (; x < end; x += sizeof<T>()) {
    const value = load<T>(x);
    const apart = <f64>value - mean;
    if (!isBoolean<N>() || value == value) m2 += apart * apart;
  }
  return m2;
}

/** Elements of a single column that are worked on at once, so that the second pass finds them in the cache. */
const PIECE: usize = 4096;

// @ts-ignore: decorator
@inline function column<T, N>(x: usize, rows: usize, countAt: usize, meanAt: usize, m2At: usize): void {
  while (rows != 0) {
    const n = min(rows, PIECE);
    let count = <f64>n;
    if (isBoolean<N>()) {
      count = 0;
      for (let i: usize = 0; i < n; i++) {
        const value = load<T>(x + i * sizeof<T>());
        count += <f64>(value == value);
      }
    }
    if (count != 0) {
      const mean = total<T, f64, N>(x, n) / count;
      merge(countAt, meanAt, m2At, count, mean, squaresFrom<T, N>(x, n, mean));
    }
    x += n * sizeof<T>();
    rows -= n;
  }
}

/** `width` ≤ STRIP columns of rows that are `row` bytes apart. */
// @ts-ignore: decorator
@inline function strip<T, N>(x: usize, rows: usize, row: usize, width: usize): void {
  memory.fill(counts, 0, STRIP << 3);
  memory.fill(means, 0, STRIP << 3);
  memory.fill(squares, 0, STRIP << 3);
  const simd = isFloat<T>() && sizeof<T>() == 8 && !isBoolean<N>();
  let at = x;
  for (let r: usize = 0; r < rows; r++, at += row) {
    let c: usize = 0;
    if (simd) {
      for (; c + 2 <= width; c += 2)
        v128.store(means + (c << 3), f64x2.add(v128.load(means + (c << 3)), v128.load(at + (c << 3))));
    }
    for (; c < width; c++) {
      const value = load<T>(at + c * sizeof<T>());
      if (isBoolean<N>()) {
        if (value != value) continue;
        store<f64>(counts + (c << 3), load<f64>(counts + (c << 3)) + 1);
      }
      store<f64>(means + (c << 3), load<f64>(means + (c << 3)) + <f64>value);
    }
  }
  for (let c: usize = 0; c < width << 3; c += 8) {
    if (!isBoolean<N>()) store<f64>(counts + c, <f64>rows);
    store<f64>(means + c, load<f64>(means + c) / load<f64>(counts + c));
  }
  at = x;
  for (let r: usize = 0; r < rows; r++, at += row) {
    let c: usize = 0;
    if (simd) {
      for (; c + 2 <= width; c += 2) {
        const apart = f64x2.sub(v128.load(at + (c << 3)), v128.load(means + (c << 3)));
        v128.store(squares + (c << 3), f64x2.add(v128.load(squares + (c << 3)), f64x2.mul(apart, apart)));
      }
    }
    for (; c < width; c++) {
      const value = load<T>(at + c * sizeof<T>());
      const apart = <f64>value - load<f64>(means + (c << 3));
      if (!isBoolean<N>() || value == value)
        store<f64>(squares + (c << 3), load<f64>(squares + (c << 3)) + apart * apart);
    }
  }
}

// @ts-ignore: decorator
@inline export function moments<T, N>(
  x: usize,
  outer: usize,
  rows: usize,
  cols: usize,
  countAt: usize,
  meanAt: usize,
  m2At: usize,
): void {
  if (rows == 0) return;
  const row = cols * sizeof<T>();
  for (; outer != 0; outer--, x += rows * row) {
    if (cols == 1) {
      column<T, N>(x, rows, countAt, meanAt, m2At);
      countAt += 8;
      meanAt += 8;
      m2At += 8;
      continue;
    }
    for (let c: usize = 0; c < cols; c += STRIP) {
      const width = min(STRIP, cols - c);
      strip<T, N>(x + c * sizeof<T>(), rows, row, width);
      for (let i: usize = 0; i < width << 3; i += 8, countAt += 8, meanAt += 8, m2At += 8)
        merge(countAt, meanAt, m2At, load<f64>(counts + i), load<f64>(means + i), load<f64>(squares + i));
    }
  }
}
