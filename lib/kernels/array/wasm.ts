import { ARRAY_KERNEL_BASE64 } from "./array.wasm.ts";
import { InternalError } from "../../errors.ts";
import { GEMM_RELAXED_BASE64 } from "./gemm-relaxed.wasm.ts";
import { GEMM_BASE64 } from "./gemm.wasm.ts";
import type { ArrayKernelExports, MatrixKernelExports } from "./signatures.ts";

/** Pages of 64 KiB: all that WebAssembly can address. */
const MOST_PAGES = 65_536;
const FIRST_PAGES = 16;

/** Any of the kernel's functions: which arguments it takes, its name tells. */
type Loop = (...args: (number | bigint)[]) => void;

/**
 * The array kernel and its memory, 4 GiB at most. One for each thread: loops run to their end, so nothing is shared but the room.
 *
 * The memory is shared in the sense of WebAssembly only so that growing it detaches no buffer. A view made before the memory grew stays good; `memory.buffer`
 * must be read anew to see what was added.
 */
export class ArrayKernel {
  readonly memory = new WebAssembly.Memory<SharedArrayBuffer>({
    initial: FIRST_PAGES,
    maximum: MOST_PAGES,
    shared: true,
  });
  /** The loops, by name; see signatures.ts. */
  readonly wasm: ArrayKernelExports;

  #matrix: MatrixKernelExports | undefined;
  readonly #loops: Readonly<Record<string, Loop | undefined>>;

  constructor() {
    const module = new WebAssembly.Module(bytesOf(ARRAY_KERNEL_BASE64));
    // The casts state what generate.ts makes of signatures.ts; a test compares the names.
    this.wasm = new WebAssembly.Instance(module, { env: { memory: this.memory } })
      .exports as unknown as ArrayKernelExports;
    this.#loops = this.wasm as unknown as Readonly<Record<string, Loop | undefined>>;
  }

  /**
   * The address of `bytes` that are whatever they were, a multiple of 16.
   * @throws RangeError where the memory has no room for them.
   */
  allocate(bytes: number): number {
    const address = bytes < 2 ** 32 ? this.wasm.allocate(bytes) >>> 0 : 0;
    if (address === 0)
      throw new RangeError(
        `The array kernel has no room for ${bytes} bytes beside what it holds: its memory ends at 4 GiB. Make chunks smaller, or use more workers.`,
      );
    return address;
  }

  /** Products of matrices in the same memory: by fused multiply-add (relaxed SIMD) where the engine has it, with plain SIMD otherwise. */
  get matrix(): MatrixKernelExports {
    this.#matrix ??= this.matrixOf(hasRelaxedSimd());
    return this.#matrix;
  }

  /** As `matrix`, by the module that is asked for: what a test of both needs. */
  matrixOf(relaxed: boolean): MatrixKernelExports {
    const module = new WebAssembly.Module(bytesOf(relaxed ? GEMM_RELAXED_BASE64 : GEMM_BASE64));
    // The cast states what assembly/multiply.ts exports; a test compares the names.
    return new WebAssembly.Instance(module, { env: { memory: this.memory } }).exports as unknown as MatrixKernelExports;
  }

  /**
   * The loop of that name, for names that are put together; where one is known, `wasm` has its type.
   * @throws InternalError where there is none.
   */
  loop(name: string): (...args: number[]) => void {
    return this.#loop(name);
  }

  /** Fills n elements of a type of signatures.ts: (value, out, n), where the value of a 64-bit integer is a bigint. */
  fill(type: string): (value: number | bigint, out: number, n: number) => void {
    return this.#loop(`fill_${type}`);
  }

  /** Copies elements of `width` bytes (1, 2, 4 or 8) between layouts of two axes; strides are in bytes and of any sign, 0 repeats. */
  copy2d(width: number): ArrayKernelExports["copy2d_8"] {
    return this.#loop(`copy2d_${width}`);
  }

  #loop(name: string): Loop {
    const loop = this.#loops[name];
    if (loop === undefined) throw new InternalError(`The array kernel has no loop ${name}.`);
    return loop;
  }

  /** Gives back what `allocate` gave; whatever views it are then of something else. */
  release(address: number): void {
    this.wasm.release(address);
  }
}

const bytesOf = (base64: string) => Buffer.from(base64, "base64");

/** Whether the engine takes relaxed SIMD: a module of another kind it would refuse. */
export const hasRelaxedSimd = (): boolean => WebAssembly.validate(bytesOf(GEMM_RELAXED_BASE64));

let kernel: ArrayKernel | undefined;

/** This thread's kernel, made when first asked for. */
export function arrayKernel(): ArrayKernel {
  kernel ??= new ArrayKernel();
  return kernel;
}
