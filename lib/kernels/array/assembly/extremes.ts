// Least and largest elements over the rows of [outer][rows][cols], and where they are. M: which of the two. N: what becomes of NaN.
import { maximum, minimum } from "./scalars";

// @ts-ignore: decorator
@inline function pick<T, M>(a: T, b: T): T {
  if (isSigned<M>()) return maximum<T>(a, b);
  else return minimum<T>(a, b);
}
// @ts-ignore: decorator
@inline function hasVector<T>(): bool {
  return !isBoolean<T>() && (isFloat<T>() || sizeof<T>() < 8);
}
// @ts-ignore: decorator
@inline function pickVectors<T, M>(a: v128, b: v128): v128 {
  if (isSigned<M>()) return v128.max<T>(a, b);
  else return v128.min<T>(a, b);
}

/** The best of n ≥ 1 elements side by side. */
function bestOf<T, M>(x: usize, n: usize): T {
  const end = x + n * sizeof<T>();
  let best = load<T>(x);
  if (hasVector<T>()) {
    if (end - x >= 64) {
      let b0 = v128.load(x);
      let b1 = v128.load(x, 16);
      for (x += 32; end - x >= 32; x += 32) {
        b0 = pickVectors<T, M>(b0, v128.load(x));
        b1 = pickVectors<T, M>(b1, v128.load(x, 16));
      }
      const scratch = lanes;
      v128.store(scratch, pickVectors<T, M>(b0, b1));
      for (let i: usize = 0; i < 16; i += sizeof<T>()) best = pick<T, M>(best, load<T>(scratch + i));
    }
  }
  for (; x < end; x += sizeof<T>()) best = pick<T, M>(best, load<T>(x));
  return best;
}
const lanes = memory.data(16, 16);

/** Makes each of the row's elements that is better its column's best. */
// @ts-ignore: decorator
@inline function pickRow<T, M>(x: usize, cols: usize, best: usize): void {
  const end = best + cols * sizeof<T>();
  if (hasVector<T>()) {
    for (; end - best >= 16; best += 16, x += 16)
      v128.store(best, pickVectors<T, M>(v128.load(best), v128.load(x)));
  }
  for (; best < end; best += sizeof<T>(), x += sizeof<T>()) store<T>(best, pick<T, M>(load<T>(best), load<T>(x)));
}

// @ts-ignore: decorator
@inline export function extremes<T, M>(x: usize, outer: usize, rows: usize, cols: usize, best: usize, seen: usize): void {
  const row = cols * sizeof<T>();
  if (rows == 0 || cols == 0) return;
  for (; outer != 0; outer--, best += row, seen += cols) {
    let left = rows;
    // A piece sees all columns or none, so one mark tells of all.
    if (!load<u8>(seen)) {
      memory.copy(best, x, row);
      memory.fill(seen, 1, cols);
      x += row;
      left--;
    }
    if (cols == 1) {
      if (left) store<T>(best, pick<T, M>(load<T>(best), bestOf<T, M>(x, left)));
      x += left * row;
    } else for (; left != 0; left--, x += row) pickRow<T, M>(x, cols, best);
  }
}

// @ts-ignore: decorator
@inline export function nanExtremes<T, M>(x: usize, outer: usize, rows: usize, cols: usize, best: usize, seen: usize): void {
  for (; outer != 0; outer--, best += cols * sizeof<T>(), seen += cols)
    for (let left = rows; left != 0; left--)
      for (let c: usize = 0; c < cols; c++, x += sizeof<T>()) {
        const value = load<T>(x);
        if (value != value) continue;
        const at = best + c * sizeof<T>();
        store<T>(at, load<u8>(seen + c) ? pick<T, M>(load<T>(at), value) : value);
        store<u8>(seen + c, 1);
      }
}

// @ts-ignore: decorator
@inline function isBetter<T, M>(value: T, old: T): bool {
  const better = isSigned<M>() ? value > old : value < old;
  if (isFloat<T>()) return better || (value != value && old == old);
  else return better;
}

/** One column's: the best of the piece, and only where that is better, its place. */
function position<T, M>(x: usize, rows: usize, from: i64, best: usize, at: usize): void {
  if (rows == 0) return;
  const value = bestOf<T, M>(x, rows);
  if (load<i64>(at) >= 0 && !isBetter<T, M>(value, load<T>(best))) return;
  let place = x;
  if (isFloat<T>() && value != value) while (load<T>(place) == load<T>(place)) place += sizeof<T>();
  else while (load<T>(place) != value) place += sizeof<T>();
  store<T>(best, value);
  store<i64>(at, from + <i64>((place - x) / sizeof<T>()));
}

/** The first of equals; the first NaN before all. */
// @ts-ignore: decorator
@inline export function positions<T, M>(
  x: usize,
  outer: usize,
  rows: usize,
  cols: usize,
  from: f64,
  best: usize,
  at: usize,
): void {
  for (; outer != 0; outer--, best += cols * sizeof<T>(), at += cols << 3) {
    if (cols == 1) {
      position<T, M>(x, rows, <i64>from, best, at);
      x += rows * sizeof<T>();
      continue;
    }
    let row = <i64>from;
    for (let left = rows; left != 0; left--, row++)
      for (let c: usize = 0; c < cols; c++, x += sizeof<T>()) {
        const value = load<T>(x);
        const bestAt = best + c * sizeof<T>();
        if (load<i64>(at + (c << 3)) < 0 || isBetter<T, M>(value, load<T>(bestAt))) {
          store<T>(bestAt, value);
          store<i64>(at + (c << 3), row);
        }
      }
  }
}
