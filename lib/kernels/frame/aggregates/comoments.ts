import type { AggregateNode } from "../../../collections/aggregate.ts";
import type { VectorMemory } from "../vector-memory.ts";
import type { Column } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";
import { centredSquares, ddofOf } from "./moments.ts";
import { floatsOf, numbersOf, room, slots } from "./slots.ts";
import { addTwice, multiplyTwice, twoProduct, twoSum, type Twice } from "./twice.ts";

/** The sums kept, each as a high and a low part: of x, y, xy, x² and y², all of distances from pivots. */
const SUMS = 5;
const [COUNT, PIVOT_X, PIVOT_Y, FIRST_SUM] = [0, 1, 2, 3];
const STATES = FIRST_SUM + 2 * SUMS;

/** What covariance and correlation need of the rows where both columns have a value; see moments.ts for the pivots. */
export class Comoments implements Aggregator {
  readonly #states = Array.from({ length: STATES }, () => new Float64Array(0));

  update(groups: Int32Array, column: Column | undefined, count: number, _memory?: VectorMemory, other?: Column): void {
    this.#room(count);
    const [x, y] = [floatsOf(column), floatsOf(other)];
    const [validX, validY] = [numbersOf(column).valid, numbersOf(other).valid];
    for (let i = 0; i < groups.length; i++) {
      const [a, b] = [x[i], y[i]];
      if (a !== a || b !== b || (validX !== undefined && validX[i] === 0) || (validY !== undefined && validY[i] === 0))
        continue;
      this.#add(groups[i], a, b);
    }
  }

  absorb(other: Column[], groups: Int32Array, count: number): void {
    this.#room(count);
    const states = other.map(floatsOf);
    for (let i = 0; i < groups.length; i++) {
      const g = groups[i];
      const n = states[COUNT][i];
      if (n === 0) continue;
      const own = this.#states;
      if (own[COUNT][g] === 0) {
        own[PIVOT_X][g] = states[PIVOT_X][i];
        own[PIVOT_Y][g] = states[PIVOT_Y][i];
      }
      const shiftX = twoSum(states[PIVOT_X][i], -own[PIVOT_X][g]);
      const shiftY = twoSum(states[PIVOT_Y][i], -own[PIVOT_Y][g]);
      const [x, y, xy, xx, yy] = Array.from({ length: SUMS }, (_, k): Twice => [
        states[FIRST_SUM + 2 * k][i],
        states[FIRST_SUM + 2 * k + 1][i],
      ]);
      const movedX = addTwice(x, multiplyTwice([n, 0], shiftX));
      const movedY = addTwice(y, multiplyTwice([n, 0], shiftY));
      // Σ(x + s)(y + t) = Σxy + tΣx + sΣ(y + t)
      const moved = [
        movedX,
        movedY,
        addTwice(xy, addTwice(multiplyTwice(shiftY, x), multiplyTwice(shiftX, movedY))),
        addTwice(xx, multiplyTwice(shiftX, addTwice(x, movedX))),
        addTwice(yy, multiplyTwice(shiftY, addTwice(y, movedY))),
      ];
      own[COUNT][g] += n;
      moved.forEach((sum, k) => this.#setSum(g, k, addTwice(this.#sum(g, k), sum)));
    }
  }

  state(count: number): Column[] {
    this.#room(count);
    return this.#states.map((array) => ({ type: "float64", values: slots(array, count) }));
  }

  result(count: number, { kind, params }: AggregateNode): Column {
    this.#room(count);
    const ddof = kind === "cov" ? ddofOf(params) : 1;
    const values = new Float64Array(count).fill(NaN);
    const valid = new Uint8Array(count);
    for (let g = 1; g <= count; g++) {
      const n = this.#states[COUNT][g];
      if (n <= ddof) continue;
      const [x, y, xy, xx, yy] = Array.from({ length: SUMS }, (_, k) => this.#sum(g, k));
      const together = centredSquares(n, x, y, xy);
      if (kind === "cov") values[g - 1] = together / (n - ddof);
      else {
        const [squaresX, squaresY] = [centredSquares(n, x, x, xx), centredSquares(n, y, y, yy)];
        if (squaresX <= 0 || squaresY <= 0) continue;
        const divisor = Math.sqrt(squaresX * squaresY);
        const ratio =
          divisor > 0 && divisor < Infinity ? together / divisor : together / Math.sqrt(squaresX) / Math.sqrt(squaresY);
        values[g - 1] = Math.max(-1, Math.min(1, ratio));
      }
      valid[g - 1] = 1;
    }
    return { type: "float64", values, valid: valid.includes(0) ? valid : undefined };
  }

  #add(g: number, x: number, y: number): void {
    const states = this.#states;
    if (states[COUNT][g]++ === 0) {
      states[PIVOT_X][g] = Number.isFinite(x) ? x : 0;
      states[PIVOT_Y][g] = Number.isFinite(y) ? y : 0;
    }
    const a = twoSum(x, -states[PIVOT_X][g]);
    const b = twoSum(y, -states[PIVOT_Y][g]);
    this.#addTo(g, 0, a[0], a[1]);
    this.#addTo(g, 1, b[0], b[1]);
    this.#addProduct(g, 2, a, b);
    this.#addProduct(g, 3, a, a);
    this.#addProduct(g, 4, b, b);
  }

  #addProduct(g: number, k: number, a: Twice, b: Twice): void {
    const [high, low] = twoProduct(a[0], b[0]);
    this.#addTo(g, k, high, low + (a[0] * b[1] + a[1] * b[0]));
  }

  #addTo(g: number, k: number, value: number, rest: number): void {
    const [high, low] = [this.#states[FIRST_SUM + 2 * k], this.#states[FIRST_SUM + 2 * k + 1]];
    const old = high[g];
    const sum = old + value;
    const part = sum - old;
    low[g] += old - (sum - part) + (value - part) + rest;
    high[g] = sum;
  }

  #sum(g: number, k: number): Twice {
    return [this.#states[FIRST_SUM + 2 * k][g], this.#states[FIRST_SUM + 2 * k + 1][g]];
  }

  #setSum(g: number, k: number, [high, low]: Twice): void {
    this.#states[FIRST_SUM + 2 * k][g] = high;
    this.#states[FIRST_SUM + 2 * k + 1][g] = low;
  }

  #room(count: number): void {
    for (let k = 0; k < STATES; k++) this.#states[k] = room(this.#states[k], count);
  }
}
