import { ELEMENT_TYPES, type ElementType } from "../../lib/kernels/array/signatures.ts";
import type { ArrayKernel } from "../../lib/kernels/array/wasm.ts";

/** Typed arrays of the kernel's types, in its memory and out of base64. */

const CLASSES = {
  b1: Uint8Array,
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;
export type Elements = InstanceType<(typeof CLASSES)[ElementType]>;

export const bytesOf = (type: ElementType): number => CLASSES[type].BYTES_PER_ELEMENT;
export const isElementType = (text: string): text is ElementType => ELEMENT_TYPES.some((type) => type === text);
export const isReal = (type: ElementType): boolean => type.startsWith("f");
/** The type of sums. */
export const wideOf = (type: ElementType): ElementType => (isReal(type) ? "f64" : type.startsWith("u") ? "u64" : "i64");

export function viewOf(type: ElementType, buffer: ArrayBufferLike, address: number, length: number): Elements {
  // Each class takes either buffer, which their union does not say.
  const make = CLASSES[type] as new (buffer: ArrayBufferLike, address: number, length: number) => Elements;
  return new make(buffer, address, length);
}

export function decode(type: ElementType, base64: string): Elements {
  const bytes = new Uint8Array(Buffer.from(base64, "base64"));
  return viewOf(type, bytes.buffer, 0, bytes.length / bytesOf(type));
}

/** The elements of an array of whichever type, one by one. */
export function list(elements: Elements): (number | bigint)[] {
  const made: (number | bigint)[] = [];
  for (let i = 0; i < elements.length; i++) made.push(elements[i]);
  return made;
}

/** Blocks of a kernel that go at the end of `using`. */
export class Blocks {
  readonly kernel: ArrayKernel;
  readonly #addresses: number[] = [];

  constructor(kernel: ArrayKernel) {
    this.kernel = kernel;
  }

  room(bytes: number): number {
    const address = this.kernel.allocate(bytes);
    this.#addresses.push(address);
    return address;
  }

  put(elements: Elements): number {
    const bytes = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
    const address = this.room(bytes.length);
    new Uint8Array(this.kernel.memory.buffer).set(bytes, address);
    return address;
  }

  /** A copy of what lies there. */
  get(type: ElementType, address: number, length: number): Elements {
    const bytes = new Uint8Array(this.kernel.memory.buffer, address, length * bytesOf(type));
    return viewOf(type, new Uint8Array(bytes).buffer, 0, length);
  }

  [Symbol.dispose](): void {
    for (const address of this.#addresses) this.kernel.release(address);
  }
}

/** How many values of the type lie between two: 0 if they are the same, NaN if only one is NaN. Zeros count as one if `zeros`. */
export function distance(type: ElementType, a: number | bigint, b: number | bigint, zeros = false): number {
  if (typeof a === "bigint" || typeof b === "bigint") return Number(BigInt(a) - BigInt(b));
  if (Object.is(a, b) || (zeros && a === b)) return 0;
  if (!isReal(type)) return Math.abs(a - b);
  if (Number.isNaN(a) || Number.isNaN(b)) return NaN;
  const order = (x: number) => {
    if (type === "f32") {
      const bits = new Int32Array(new Float32Array([x]).buffer)[0];
      return BigInt(bits < 0 ? -(bits & 0x7fffffff) : bits);
    }
    const bits = new BigInt64Array(new Float64Array([x]).buffer)[0];
    return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
  };
  const steps = Number(order(a) - order(b));
  return steps === 0 ? 1 : Math.abs(steps);
}

/** The places where two arrays are further apart than `most` values of their type, spelt out. */
export function differences(
  type: ElementType,
  found: Elements,
  wanted: Elements,
  { most = 0, zeros = false, of = (i: number) => String(i) } = {},
): string[] {
  if (found.length !== wanted.length) return [`${found.length} elements, not ${wanted.length}`];
  const wrong: string[] = [];
  for (let i = 0; i < wanted.length; i++)
    if (!(distance(type, found[i], wanted[i], zeros) <= most))
      wrong.push(`${of(i)}: ${String(found[i])}, not ${String(wanted[i])}`);
  return wrong;
}
