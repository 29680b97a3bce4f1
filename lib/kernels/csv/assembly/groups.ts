// Loops over the rows of a block that take them into the states of their groups. The same operations in the same order as those of
// ../../frame/aggregates, so the same bits. `groups` are i32; a group's state begins at states + group · stride (bytes), and slots are f64.
// `valid`: one byte a row, or 0 where no row is null.

/** So that the compiler keeps what is read for nothing. */
const sink: usize = memory.data(8);

/** Reads the state of each row's group and does nothing with it: so little that the core has many of them on the way. What follows finds them near. */
export function touchGroups(groups: usize, count: usize, states: usize, stride: usize): void {
  let touched: u32 = 0;
  const end = groups + (count << 2);
  for (; groups < end; groups += 4) touched ^= load<u32>(states + <usize>load<u32>(groups) * stride);
  store<u32>(sink, touched);
}

/** Whether the row has no value: NaN, or null. */
// @ts-ignore: decorator
@inline
function isMissing(value: f64, valid: usize, row: usize): bool {
  return value != value || (valid != 0 && load<u8>(valid + row) == 0);
}

/** What a + b = sum was rounded by (two-sum). */
// @ts-ignore: decorator
@inline
function lowOfSum(a: f64, b: f64, sum: f64): f64 {
  const part = sum - a;
  return a - (sum - part) + (b - part);
}

/** Adds to {high, low}. */
// @ts-ignore: decorator
@inline
function addTo(at: usize, value: f64, rest: f64): void {
  const old = load<f64>(at);
  const sum = old + value;
  store<f64>(at, load<f64>(at, 8) + (lowOfSum(old, value, sum) + rest), 8);
  store<f64>(at, sum);
}

/** The same, without a rest: adding 0 to −0 would turn it. */
// @ts-ignore: decorator
@inline
function addOne(at: usize, value: f64): void {
  const old = load<f64>(at);
  const sum = old + value;
  store<f64>(at, load<f64>(at, 8) + lowOfSum(old, value, sum), 8);
  store<f64>(at, sum);
}

/** Adds each value to its group's {high, low}. */
export function sumGroups(groups: usize, values: usize, valid: usize, count: usize, states: usize, stride: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const value = load<f64>(values + (i << 3));
    if (isMissing(value, valid, i)) continue;
    const at = states + <usize>load<u32>(groups + (i << 2)) * stride;
    addOne(at, value);
  }
}

/** The same, and counts the values: {high, low, count}. */
export function meanGroups(groups: usize, values: usize, valid: usize, count: usize, states: usize, stride: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const value = load<f64>(values + (i << 3));
    if (isMissing(value, valid, i)) continue;
    const at = states + <usize>load<u32>(groups + (i << 2)) * stride;
    addOne(at, value);
    store<f64>(at, load<f64>(at, 16) + 1, 16);
  }
}

/** Counts each group's values, or rows, where `values` is 0. */
export function countGroups(groups: usize, values: usize, valid: usize, count: usize, states: usize, stride: usize): void {
  for (let i: usize = 0; i < count; i++) {
    if (isMissing(values ? load<f64>(values + (i << 3)) : 0, valid, i)) continue;
    const at = states + <usize>load<u32>(groups + (i << 2)) * stride;
    store<f64>(at, load<f64>(at) + 1);
  }
}

/** Keeps each group's largest value, with `most`, or its smallest; a group's NaN means that there was none yet. */
export function extremeGroups(groups: usize, values: usize, valid: usize, count: usize, states: usize, stride: usize, most: bool): void {
  for (let i: usize = 0; i < count; i++) {
    const value = load<f64>(values + (i << 3));
    if (isMissing(value, valid, i)) continue;
    const at = states + <usize>load<u32>(groups + (i << 2)) * stride;
    const old = load<f64>(at);
    if (old != old || (most ? value > old : value < old)) store<f64>(at, value);
  }
}

/** Keeps each group's `n` largest values, with `most`, or smallest, best first; NaN where there are not so many. */
export function rankGroups(groups: usize, values: usize, valid: usize, count: usize, states: usize, stride: usize, n: usize, most: bool): void {
  for (let i: usize = 0; i < count; i++) {
    const value = load<f64>(values + (i << 3));
    if (isMissing(value, valid, i)) continue;
    const first = states + <usize>load<u32>(groups + (i << 2)) * stride;
    let at = first + ((n - 1) << 3);
    const worst = load<f64>(at);
    if (worst == worst && (most ? worst >= value : worst <= value)) continue;
    for (; at > first; at -= 8) {
      const before = load<f64>(at - 8);
      if (before == before && (most ? before >= value : before <= value)) break;
      store<f64>(at, before);
    }
    store<f64>(at, value);
  }
}

/** What a · b = product was rounded by (Dekker). */
// @ts-ignore: decorator
@inline
function lowOfProduct(a: f64, b: f64, product: f64): f64 {
  const scaledA = 134217729 * a; // 2^27 + 1
  const scaledB = 134217729 * b;
  const ah = scaledA - (scaledA - a);
  const bh = scaledB - (scaledB - b);
  const al = a - ah;
  const bl = b - bh;
  return al * bl - (product - ah * bh - al * bh - ah * bl);
}

// @ts-ignore: decorator
@inline
function pivotOf(value: f64): f64 {
  return isFinite<f64>(value) ? value : 0;
}

/** {count, pivot, sum of distances, its low part, sum of their squares, its low part}. */
export function momentGroups(groups: usize, values: usize, valid: usize, count: usize, states: usize, stride: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const value = load<f64>(values + (i << 3));
    if (isMissing(value, valid, i)) continue;
    const at = states + <usize>load<u32>(groups + (i << 2)) * stride;
    const n = load<f64>(at);
    if (n == 0) store<f64>(at, pivotOf(value), 8);
    store<f64>(at, n + 1);
    const pivot = -load<f64>(at, 8);
    const d = value + pivot;
    const e = lowOfSum(value, pivot, d);
    addTo(at + 16, d, e);
    const square = d * d;
    const scaled = 134217729 * d;
    const dh = scaled - (scaled - d);
    const dl = d - dh;
    addTo(at + 32, square, dl * dl - (square - dh * dh - 2 * dh * dl) + 2 * d * e);
  }
}

/** {count, two pivots, and sums of x, y, xy, x² and y² of the distances, each in two parts}. */
export function comomentGroups(groups: usize, x: usize, y: usize, validX: usize, validY: usize, count: usize, states: usize, stride: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const a = load<f64>(x + (i << 3));
    const b = load<f64>(y + (i << 3));
    if (isMissing(a, validX, i) || isMissing(b, validY, i)) continue;
    const at = states + <usize>load<u32>(groups + (i << 2)) * stride;
    const n = load<f64>(at);
    if (n == 0) {
      store<f64>(at, pivotOf(a), 8);
      store<f64>(at, pivotOf(b), 16);
    }
    store<f64>(at, n + 1);
    const pivotX = -load<f64>(at, 8);
    const pivotY = -load<f64>(at, 16);
    const ah = a + pivotX;
    const bh = b + pivotY;
    const al = lowOfSum(a, pivotX, ah);
    const bl = lowOfSum(b, pivotY, bh);
    addTo(at + 24, ah, al);
    addTo(at + 40, bh, bl);
    const product = ah * bh;
    const squareX = ah * ah;
    const squareY = bh * bh;
    addTo(at + 56, product, lowOfProduct(ah, bh, product) + (ah * bl + al * bh));
    addTo(at + 72, squareX, lowOfProduct(ah, ah, squareX) + 2 * ah * al);
    addTo(at + 88, squareY, lowOfProduct(bh, bh, squareY) + 2 * bh * bl);
  }
}
