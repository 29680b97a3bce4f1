/**
 * A piece of a WebAssembly memory where the vectors of a task's expressions and groups may lie, beside its columns, and the loops over
 * them that are compiled ahead. In JavaScript the same loops take two to three times as long, and much longer until the engine has compiled
 * them: which is what a first run feels.
 *
 * It may always be done without: a batch need not have one, and where it has no room left, or an array lies elsewhere, the loops in JavaScript
 * do the same. The bits are the same as well.
 */

/** All arguments are addresses in bytes and counts of rows; see ../csv/assembly/vectors.ts. */
export interface VectorLoops {
  readonly memory: WebAssembly.Memory;
  addVectors: BinaryLoop;
  subVectors: BinaryLoop;
  mulVectors: BinaryLoop;
  divVectors: BinaryLoop;
  sumGroups(groups: number, values: number, valid: number, count: number, pairs: number): void;
  countGroups(groups: number, values: number, valid: number, count: number, counts: number): void;
  extremeGroups(groups: number, values: number, valid: number, count: number, best: number, most: boolean): void;
}
type BinaryLoop = (a: number, b: number, out: number, count: number) => void;

/** Bytes: thirty vectors of a usual block's rows. */
export const VECTOR_BYTES = 1024 * 1024;

export class VectorMemory {
  readonly loops: VectorLoops;
  #free: number;
  readonly #end: number;

  /** `address`: of `VECTOR_BYTES` that are this one's alone. */
  constructor(loops: VectorLoops, address: number) {
    this.loops = loops;
    this.#free = (address + 15) & ~15;
    this.#end = address + VECTOR_BYTES;
  }

  /** Whether the array lies where the loops can reach it. The memory may have moved since it was made: then it does not. */
  holds(array: Float64Array | Int32Array | Uint8Array | BigInt64Array | undefined): boolean {
    return array === undefined || array.buffer === this.loops.memory.buffer;
  }

  /** The address of `bytes` that stay reserved; undefined where there is no room. */
  reserve(bytes: number): number | undefined {
    const address = this.#free;
    if (address + bytes > this.#end) return undefined;
    this.#free = (address + bytes + 15) & ~15;
    return address;
  }
}

/** A vector of f64 that is used again for each batch: in the batch's memory if that has room, else in JavaScript's. */
export class FloatVector {
  #memory: VectorMemory | undefined;
  #address: number | undefined;
  #room = 0;
  #own = new Float64Array(0);

  /** Room for n values: what they are, is undefined. Good until the next call. */
  take(n: number, memory: VectorMemory | undefined): Float64Array {
    if (memory !== undefined) {
      if (memory !== this.#memory || n > this.#room) {
        this.#room = Math.ceil(n * 1.25);
        this.#address = memory.reserve(8 * this.#room);
        this.#memory = memory;
      }
      // Made anew each time, since the memory may have moved.
      if (this.#address !== undefined) return new Float64Array(memory.loops.memory.buffer, this.#address, n);
    }
    if (this.#own.length < n) this.#own = new Float64Array(Math.ceil(n * 1.25));
    return this.#own.subarray(0, n);
  }
}

/**
 * Arrays of state by group as the loops take them: copied into the memory, worked on, and copied back. `undefined` where it does not pay (there are
 * nearly as many groups as rows) or a vector lies elsewhere: then nothing was done.
 */
export class GroupSlots {
  readonly #vector = new FloatVector();

  /** `state`: `width` numbers a slot; `slots` of them are in use. */
  lend(
    memory: VectorMemory | undefined,
    vectors: readonly (Float64Array | Int32Array | Uint8Array | undefined)[],
    rows: number,
    slots: number,
    state: Float64Array,
    width: number,
    work: (loops: VectorLoops, address: number) => void,
  ): boolean {
    if (memory === undefined || slots * ROWS_A_SLOT > rows || !vectors.every((array) => memory.holds(array)))
      return false;
    const lent = this.#vector.take(slots * width, memory);
    if (!memory.holds(lent)) return false;
    lent.set(state.subarray(0, slots * width));
    work(memory.loops, lent.byteOffset);
    state.set(lent);
    return true;
  }
}

/** Fewer rows than this for each slot, and copying the states costs more than it saves. */
const ROWS_A_SLOT = 8;
