import { readFile } from "node:fs/promises";
import { ChunkedArray, type AnyArray, type Operand } from "../../lib/collections/array/chunked-array.ts";
import { arange, eye, full, linspace } from "../../lib/collections/array/create.ts";
import { concatenate, stack, where } from "../../lib/collections/array/join.ts";
import { fromArray } from "../../lib/collections/array/from-array.ts";
import { viewOf, type DType, type TypedArray } from "../../lib/collections/array/dtype.ts";
import { NDArray } from "../../lib/collections/array/ndarray.ts";
import { isUfunc } from "../../lib/collections/array/ufuncs.ts";
import * as moves from "../../lib/collections/array/moves.ts";
import * as functions from "../../lib/collections/array/elementwise.ts";

/** Programs over small arrays as test/fixtures/array/make.py writes them: `[function, argument, …]`. */
export type Program = unknown;
export type Stored = readonly [dtype: DType, shape: readonly number[], base64: string];

const file = new URL("../fixtures/array/answers.json", import.meta.url);
// As make.py writes it.
export const fixtures = JSON.parse(await readFile(file, "utf8")) as {
  readonly arrays: Readonly<Record<string, Stored>>;
  readonly cases: readonly (readonly [Program, Stored | null])[];
};

export function stored([dtype, shape, base64]: Stored): NDArray {
  const bytes = new Uint8Array(Buffer.from(base64, "base64"));
  const length = shape.reduce((size, n) => size * n, 1);
  return new NDArray(dtype, shape, viewOf(dtype, bytes.buffer, 0, length));
}

type Options = Readonly<Record<string, unknown>>;
type Any = Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** Functions that are called as methods, by the same names. */
const METHODS: ReadonlySet<string> = new Set([
  ...["astype", "slice", "transpose", "expandDims", "squeeze", "flip", "broadcastTo", "clip", "round", "reshape"],
  ...["sum", "prod", "mean", "var", "std", "min", "max", "any", "all", "argmin", "argmax", "countNonzero"],
  ...["nansum", "nanmean", "nanvar", "nanstd", "nanmin", "nanmax", "repeat", "swapaxes", "moveaxis", "diff", "roll"],
]);

const FUNCTIONS: Readonly<Record<string, (...args: never[]) => unknown>> = {
  take: (x: AnyArray, indices: number[], axis: number) => x.take(indices, { axis }),
  concatenate,
  stack,
  where,
  arange: (start: number, stop: number, step: number, dtype: DType) => arange(start, stop, step, { dtype }),
  linspace: (start: number, stop: number, n: number) => linspace(start, stop, n),
  eye: (n: number, m: number, k: number) => eye(n, m, { k }),
  full: (shape: number[], value: number, dtype: DType) => full(shape, value, { dtype }),
  isclose: (a: AnyArray, b: AnyArray, { equal_nan, ...rest }: Options = {}) =>
    functions.isclose(a, b, { ...rest, ...(equal_nan === undefined ? {} : { equalNaN: equal_nan === true }) }),
  tile: moves.tile,
  index: (x: AnyArray, ...lists: (number[] | null)[]) => x.index(...lists),
  select: (x: AnyArray, mask: AnyArray) => x.select(mask),
  compress: (x: AnyArray, mask: AnyArray, axis: number) => x.select(mask, { axis }),
  zerosLike: moves.zerosLike,
  onesLike: moves.onesLike,
  fullLike: moves.fullLike,
};

/** Makes the lazy array of a program; `chunks`: how an array of a shape is cut. */
export async function build(program: Program, chunks: (shape: readonly number[]) => number[]): Promise<unknown> {
  if (typeof program === "object" && program !== null && !Array.isArray(program)) {
    const { a, number, list } = program as { a?: string; number?: string; list?: Program[] };
    if (a !== undefined) {
      const array = stored(fixtures.arrays[a]);
      return fromArray(array, { chunks: chunks(array.shape) });
    }
    if (number !== undefined) return { nan: NaN, inf: Infinity, "-inf": -Infinity }[number];
    if (list !== undefined) return Promise.all(list.map((one) => build(one, chunks)));
    return program;
  }
  if (!Array.isArray(program) || typeof program[0] !== "string" || !isKnown(program[0])) return program;
  const [name, ...rest] = program as [string, ...unknown[]];
  const args: unknown[] = [];
  for (const one of rest) args.push(await build(one, chunks));
  if (isUfunc(name) && name !== "where") {
    const elementwise = functions as unknown as Any; // all of the table's functions are there
    return elementwise[EXPORTED[name] ?? name](...args);
  }
  if (METHODS.has(name)) return (args[0] as Any)[name](...args.slice(1));
  return (FUNCTIONS[name] as (...args: unknown[]) => unknown)(...args);
}

/** What the table's functions are exported as, where that is another name. */
export const EXPORTED: Readonly<Record<string, string>> = {
  floordiv: "floorDiv",
  bitand: "bitAnd",
  bitor: "bitOr",
  bitxor: "bitXor",
  logicaland: "and",
  logicalor: "or",
  logicalxor: "xor",
  logicalnot: "not",
};

function isKnown(name: string): boolean {
  return isUfunc(name) || METHODS.has(name) || Object.hasOwn(FUNCTIONS, name);
}

export type { Operand };

/** Functions of libm, whose last bits differ from library to library: distance in representable values. */
const LIBRARY = /^(cbrt|exp|expm1|exp2|log|log2|log10|log1p|a?(sin|cos|tan)h?|hypot|atan2|degrees|radians|pow)$/;
/** Sums of floats are rounded in another order. */
const SUMS = /^(nan)?(sum|prod|mean|var|std)$/;

export function toleranceOf(program: Program): {
  readonly ulps: number;
  readonly relative: number;
  readonly zeros: boolean;
} {
  const names = JSON.stringify(program).match(/[a-z0-9]+/gi) ?? [];
  return {
    ulps: names.some((name) => LIBRARY.test(name)) ? 4 : 0,
    relative: names.some((name) => SUMS.test(name)) ? 4 : 0,
    zeros: names.some((name) => /^(minimum|maximum|fmin|fmax|min|max|nanmin|nanmax|clip|round)$/.test(name)),
  };
}

/** What is wrong with a result; undefined: nothing. */
export function difference(found: NDArray, expected: NDArray, program: Program): string | undefined {
  if (found.dtype !== expected.dtype) return `dtype ${found.dtype}, expected ${expected.dtype}`;
  if (found.shape.join() !== expected.shape.join())
    return `shape (${found.shape.join()}), expected (${expected.shape.join()})`;
  const { ulps, relative, zeros } = toleranceOf(program);
  const [a, b]: [TypedArray, TypedArray] = [found.data, expected.data];
  const epsilon = expected.dtype === "float32" ? 2 ** -23 : 2 ** -52;
  const scale = relative === 0 ? 0 : 64 * epsilon;
  for (let i = 0; i < b.length; i++) {
    if (Object.is(a[i], b[i])) continue;
    const [x, y] = [Number(a[i]), Number(b[i])];
    if (x === y && typeof a[i] === "number" && (zeros || relative > 0)) continue;
    const bound = Math.max(ulps * epsilon * Math.abs(y), scale * Math.max(1, Math.abs(y)));
    if (typeof a[i] === "number" && bound > 0 && Math.abs(x - y) <= bound) continue;
    return `element ${i} is ${String(a[i])}, expected ${String(b[i])}`;
  }
  return undefined;
}

export { ChunkedArray };
