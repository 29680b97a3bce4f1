import { infoOf, viewOf, type DType, type TypedArrayOf } from "../../collections/array/dtype.ts";
import { InternalError } from "../../errors.ts";
import { sizeOf, type Shape } from "../../collections/array/shape.ts";
import type { ArrayKernel } from "./wasm.ts";

/** An array in the kernel's memory, in C order. Whoever has it from the evaluator owns it: releases it, or passes it on. */
export interface Block {
  readonly dtype: DType;
  readonly shape: Shape;
  /** In bytes. */
  readonly address: number;
}

/** The memory of one task: what it has not given back by the end, goes then. */
export class Arena {
  readonly kernel: ArrayKernel;
  #live = new Set<number>();
  /** What stays until the task has ended, whoever gives it back. */
  readonly #kept = new Set<number>();

  constructor(kernel: ArrayKernel) {
    this.kernel = kernel;
  }

  /** Elements are whatever lay there. */
  block(dtype: DType, shape: Shape): Block {
    return { dtype, shape, address: this.bytes(sizeOf(shape) * infoOf(dtype).bytes) };
  }

  /** Elements are 0. */
  zeros(dtype: DType, shape: Shape): Block {
    const block = this.block(dtype, shape);
    // Not by a view: of shared memory that would go byte by byte.
    this.kernel.fill("u8")(0, block.address, sizeOf(shape) * infoOf(dtype).bytes);
    return block;
  }

  bytes(count: number): number {
    const address = this.kernel.allocate(Math.max(16, count));
    this.#live.add(address);
    return address;
  }

  release({ address }: { readonly address: number }): void {
    if (this.#live.delete(address)) this.kernel.release(address);
  }

  /** The block is to stay: to release it has no effect from here on. */
  keep({ address }: Block): void {
    if (this.#live.delete(address)) this.#kept.add(address);
  }

  /** Calls `work`, which waits for nothing: what it takes and does not give back goes when it returns. */
  within(work: () => void): void {
    const before = this.#live;
    const own = new Set<number>();
    this.#live = own;
    try {
      work();
    } finally {
      this.#live = before;
      for (const address of own) this.kernel.release(address);
    }
  }

  /** Good until something is allocated. */
  view<D extends DType>(dtype: D, address: number, length: number): TypedArrayOf[D] {
    return viewOf(dtype, this.kernel.memory.buffer, address, length);
  }

  /** The block's bytes, copied out. */
  copyOut(block: Block): Uint8Array<ArrayBuffer> {
    const bytes = sizeOf(block.shape) * infoOf(block.dtype).bytes;
    return new Uint8Array(this.kernel.memory.buffer, block.address, bytes).slice() as Uint8Array<ArrayBuffer>; // a copy has a buffer of its own
  }

  /** A block of bytes that lie elsewhere. @throws InternalError where they are not as many: the rest would be whatever lay there */
  copyIn(dtype: DType, shape: Shape, bytes: Uint8Array): Block {
    const expected = sizeOf(shape) * infoOf(dtype).bytes;
    if (bytes.byteLength !== expected)
      throw new InternalError(`A block of ${expected} bytes was to be made of ${bytes.byteLength}.`);
    const block = this.block(dtype, shape);
    new Uint8Array(this.kernel.memory.buffer, block.address, bytes.byteLength).set(bytes);
    return block;
  }

  close(): void {
    for (const addresses of [this.#live, this.#kept]) {
      for (const address of addresses) this.kernel.release(address);
      addresses.clear();
    }
  }
}
