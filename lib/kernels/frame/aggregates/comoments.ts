import type { AggregateNode } from "../../../collections/aggregate.ts";
import type { StateRows } from "../groups/state-rows.ts";
import type { VectorMemory } from "../vector-memory.ts";
import type { Column } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";
import { centredSquares, ddofOf } from "./moments.ts";
import { floatsOf, numbersOf } from "./slots.ts";
import type { Twice } from "./twice.ts";

/** A group's slots lie side by side: how many rows, the two pivots, and sums of x, y, xy, x² and y² of distances from them, each in two parts. */
const SUMS = 5;
const [COUNT, PIVOT_X, PIVOT_Y, FIRST_SUM] = [0, 1, 2, 3];
const WIDTH = FIRST_SUM + 2 * SUMS;

/** What covariance and correlation need of the rows where both columns have a value; see moments.ts for the pivots. */
export class Comoments implements Aggregator {
  readonly #rows: StateRows;
  readonly #at: number;

  constructor(rows: StateRows) {
    this.#rows = rows;
    this.#at = rows.claim(WIDTH);
  }

  update(groups: Int32Array, column: Column | undefined, count: number, memory?: VectorMemory, other?: Column): void {
    this.#rows.reserve(count, memory);
    const [validX, validY] = [numbersOf(column).valid, numbersOf(other).valid];
    const [x, y] = [floatsOf(column), floatsOf(other)];
    const vectors = [groups, x, y, validX, validY];
    const added = this.#rows.run(memory, vectors, this.#at, (loops, [g, vx, vy, mx, my], states, stride) =>
      loops.comomentGroups(g, vx, vy, mx, my, groups.length, states, stride),
    );
    if (!added) addPairs(groups, x, y, validX, validY, this.#rows.floats(), this.#rows.stride, this.#at);
  }

  absorb(other: Column[], groups: Int32Array, count: number): void {
    this.#rows.reserve(count);
    mergeAll(groups, other.map(floatsOf), this.#rows.floats(), this.#rows.stride, this.#at);
  }

  state(count: number): Column[] {
    return Array.from({ length: WIDTH }, (_, k) => ({
      type: "float64",
      values: this.#rows.column(this.#at + k, count),
    }));
  }

  result(count: number, { kind, params }: AggregateNode): Column {
    this.#rows.reserve(count);
    const ddof = kind === "cov" ? ddofOf(params) : 1;
    const values = new Float64Array(count).fill(NaN);
    const valid = new Uint8Array(count);
    const [floats, stride] = [this.#rows.floats(), this.#rows.stride];
    for (let i = 0; i < count; i++) {
      const at = stride * (i + 1) + this.#at;
      const slots = floats.subarray(at, at + WIDTH);
      if (slots[COUNT] <= ddof) continue;
      const value = kind === "cov" ? covarianceOf(slots, ddof) : correlationOf(slots);
      if (value === undefined) continue;
      values[i] = value;
      valid[i] = 1;
    }
    return { type: "float64", values, valid: valid.includes(0) ? valid : undefined };
  }
}

function covarianceOf(slots: Float64Array, ddof: number): number {
  const [x, y, xy] = sumsOf(slots);
  return centredSquares(slots[COUNT], x, y, xy) / (slots[COUNT] - ddof);
}

/** undefined where one side does not vary. */
function correlationOf(slots: Float64Array): number | undefined {
  const n = slots[COUNT];
  const [x, y, xy, xx, yy] = sumsOf(slots);
  const [squaresX, squaresY] = [centredSquares(n, x, x, xx), centredSquares(n, y, y, yy)];
  if (squaresX <= 0 || squaresY <= 0) return undefined;
  const together = centredSquares(n, x, y, xy);
  const divisor = Math.sqrt(squaresX * squaresY);
  const ratio =
    divisor > 0 && divisor < Infinity ? together / divisor : together / Math.sqrt(squaresX) / Math.sqrt(squaresY);
  return Math.max(-1, Math.min(1, ratio));
}

function sumsOf(slots: Float64Array): Twice[] {
  return Array.from({ length: SUMS }, (_, k): Twice => [slots[FIRST_SUM + 2 * k], slots[FIRST_SUM + 2 * k + 1]]);
}

/** Takes the slots of another state in, a column each, moved to the pivots of ours. As `addTwice` and `multiplyTwice` reckon, but without an object for each number. */
function mergeAll(
  groups: Int32Array,
  theirs: readonly Float64Array[],
  slots: Float64Array,
  stride: number,
  first: number,
): void {
  const [counts, pivotsX, pivotsY, xs, xl, ys, yl, xys, xyl, xxs, xxl, yys, yyl] = theirs;
  for (let i = 0; i < groups.length; i++) {
    const n = counts[i];
    if (!(n > 0)) continue;
    const at = groups[i] * stride + first;
    // To the bit, so that a state that was encoded is decoded as it was.
    if (slots[at] === 0) {
      for (let k = 0; k < WIDTH; k++) slots[at + k] = theirs[k][i];
      continue;
    }
    slots[at] += n;
    const sx = pivotsX[i] - slots[at + PIVOT_X];
    const sxl = lowOfSum(pivotsX[i], -slots[at + PIVOT_X], sx);
    const sy = pivotsY[i] - slots[at + PIVOT_Y];
    const syl = lowOfSum(pivotsY[i], -slots[at + PIVOT_Y], sy);
    const nx = times(n, 0, sx, sxl);
    const mx = plus(xs[i], xl[i], nx, rest);
    const mxl = rest;
    const ny = times(n, 0, sy, syl);
    const my = plus(ys[i], yl[i], ny, rest);
    const myl = rest;
    addPart(slots, at + 3, mx, mxl);
    addPart(slots, at + 5, my, myl);
    // Σ(x + s)(y + t) = Σxy + tΣx + sΣ(y + t)
    const tx = times(sy, syl, xs[i], xl[i]);
    const txl = rest;
    const smy = times(sx, sxl, my, myl);
    const cross = plus(tx, txl, smy, rest);
    const xy = plus(xys[i], xyl[i], cross, rest);
    addPart(slots, at + 7, xy, rest);
    const bothX = plus(xs[i], xl[i], mx, mxl);
    const growX = times(sx, sxl, bothX, rest);
    const xx = plus(xxs[i], xxl[i], growX, rest);
    addPart(slots, at + 9, xx, rest);
    const bothY = plus(ys[i], yl[i], my, myl);
    const growY = times(sy, syl, bothY, rest);
    const yy = plus(yys[i], yyl[i], growY, rest);
    addPart(slots, at + 11, yy, rest);
  }
}

/** The low part of what `plus` or `times` gave last. */
let rest = 0;

/** (a + al) + (b + bl) in twice the precision. */
function plus(a: number, al: number, b: number, bl: number): number {
  const high = a + b;
  return renormalised(high, lowOfSum(a, b, high) + al + bl);
}

/** (a + al) · (b + bl) in twice the precision. */
function times(a: number, al: number, b: number, bl: number): number {
  const high = a * b;
  return renormalised(high, lowOfProduct(a, b, high) + (a * bl + al * b));
}

function renormalised(high: number, low: number): number {
  if (!Number.isFinite(high)) {
    rest = 0;
    return high;
  }
  const sum = high + low;
  rest = lowOfSum(high, low, sum);
  return sum;
}

function addPart(slots: Float64Array, at: number, value: number, low: number): void {
  slots[at] = plus(slots[at], slots[at + 1], value, low);
  slots[at + 1] = rest;
}

/** Stands alone, with arrays for arguments only: inside the class the same lines take twice the time. */
function addPairs(
  groups: Int32Array,
  x: Float64Array,
  y: Float64Array,
  validX: Uint8Array | undefined,
  validY: Uint8Array | undefined,
  slots: Float64Array,
  stride: number,
  first: number,
): void {
  for (let i = 0; i < groups.length; i++) {
    const [a, b] = [x[i], y[i]];
    if (a !== a || b !== b || (validX !== undefined && validX[i] === 0) || (validY !== undefined && validY[i] === 0))
      continue;
    const at = groups[i] * stride + first;
    if (slots[at]++ === 0) {
      slots[at + PIVOT_X] = Number.isFinite(a) ? a : 0;
      slots[at + PIVOT_Y] = Number.isFinite(b) ? b : 0;
    }
    const pivotX = -slots[at + PIVOT_X];
    const pivotY = -slots[at + PIVOT_Y];
    const ah = a + pivotX;
    const bh = b + pivotY;
    const al = lowOfSum(a, pivotX, ah);
    const bl = lowOfSum(b, pivotY, bh);
    addTo(slots, at + 3, ah, al);
    addTo(slots, at + 5, bh, bl);
    const [product, squareX, squareY] = [ah * bh, ah * ah, bh * bh];
    addTo(slots, at + 7, product, lowOfProduct(ah, bh, product) + (ah * bl + al * bh));
    addTo(slots, at + 9, squareX, lowOfProduct(ah, ah, squareX) + 2 * ah * al);
    addTo(slots, at + 11, squareY, lowOfProduct(bh, bh, squareY) + 2 * bh * bl);
  }
}

function addTo(slots: Float64Array, at: number, value: number, rest: number): void {
  const old = slots[at];
  const sum = old + value;
  slots[at + 1] += lowOfSum(old, value, sum) + rest;
  slots[at] = sum;
}

/** What a + b = sum was rounded by. */
function lowOfSum(a: number, b: number, sum: number): number {
  const part = sum - a;
  return a - (sum - part) + (b - part);
}

/** What a · b = product was rounded by. */
function lowOfProduct(a: number, b: number, product: number): number {
  const scaledA = 134217729 * a; // 2^27 + 1
  const scaledB = 134217729 * b;
  const ah = scaledA - (scaledA - a);
  const bh = scaledB - (scaledB - b);
  const [al, bl] = [a - ah, b - bh];
  return al * bl - (product - ah * bh - al * bh - ah * bl);
}
