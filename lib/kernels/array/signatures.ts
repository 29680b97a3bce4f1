/**
 * What the array kernel exports: `<operation>_<type>`, for the types that each operation has. One table, from which build.ts generates the module's
 * entry and wasm.ts has its types.
 */

export const FLOATS = ["f32", "f64"] as const;
export const SIGNED = ["i8", "i16", "i32", "i64"] as const;
export const UNSIGNED = ["u8", "u16", "u32", "u64"] as const;
export const INTEGERS = [...SIGNED, ...UNSIGNED] as const;
export const NUMBERS = [...INTEGERS, ...FLOATS] as const;
const BITS = ["b1", ...INTEGERS] as const;
const BOOLEAN = ["b1"] as const;
/** b1: a boolean, one byte of 0 or 1. */
export const ELEMENT_TYPES = ["b1", ...NUMBERS] as const;
export type ElementType = (typeof ELEMENT_TYPES)[number];

type Table = Readonly<Record<string, readonly ElementType[]>>;

/** (a, b, out, n): out is of the same type, and may be a or b. Integers wrap; b1 adds by or, multiplies by and. */
export const BINARY = {
  add: ELEMENT_TYPES,
  sub: NUMBERS,
  mul: ELEMENT_TYPES,
  div: FLOATS,
  floordiv: NUMBERS,
  mod: NUMBERS,
  pow: NUMBERS,
  minimum: ELEMENT_TYPES,
  maximum: ELEMENT_TYPES,
  fmin: ELEMENT_TYPES,
  fmax: ELEMENT_TYPES,
  hypot: FLOATS,
  atan2: FLOATS,
  copysign: FLOATS,
  bitand: BITS,
  bitor: BITS,
  bitxor: BITS,
  shl: INTEGERS,
  shr: INTEGERS,
  logicaland: BOOLEAN,
  logicalor: BOOLEAN,
  logicalxor: BOOLEAN,
} as const satisfies Table;

/** (a, out, n), of libm; f32 is reckoned in double. */
export const LIBRARY = {
  cbrt: FLOATS,
  exp: FLOATS,
  expm1: FLOATS,
  exp2: FLOATS,
  log: FLOATS,
  log2: FLOATS,
  log10: FLOATS,
  log1p: FLOATS,
  sin: FLOATS,
  cos: FLOATS,
  tan: FLOATS,
  asin: FLOATS,
  acos: FLOATS,
  atan: FLOATS,
  sinh: FLOATS,
  cosh: FLOATS,
  tanh: FLOATS,
  asinh: FLOATS,
  acosh: FLOATS,
  atanh: FLOATS,
} as const satisfies Table;

/** (a, out, n): out is of the same type, and may be a. */
export const UNARY = {
  neg: NUMBERS,
  abs: ELEMENT_TYPES,
  sign: NUMBERS,
  square: NUMBERS,
  sqrt: FLOATS,
  floor: FLOATS,
  ceil: FLOATS,
  trunc: FLOATS,
  rint: FLOATS,
  reciprocal: FLOATS,
  degrees: FLOATS,
  radians: FLOATS,
  invert: BITS,
  logicalnot: BOOLEAN,
  ...LIBRARY,
} as const satisfies Table;

/** (a, b, out, n): out is b1. NaN compares false, but for `ne`. */
export const COMPARISONS = {
  lt: ELEMENT_TYPES,
  le: ELEMENT_TYPES,
  gt: ELEMENT_TYPES,
  ge: ELEMENT_TYPES,
  eq: ELEMENT_TYPES,
  ne: ELEMENT_TYPES,
} as const satisfies Table;

/** (a, out, n): out is b1. */
export const TESTS = {
  isnan: FLOATS,
  isinf: FLOATS,
  isfinite: FLOATS,
  signbit: FLOATS,
  truth: ELEMENT_TYPES,
} as const satisfies Table;

/** (condition b1, a, b, out, n) */
export const CHOICES = { where: ELEMENT_TYPES } as const satisfies Table;
/** (value, out, n): the value is a bigint for 64-bit integers. */
export const FILLS = { fill: ELEMENT_TYPES } as const satisfies Table;
/** (out, n, start, step, from): out[i] = start + (from + i) * step, in double. */
export const RAMPS = { affine: NUMBERS } as const satisfies Table;

/**
 * (x, outer, rows, cols, accumulators): x is [outer][rows][cols] and is reduced over its rows, into states of [outer][cols] that the caller keeps, so that
 * rows may come in pieces. Sums and products are f64 for floats, i64 for b1 and signed integers, u64 for unsigned ones; counts are i64; any and all are b1.
 */
export const FOLDS = {
  sum: ELEMENT_TYPES,
  prod: ELEMENT_TYPES,
  nansum: FLOATS,
  nanprod: FLOATS,
  nancount: FLOATS,
  countnonzero: ELEMENT_TYPES,
  any: ELEMENT_TYPES,
  all: ELEMENT_TYPES,
} as const satisfies Table;

/** (x, outer, rows, cols, best, seen): best is of x's type, seen one byte each: whether best means anything yet. */
export const EXTREMES = {
  min: ELEMENT_TYPES,
  max: ELEMENT_TYPES,
  nanmin: FLOATS,
  nanmax: FLOATS,
} as const satisfies Table;

/** (x, outer, rows, cols, counts, means, m2s): f64 each; m2 is the sum of squared deviations from the mean. */
export const MOMENTS = { moments: ELEMENT_TYPES, nanmoments: FLOATS } as const satisfies Table;

/** (x, outer, rows, cols, from, best, at): `from` is the index of the piece's first row, `at` is i64, −1 where there was none yet. */
export const POSITIONS = { argmin: ELEMENT_TYPES, argmax: ELEMENT_TYPES } as const satisfies Table;

/** (x, outer, rows, cols, carry, out): carry [outer][cols] and out [outer][rows][cols] are of the type of sums. */
export const RUNNING = { cumsum: ELEMENT_TYPES, cumprod: ELEMENT_TYPES } as const satisfies Table;

/** Bytes of an element. */
export const SIZES = [1, 2, 4, 8] as const;
/** (src, srcRowStride, srcColStride, dst, dstRowStride, dstColStride, rows, cols): strides in bytes, of any sign. */
export const COPIES = { copy2d: SIZES } as const;
/** (src, indices i32, out, n) */
export const GATHERS = { take: SIZES } as const;

type Names<T extends Readonly<Record<string, readonly (string | number)[]>>> = {
  [K in keyof T & string]: `${K}_${T[K][number]}`;
}[keyof T & string];
type Functions<T extends Readonly<Record<string, readonly (string | number)[]>>, F> = { readonly [K in Names<T>]: F };
type Wide = "i64" | "u64";
type Fold = (x: number, outer: number, rows: number, cols: number, accumulators: number) => void;

interface Others {
  /** An address, a multiple of 16; 0 where there is no room. */
  allocate(bytes: number): number;
  release(address: number): void;
  /** Merges moments into the first three: means and sums of squared deviations of two parts, by Chan's formula. */
  mergemoments(
    n: number,
    counts: number,
    means: number,
    m2s: number,
    otherCounts: number,
    otherMeans: number,
    otherM2s: number,
  ): void;
  /** Sets a generator's state of 64 bytes, from a seed and a stream of 64 bits each. */
  seedstream(state: number, seedLow: number, seedHigh: number, streamLow: number, streamHigh: number): void;
  uniform_f64: Draw;
  uniform_f32: Draw;
  normal_f64: Draw;
  normal_f32: Draw;
  exponential_f64: Draw;
  exponential_f32: Draw;
  bits_u64: Draw;
  /** Whole numbers from `low`, `range` of them (0n: 2^64). */
  integers_i64(state: number, low: bigint, range: bigint, out: number, n: number): void;
  /** Elements `from` … of a sequence that the seed fixes, each by its index: numbers in [0, 1), float64. */
  uniformat(seedLow: number, seedHigh: number, from: number, out: number, n: number): void;
  /** The same: whole numbers below `range`, int64. */
  belowat(seedLow: number, seedHigh: number, range: number, from: number, out: number, n: number): void;
  /** The same: of 0 … count − 1 in a random order, int64; count is at least 4. */
  permutedat(seedLow: number, seedHigh: number, count: number, from: number, out: number, n: number): void;
  /** All of 0 … n − 1 in a random order, int64. */
  shuffle(seedLow: number, seedHigh: number, out: number, n: number): void;
}
/** (state, out, n) */
type Draw = (state: number, out: number, n: number) => void;

/** Addresses are in bytes, n in elements; every vector is contiguous. */
export type ArrayKernelExports = Others &
  Functions<typeof BINARY, (a: number, b: number, out: number, n: number) => void> &
  Functions<typeof COMPARISONS, (a: number, b: number, out: number, n: number) => void> &
  Functions<typeof UNARY, (a: number, out: number, n: number) => void> &
  Functions<typeof TESTS, (a: number, out: number, n: number) => void> &
  Functions<typeof CHOICES, (condition: number, a: number, b: number, out: number, n: number) => void> & {
    readonly [K in ElementType as `fill_${K}`]: (
      value: K extends Wide ? bigint : number,
      out: number,
      n: number,
    ) => void;
  } & Functions<typeof RAMPS, (out: number, n: number, start: number, step: number, from: number) => void> & {
    readonly [K in `cast_${ElementType}_${ElementType}`]: (a: number, out: number, n: number) => void;
  } & Functions<typeof FOLDS, Fold> &
  Functions<
    typeof EXTREMES,
    (x: number, outer: number, rows: number, cols: number, best: number, seen: number) => void
  > &
  Functions<
    typeof MOMENTS,
    (x: number, outer: number, rows: number, cols: number, counts: number, means: number, m2s: number) => void
  > &
  Functions<
    typeof POSITIONS,
    (x: number, outer: number, rows: number, cols: number, from: number, best: number, at: number) => void
  > &
  Functions<
    typeof RUNNING,
    (x: number, outer: number, rows: number, cols: number, carry: number, out: number) => void
  > &
  Functions<
    typeof COPIES,
    (
      src: number,
      srcRowStride: number,
      srcColStride: number,
      dst: number,
      dstRowStride: number,
      dstColStride: number,
      rows: number,
      cols: number,
    ) => void
  > &
  Functions<typeof GATHERS, (src: number, indices: number, out: number, n: number) => void>;

/**
 * What the modules for products of matrices export. Strides are in bytes, of any sign for A and B; rows of C lie `cRow` bytes apart, its columns side by side.
 * `scratch` is an address of `matrixscratch()` bytes.
 */
export interface MatrixKernelExports {
  matrixscratch(): number;
  /** C (m × n) += A (m × k) B (k × n) */
  gemm_f64: Gemm;
  gemm_f32: Gemm;
  /** The upper triangle of C (cols × cols) += Xᵀ X. What becomes of the lower one is undefined; see `mirror`. */
  syrk_f64: Syrk;
  syrk_f32: Syrk;
  /** Copies the upper triangle of C (n × n, rows side by side) to the lower. */
  mirror_f64(c: number, n: number): void;
  mirror_f32(c: number, n: number): void;
}
type Gemm = (
  a: number,
  aRow: number,
  aCol: number,
  b: number,
  bRow: number,
  bCol: number,
  c: number,
  cRow: number,
  m: number,
  n: number,
  k: number,
  scratch: number,
) => void;
type Syrk = (x: number, row: number, rows: number, cols: number, c: number, cRow: number, scratch: number) => void;
