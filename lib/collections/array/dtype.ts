import { OptionError, nearestNames } from "../../errors.ts";

/** Types of elements, by NumPy's names. `bool` is a byte of 0 or 1; there are no float16, complex or object arrays. */
export const DTYPES = [
  "bool",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "float32",
  "float64",
] as const;
export type DType = (typeof DTYPES)[number];

export type TypedArray =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** The typed array that holds a dtype's elements. */
export interface TypedArrayOf {
  bool: Uint8Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  float32: Float32Array;
  float64: Float64Array;
}

/** What one element is in JavaScript: whole numbers of 64 bits are bigints. */
export type ElementOf<D extends DType> = D extends "bool" ? boolean : D extends "int64" | "uint64" ? bigint : number;

interface DTypeInfo {
  /** Of one element. */
  readonly bytes: number;
  readonly kind: "bool" | "signed" | "unsigned" | "float";
  /** How kernels call it. */
  readonly code: string;
  /** As `.npy` files call it. */
  readonly descr: string;
}

const INFO: Readonly<Record<DType, DTypeInfo>> = {
  bool: { bytes: 1, kind: "bool", code: "b1", descr: "|b1" },
  int8: { bytes: 1, kind: "signed", code: "i8", descr: "|i1" },
  uint8: { bytes: 1, kind: "unsigned", code: "u8", descr: "|u1" },
  int16: { bytes: 2, kind: "signed", code: "i16", descr: "<i2" },
  uint16: { bytes: 2, kind: "unsigned", code: "u16", descr: "<u2" },
  int32: { bytes: 4, kind: "signed", code: "i32", descr: "<i4" },
  uint32: { bytes: 4, kind: "unsigned", code: "u32", descr: "<u4" },
  int64: { bytes: 8, kind: "signed", code: "i64", descr: "<i8" },
  uint64: { bytes: 8, kind: "unsigned", code: "u64", descr: "<u8" },
  float32: { bytes: 4, kind: "float", code: "f32", descr: "<f4" },
  float64: { bytes: 8, kind: "float", code: "f64", descr: "<f8" },
};

export function infoOf(dtype: DType): DTypeInfo {
  return INFO[dtype];
}

export function isFloat(dtype: DType): boolean {
  return INFO[dtype].kind === "float";
}

/** Any array of whole numbers or bools. */
export function isWhole(dtype: DType): boolean {
  return !isFloat(dtype);
}

/** @throws OptionError that offers the nearest names. */
export function checkDType(dtype: unknown, what = "dtype"): DType {
  const found = DTYPES.find((name) => name === dtype);
  if (found !== undefined) return found;
  const near = typeof dtype === "string" ? nearestNames(dtype, DTYPES) : [];
  throw new OptionError(`${what} expects one of ${DTYPES.join(", ")}; found ${JSON.stringify(dtype) ?? "undefined"}.`, {
    fields: { expected: [...DTYPES], found: typeof dtype === "string" ? dtype : typeof dtype },
    fix:
      near.length > 0 ? `did you mean ${near.map((name) => `"${name}"`).join(" or ")}?` : `give a dtype as "float64".`,
  });
}

/** A view of `length` elements. */
export function viewOf<D extends DType>(
  dtype: D,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): TypedArrayOf[D];
export function viewOf(dtype: DType, buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray {
  switch (dtype) {
    case "bool":
    case "uint8":
      return new Uint8Array(buffer, byteOffset, length);
    case "int8":
      return new Int8Array(buffer, byteOffset, length);
    case "int16":
      return new Int16Array(buffer, byteOffset, length);
    case "uint16":
      return new Uint16Array(buffer, byteOffset, length);
    case "int32":
      return new Int32Array(buffer, byteOffset, length);
    case "uint32":
      return new Uint32Array(buffer, byteOffset, length);
    case "int64":
      return new BigInt64Array(buffer, byteOffset, length);
    case "uint64":
      return new BigUint64Array(buffer, byteOffset, length);
    case "float32":
      return new Float32Array(buffer, byteOffset, length);
    case "float64":
      return new Float64Array(buffer, byteOffset, length);
  }
}

/** The dtype that a typed array holds. A Uint8Array is uint8, never bool. */
export function dtypeOf(array: TypedArray): DType {
  if (array instanceof Float64Array) return "float64";
  if (array instanceof Float32Array) return "float32";
  if (array instanceof BigInt64Array) return "int64";
  if (array instanceof BigUint64Array) return "uint64";
  if (array instanceof Int32Array) return "int32";
  if (array instanceof Uint32Array) return "uint32";
  if (array instanceof Int16Array) return "int16";
  if (array instanceof Uint16Array) return "uint16";
  return array instanceof Int8Array ? "int8" : "uint8";
}

const SIGNED: readonly DType[] = ["int8", "int16", "int32", "int64"];

/** The dtype that holds both, by NumPy's rules (`numpy.result_type`): int64 with uint64 is float64. */
export function promote(a: DType, b: DType): DType {
  if (a === b || b === "bool") return a;
  if (a === "bool") return b;
  const [x, y] = [INFO[a], INFO[b]];
  if (x.kind === y.kind) return x.bytes >= y.bytes ? a : b;
  if (x.kind === "float" || y.kind === "float") {
    const [float, whole] = x.kind === "float" ? [a, y] : [b, x];
    return float === "float32" && whole.bytes >= 4 ? "float64" : float;
  }
  const [signed, unsigned] = x.kind === "signed" ? [a, y] : [b, x];
  if (INFO[signed].bytes > unsigned.bytes) return signed;
  return SIGNED.find((name) => INFO[name].bytes > unsigned.bytes) ?? "float64";
}

/** The dtype of an array with a plain number, bigint or boolean: the number follows the array, as in NumPy 2, and is only as wide as it must be. */
export function promoteWithScalar(array: DType, scalar: number | bigint | boolean): DType {
  if (typeof scalar === "boolean") return array;
  const whole = typeof scalar === "bigint" || Number.isInteger(scalar);
  if (!whole) return isFloat(array) ? array : "float64";
  return array === "bool" ? "int64" : array;
}

const RANGES: Partial<Record<DType, readonly [bigint, bigint]>> = Object.fromEntries(
  DTYPES.filter((name) => INFO[name].kind === "signed" || INFO[name].kind === "unsigned").map((name) => {
    const bits = BigInt(8 * INFO[name].bytes);
    const signed = INFO[name].kind === "signed";
    return [name, signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n]];
  }),
);

/** Whether a whole number can be an element of the dtype. */
export function holds(dtype: DType, value: number | bigint): boolean {
  const range = RANGES[dtype];
  if (range === undefined) return true;
  if (typeof value === "number" && !Number.isInteger(value)) return false;
  const whole = BigInt(value);
  return whole >= range[0] && whole <= range[1];
}
