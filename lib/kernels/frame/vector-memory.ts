/**
 * A piece of a WebAssembly memory where the vectors of a task's expressions and groups may lie, beside its columns, and the loops over
 * them that are compiled ahead. In JavaScript the same loops take two to three times as long, and much longer until the engine has compiled
 * them: which is what a first run feels.
 *
 * It may always be done without: a batch need not have one, and where it has no room left, or an array lies elsewhere, the loops in JavaScript
 * do the same. The bits are the same as well.
 */

import { Lasting, Pieces } from "./lasting.ts";
import type { VectorLoops } from "./vector-loops.ts";

/** Bytes: thirty vectors of a usual block's rows. */
export const VECTOR_BYTES = 1024 * 1024;
/** Bytes for what lasts as long as a task: states of groups, tables of their numbers. Addresses only, until they are used. */
export const LASTING_BYTES = 64 * 1024 * 1024;

export class VectorMemory {
  readonly loops: VectorLoops;
  #free: number;
  readonly #end: number;
  readonly #lasting: Pieces;
  readonly #copies: Lasting[] = [];

  /** `address`: of `VECTOR_BYTES` that are this one's alone, and `lastingBytes` behind them. */
  constructor(loops: VectorLoops, address: number, lastingBytes = 0) {
    this.loops = loops;
    this.#free = (address + 15) & ~15;
    this.#end = address + VECTOR_BYTES;
    this.#lasting = new Pieces(this.#end, lastingBytes);
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

  /**
   * The address of `bytes` (a multiple of 64; so is the address) that stay until they are released; undefined where there is no room. The memory itself
   * never grows for them: that would take the columns away under the hands of who works on them.
   */
  allocate(bytes: number): number | undefined {
    return this.#lasting.take(bytes);
  }

  release(address: number, bytes: number): void {
    this.#lasting.giveBack(address, bytes);
  }

  /** What `use` gives, with room for `bytes` while it is asked; undefined where there is none. */
  within<T>(bytes: number, use: (address: number) => T): T | undefined {
    const room = Math.ceil(bytes / 64) * 64;
    const address = this.allocate(room);
    if (address === undefined) return undefined;
    const result = use(address);
    this.release(address, room);
    return result;
  }

  /** The address of the array's elements, or of a copy of them, good until the next for the same `place`; undefined where there is no room. */
  addressOf(array: Float64Array | Int32Array | Uint8Array | undefined, place: number): number | undefined {
    if (array === undefined) return 0;
    if (this.holds(array)) return array.byteOffset;
    const copy = (this.#copies[place] ??= new Lasting());
    copy.reserve(array.byteLength, this);
    const { address } = copy;
    if (address === undefined) return undefined;
    new Uint8Array(this.loops.memory.buffer, address).set(
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    );
    return address;
  }
}

/** A vector of f64 that is used again for each batch: in the batch's memory if that has room, else in JavaScript's. */
export class FloatVector {
  #memory: VectorMemory | undefined;
  #address: number | undefined;
  #room = 0;
  #own = new Float64Array(0);

  /** Room for n i32, as `take`. */
  takeWords(n: number, memory: VectorMemory | undefined): Int32Array {
    const { buffer, byteOffset } = this.take(Math.ceil(n / 2), memory);
    return new Int32Array(buffer, byteOffset, n);
  }

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
