import type { VectorMemory } from "./vector-memory.ts";

/** Pieces of a range of addresses, multiples of 64 bytes: the first gap that is large enough is taken. */
export class Pieces {
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
