import type { AggregateNode } from "../../../collections/aggregate.ts";
import type { VectorMemory } from "../vector-memory.ts";
import type { Column } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";
import { centredSquares, ddofOf } from "./moments.ts";
import { floatsOf, numbersOf } from "./slots.ts";
import { addTwice, multiplyTwice, twoSum, type Twice } from "./twice.ts";

/** A group's slots lie side by side: how many rows, the two pivots, and sums of x, y, xy, x² and y² of distances from them, each in two parts. */
const SUMS = 5;
const [COUNT, PIVOT_X, PIVOT_Y, FIRST_SUM] = [0, 1, 2, 3];
const WIDTH = FIRST_SUM + 2 * SUMS;

/** What covariance and correlation need of the rows where both columns have a value; see moments.ts for the pivots. */
export class Comoments implements Aggregator {
  #slots = new Float64Array(0);

  update(groups: Int32Array, column: Column | undefined, count: number, _memory?: VectorMemory, other?: Column): void {
    this.#room(count);
    const [validX, validY] = [numbersOf(column).valid, numbersOf(other).valid];
    addPairs(groups, floatsOf(column), floatsOf(other), validX, validY, this.#slots);
  }

  absorb(other: Column[], groups: Int32Array, count: number): void {
    this.#room(count);
    const columns = other.map(floatsOf);
    const theirs = new Float64Array(WIDTH);
    for (let i = 0; i < groups.length; i++) {
      for (let k = 0; k < WIDTH; k++) theirs[k] = columns[k][i];
      if (theirs[COUNT] > 0) merge(this.#slots.subarray(WIDTH * groups[i], WIDTH * (groups[i] + 1)), theirs);
    }
  }

  state(count: number): Column[] {
    this.#room(count);
    return Array.from({ length: WIDTH }, (_, k) => ({
      type: "float64",
      values: Float64Array.from({ length: count }, (_v, i) => this.#slots[WIDTH * (i + 1) + k]),
    }));
  }

  result(count: number, { kind, params }: AggregateNode): Column {
    this.#room(count);
    const ddof = kind === "cov" ? ddofOf(params) : 1;
    const values = new Float64Array(count).fill(NaN);
    const valid = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const slots = this.#slots.subarray(WIDTH * (i + 1), WIDTH * (i + 2));
      if (slots[COUNT] <= ddof) continue;
      const value = kind === "cov" ? covarianceOf(slots, ddof) : correlationOf(slots);
      if (value === undefined) continue;
      values[i] = value;
      valid[i] = 1;
    }
    return { type: "float64", values, valid: valid.includes(0) ? valid : undefined };
  }

  #room(count: number): void {
    if (this.#slots.length >= WIDTH * (count + 1)) return;
    const larger = new Float64Array(WIDTH * Math.max(64, 2 * count + 2));
    larger.set(this.#slots);
    this.#slots = larger;
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

/** Takes a group's slots of another state in, moved to the pivots of `own`. */
function merge(own: Float64Array, theirs: Float64Array): void {
  if (own[COUNT] === 0) [own[PIVOT_X], own[PIVOT_Y]] = [theirs[PIVOT_X], theirs[PIVOT_Y]];
  const n: Twice = [theirs[COUNT], 0];
  const shiftX = twoSum(theirs[PIVOT_X], -own[PIVOT_X]);
  const shiftY = twoSum(theirs[PIVOT_Y], -own[PIVOT_Y]);
  const [x, y, xy, xx, yy] = sumsOf(theirs);
  const movedX = addTwice(x, multiplyTwice(n, shiftX));
  const movedY = addTwice(y, multiplyTwice(n, shiftY));
  // Σ(x + s)(y + t) = Σxy + tΣx + sΣ(y + t)
  const moved = [
    movedX,
    movedY,
    addTwice(xy, addTwice(multiplyTwice(shiftY, x), multiplyTwice(shiftX, movedY))),
    addTwice(xx, multiplyTwice(shiftX, addTwice(x, movedX))),
    addTwice(yy, multiplyTwice(shiftY, addTwice(y, movedY))),
  ];
  own[COUNT] += theirs[COUNT];
  sumsOf(own).forEach((sum, k) => {
    [own[FIRST_SUM + 2 * k], own[FIRST_SUM + 2 * k + 1]] = addTwice(sum, moved[k]);
  });
}

/** Stands alone, with arrays for arguments only: inside the class the same lines take twice the time. */
function addPairs(
  groups: Int32Array,
  x: Float64Array,
  y: Float64Array,
  validX: Uint8Array | undefined,
  validY: Uint8Array | undefined,
  slots: Float64Array,
): void {
  for (let i = 0; i < groups.length; i++) {
    const [a, b] = [x[i], y[i]];
    if (a !== a || b !== b || (validX !== undefined && validX[i] === 0) || (validY !== undefined && validY[i] === 0))
      continue;
    const at = WIDTH * groups[i];
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
