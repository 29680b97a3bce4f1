import { Lasting } from "../lasting.ts";
import type { VectorLoops } from "../vector-loops.ts";
import type { VectorMemory } from "../vector-memory.ts";

/** What a core has near at hand without being asked before. */
const NEAR_BYTES = 256 * 1024;

type Numbers = Float64Array | Int32Array | Uint8Array;

/**
 * The states of all groups, a row a group: each aggregator has some slots (f64) of every row. With many groups each row of a batch meets another
 * cache line, and so all aggregates meet the same one. Row 0 takes what belongs to no group, and is never read.
 */
export class StateRows {
  readonly #bytes = new Lasting();
  readonly #fills: number[] = [];
  #stride = 0;
  /** Rows that are ready. */
  #rows = 0;

  /** Takes slots of every row, before there is any; new ones hold `fill`. Answers the first one's place in a row. */
  claim(slots: number, fill = 0): number {
    const at = this.#fills.length;
    for (let k = 0; k < slots; k++) this.#fills.push(fill);
    this.#stride = strideOf(this.#fills.length);
    return at;
  }

  /** Slots from one row to the next. */
  get stride(): number {
    return this.#stride;
  }

  /** Rows for groups up to `count`. Arrays that `floats` gave before mean nothing then. */
  reserve(count: number, memory?: VectorMemory): void {
    if (count < this.#rows) return;
    const stride = this.#stride;
    if (8 * stride * (count + 1) > this.#bytes.bytes)
      this.#bytes.reserve(8 * stride * Math.max(64, 2 * count + 2), memory);
    const from = this.#rows;
    this.#rows = count + 1;
    if (!this.#fills.some((fill) => fill !== 0)) return;
    const floats = this.#bytes.floats();
    this.#fills.forEach((fill, k) => {
      if (fill !== 0) for (let row = from; row <= count; row++) floats[row * stride + k] = fill;
    });
  }

  /** The same for all groups there will ever be: with no room for more. */
  reserveAll(count: number): void {
    this.#bytes.reserve(8 * this.#stride * (count + 1), undefined);
    this.reserve(count);
  }

  /** Brings the rows of these groups near, where there are so many that most are not. */
  touch(groups: Int32Array, memory: VectorMemory | undefined): void {
    const { address } = this.#bytes;
    if (memory === undefined || address === undefined || 8 * this.#stride * this.#rows < NEAR_BYTES) return;
    const at = memory.addressOf(groups, 0);
    if (at !== undefined) memory.loops.touchGroups(at, groups.length, address, 8 * this.#stride);
  }

  /** All slots, row by row. Good until `reserve`. */
  floats(): Float64Array {
    return this.#bytes.floats();
  }

  /** Slot `at` of groups 1 … count. */
  column(at: number, count: number): Float64Array<ArrayBuffer> {
    this.reserve(count);
    return everySlot(this.#bytes.floats(), this.#stride, at, count);
  }

  /**
   * Gives a loop that is compiled ahead the addresses of the vectors (0 of one that is not there), of slot `at` of row 0, and the bytes from row to row.
   * False where the states or a vector lie elsewhere: then nothing was done.
   */
  run(
    memory: VectorMemory | undefined,
    vectors: readonly (Numbers | undefined)[],
    at: number,
    loop: (loops: VectorLoops, addresses: readonly number[], states: number, stride: number) => void,
  ): boolean {
    const { address: rows } = this.#bytes;
    if (memory === undefined || rows === undefined) return false;
    const addresses: number[] = [];
    for (const [place, vector] of vectors.entries()) {
      const address = memory.addressOf(vector, place);
      if (address === undefined) return false;
      addresses.push(address);
    }
    loop(memory.loops, addresses, rows + 8 * at, 8 * this.#stride);
    return true;
  }
}

/** Rows begin at cache lines, or parts of one, so that as few as possible lie on two. */
function strideOf(slots: number): number {
  if (slots > 4) return Math.ceil(slots / 8) * 8;
  return slots === 3 ? 4 : slots;
}

/** Stands alone, with arrays for arguments only: inside the class it takes twice the time. */
function everySlot(floats: Float64Array, stride: number, at: number, count: number): Float64Array<ArrayBuffer> {
  const values = new Float64Array(count);
  for (let i = 0, from = stride + at; i < count; i++, from += stride) values[i] = floats[from];
  return values;
}
