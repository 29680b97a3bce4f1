/** The part of the WebAssembly API that the kernels use; Node has it, the ES library's types do not. */
declare namespace WebAssembly {
  class Memory<B extends ArrayBufferLike = ArrayBuffer> {
    /** Sizes are in pages of 64 KiB. B is SharedArrayBuffer where `shared`. */
    constructor(descriptor: { initial: number; maximum: number; shared: boolean });
    readonly buffer: B;
  }
  function validate(bytes: Uint8Array): boolean;
  interface Global<_T> {
    readonly value: number;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: unknown;
  }
}
