import { infoOf } from "../../collections/array/dtype.ts";
import type { Arena } from "./arena.ts";
import type { Of } from "./views.ts";

/** A vector at a time straight from the generator: not where the numbers are made as int64 and cast. */
export function streamable({ distribution, dtype }: Of<"random">): boolean {
  return distribution.kind !== "integers" || dtype === "int64";
}

/** Numbers drawn in one call: even, as generators of uniform numbers take turns. The engine's first code is slow, and a call that runs never gets better code. */
const PIECE = 1 << 14;

/** The numbers of one chunk, in C order: they depend on the seed and the chunk's index, and on nothing else. */
export class StandardStream {
  readonly #arena: Arena;
  readonly #node: Of<"random">;
  readonly #state: number;

  constructor(arena: Arena, node: Of<"random">, chunk: number) {
    this.#arena = arena;
    this.#node = node;
    this.#state = arena.bytes(64);
    const { seed } = node;
    arena.kernel.wasm.seedstream(
      this.#state,
      (seed % 2 ** 32) | 0,
      Math.floor(seed / 2 ** 32),
      chunk | 0,
      Math.floor(chunk / 2 ** 32),
    );
  }

  next(address: number, n: number): void {
    const width = infoOf(this.#node.dtype).bytes;
    for (let done = 0; done < n; done += PIECE) this.#piece(address + done * width, Math.min(PIECE, n - done));
  }

  #piece(address: number, n: number): void {
    const { kernel } = this.#arena;
    const { distribution, dtype } = this.#node;
    if (distribution.kind !== "integers") {
      kernel.loop(`${distribution.kind}_${infoOf(dtype).code}`)(this.#state, address, n);
      return;
    }
    const low = BigInt(distribution.low);
    const range = BigInt(distribution.high) - low;
    if (dtype === "int64") {
      kernel.wasm.integers_i64(this.#state, low, range, address, n);
      return;
    }
    const wide = this.#arena.bytes(8 * n);
    kernel.wasm.integers_i64(this.#state, low, range, wide, n);
    kernel.loop(`cast_i64_${infoOf(dtype).code}`)(wide, address, n);
    this.#arena.release({ address: wide });
  }

  release(): void {
    this.#arena.release({ address: this.#state });
  }
}
