/**
 * A piece of a WebAssembly memory where the vectors of a task's expressions and groups may lie, beside its columns, and the loops over
 * them that are compiled ahead. In JavaScript the same loops take two to three times as long, and much longer until the engine has compiled
 * them: which is what a first run feels.
 *
 * It may always be done without: a batch need not have one, and where it has no room left, or an array lies elsewhere, the loops in JavaScript
 * do the same. The bits are the same as well.
 */

/** All arguments are addresses in bytes and counts of rows; see ../csv/assembly, vectors.ts, groups.ts and lookups.ts. */
export interface VectorLoops {
  readonly memory: WebAssembly.Memory;
  addVectors: BinaryLoop;
  subVectors: BinaryLoop;
  mulVectors: BinaryLoop;
  divVectors: BinaryLoop;
  touchGroups(groups: number, count: number, states: number, stride: number): void;
  sumGroups: GroupLoop;
  meanGroups: GroupLoop;
  countGroups: GroupLoop;
  momentGroups: GroupLoop;
  extremeGroups(...args: [...GroupArguments, most: boolean]): void;
  rankGroups(...args: [...GroupArguments, n: number, most: boolean]): void;
  comomentGroups(
    groups: number,
    x: number,
    y: number,
    validX: number,
    validY: number,
    count: number,
    states: number,
    stride: number,
  ): void;
  lookUpCodes(codes: number, count: number, table: number, size: number, out: number): number;
  lookUpValues(values: number, count: number, table: number, size: number, out: number): number;
  lookUpPairs(
    left: number,
    right: number,
    count: number,
    table: number,
    bits: number,
    lefts: number,
    out: number,
  ): number;
  dictionaryNew(): number;
  dictionaryFree(dictionary: number): void;
  dictionaryBytes(dictionary: number): number;
  dictionaryCount(dictionary: number): number;
  dictionaryEntries(dictionary: number): number;
  dictionaryPack(dictionary: number, offsets: number, data: number): void;
  codesOfTexts(dictionary: number, ends: number, count: number, out: number): number;
}
type GroupArguments = [
  groups: number,
  values: number,
  valid: number,
  count: number,
  /** Where the state of group 0 begins, and the bytes from one to the next. */
  states: number,
  stride: number,
];
type GroupLoop = (...args: GroupArguments) => void;
type BinaryLoop = (a: number, b: number, out: number, count: number) => void;

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

/** Pieces of a range of addresses, multiples of 64 bytes: the first gap that is large enough is taken. */
class Pieces {
  /** In order of their addresses, and none beside another. */
  #gaps: { address: number; bytes: number }[];

  constructor(address: number, bytes: number) {
    const start = Math.ceil(address / 64) * 64;
    this.#gaps = [{ address: start, bytes: Math.max(0, address + bytes - start) }];
  }

  take(bytes: number): number | undefined {
    const gap = this.#gaps.find((candidate) => candidate.bytes >= bytes);
    if (gap === undefined) return undefined;
    const { address } = gap;
    gap.address += bytes;
    gap.bytes -= bytes;
    return address;
  }

  giveBack(address: number, bytes: number): void {
    const gaps = [...this.#gaps, { address, bytes }].sort((a, b) => a.address - b.address);
    this.#gaps = [];
    for (const gap of gaps) {
      const before = this.#gaps.at(-1);
      if (before !== undefined && before.address + before.bytes === gap.address) before.bytes += gap.bytes;
      else this.#gaps.push(gap);
    }
  }
}

/** Bytes that grow and keep what they hold: in the memory of the batches that come, if that has room, else in JavaScript's. */
export class Lasting {
  #memory: VectorMemory | undefined;
  #address = 0;
  #own = new ArrayBuffer(0);
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Where they begin; undefined where they lie in JavaScript's memory. */
  get address(): number | undefined {
    return this.#memory === undefined ? undefined : this.#address;
  }

  /** Room for so many bytes: what they held before, then zeros. Views on them are to be made anew. */
  reserve(bytes: number, memory: VectorMemory | undefined): void {
    if (bytes <= this.#bytes) return;
    const room = Math.ceil(bytes / 64) * 64;
    // What once lies in JavaScript's memory stays there.
    const home = this.#bytes === 0 ? memory : this.#memory;
    const address = home?.allocate(room);
    const own = address === undefined ? new ArrayBuffer(room) : this.#own;
    const held = this.#view(Uint8Array, this.#bytes);
    const larger =
      home === undefined || address === undefined
        ? new Uint8Array(own)
        : new Uint8Array(home.loops.memory.buffer, address, room);
    larger.set(held);
    if (address !== undefined) larger.fill(0, held.length);
    if (this.#memory !== undefined) this.#memory.release(this.#address, this.#bytes);
    this.#memory = address === undefined ? undefined : home;
    this.#address = address ?? 0;
    this.#own = own;
    this.#bytes = room;
  }

  floats(): Float64Array {
    return this.#view(Float64Array, this.#bytes / 8);
  }

  words(): Int32Array {
    return this.#view(Int32Array, this.#bytes / 4);
  }

  #view<T>(View: new (buffer: ArrayBufferLike, at: number, length: number) => T, length: number): T {
    return new View(this.#memory?.loops.memory.buffer ?? this.#own, this.#address, length);
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
