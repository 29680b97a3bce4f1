import type { CallableRef } from "../../callables/reference.ts";
import type { ValueJson } from "../../values-json.ts";
import type { Chunks } from "./chunks.ts";
import type { DType } from "./dtype.ts";
import type { Shape } from "./shape.ts";
import type { UfuncName } from "./ufuncs.ts";

/**
 * An array's description: a graph of nodes, plain data but for their inputs being objects, so that what is shared is shared. Shape, dtype and
 * chunks are known of each.
 *
 * Most nodes are *views* of their inputs: any box of theirs can be computed from boxes of the inputs, within one task. Reductions, products of
 * matrices and a change of chunks that would read everything many times end a stage (plan/lower/array.ts).
 */
export type ArrayNode = {
  readonly [Op in keyof ArrayOperations<"node">]: ArrayMeta & { readonly op: Op } & ArrayOperations<"node">[Op];
}[keyof ArrayOperations<"node">];

export interface ArrayMeta {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly chunks: Chunks;
}

/** How operations name their inputs: as nodes, or by their places in a task's program (kernels/array/program.ts). */
type Input<By> = By extends "node" ? ArrayNode : number;

/** The operations by name. */
export interface ArrayOperations<By extends "node" | "place"> extends LeafOperations {
  /** Element-wise; the inputs' shapes broadcast. They are cast to what the function takes. */
  readonly map: { readonly fn: UfuncName; readonly inputs: readonly Input<By>[] };
  readonly cast: { readonly inputs: readonly [Input<By>] };
  /** Element i of axis a is the input's `start[a] + i * step[a]` of axis `axes[a]` (-1: a new axis). `at`: for each axis of the input the index where it is held fast, -1 where it is not. */
  readonly slice: {
    readonly inputs: readonly [Input<By>];
    readonly axes: readonly number[];
    readonly start: readonly number[];
    readonly step: readonly number[];
    readonly at: readonly number[];
  };
  /** Axis a is the input's axis `axes[a]`. */
  readonly transpose: { readonly inputs: readonly [Input<By>]; readonly axes: readonly number[] };
  readonly reshape: { readonly inputs: readonly [Input<By>] };
  readonly broadcast: { readonly inputs: readonly [Input<By>] };
  readonly concat: { readonly inputs: readonly Input<By>[]; readonly axis: number };
  /** The elements at these places along an axis. */
  readonly take: { readonly inputs: readonly [Input<By>]; readonly axis: number; readonly indices: readonly number[] };
  /**
   * The elements along an axis where the second input, of one axis in the same chunks, is true: chunk c of those of chunk c. How many they are was computed
   * before.
   */
  readonly select: { readonly inputs: readonly [Input<By>, Input<By>]; readonly axis: number };
  /** How many elements of each chunk of an axis are other than 0: one element a chunk. */
  readonly counts: { readonly inputs: readonly [Input<By>] };
  /** Only the chunks differ. */
  readonly rechunk: { readonly inputs: readonly [Input<By>] };
  readonly reduce: { readonly inputs: readonly [Input<By>] } & Reduction;
  /** Of x [n, d] the sums over n of x xᵀ, [d, d]; centred: of the deviations from the means. `divisor`: what they are divided by, 1 where there is none. */
  readonly gram: { readonly inputs: readonly [Input<By>]; readonly centred: boolean; readonly divisor?: number };
  /** Sums or products up to each element along an axis. */
  readonly cumulate: {
    readonly inputs: readonly [Input<By>];
    readonly fn: "cumsum" | "cumprod";
    readonly axis: number;
  };
  /** A function of whole lines along an axis; the axis's length may change. */
  readonly along: { readonly inputs: readonly [Input<By>]; readonly axis: number; readonly fn: AlongFunction };
  /** Matrices: [m, k] by [k, n]. */
  readonly matmul: { readonly inputs: readonly [Input<By>, Input<By>] };
  /**
   * How many elements lie in each bin, or the sums of their weights: inputs are the elements, the edges of the bins (one more than bins, ascending), and
   * perhaps weights in the elements' shape and chunks.
   */
  readonly histogram: { readonly inputs: readonly Input<By>[] };
  /** How often each whole number from 0 on occurs, or the sums of its weights. */
  readonly bincount: { readonly inputs: readonly Input<By>[] };
  /**
   * Elements of given ranks, found digit by digit, a pass each: inputs are the elements and what the pass before found. For each rank the start of the element's
   * key and the rank among those that share it, [ranks, 2] (kernels/array/digits.ts).
   */
  readonly digits: { readonly inputs: readonly Input<By>[]; readonly ranks: readonly number[]; readonly pass: number };
  /** The values that occur, ascending, and how often. How many there are is not known before: it is computed, and nothing is made of it. */
  readonly unique: { readonly inputs: readonly [Input<By>] };
  /**
   * A function of chunks: chunk [i, j, …] of the result is made of the inputs' chunks at the same place, where an input that has one chunk along an axis gives
   * that one. `apart`: in a stage of its own, since whatever asks for a chunk asks for many.
   */
  readonly local: { readonly inputs: readonly Input<By>[]; readonly fn: LocalFunction; readonly apart?: true };
  /** What needs all of its inputs in one place; `output` says which of its results this is. Several: their elements one after the other, in one axis. */
  readonly whole: {
    readonly inputs: readonly Input<By>[];
    readonly fn: WholeFunction;
    readonly output: number | readonly number[];
  };
  /**
   * A user's function of blocks, see `mapBlocks`: inputs align at their last axes, and one that has one chunk along an axis gives that one. `depth`: elements
   * of the neighbours that each block has on either side, axis by axis, see `mapOverlap`.
   */
  readonly blocks: {
    readonly inputs: readonly Input<By>[];
    readonly fn: CallableRef;
    readonly args: readonly ValueJson[];
    readonly depth?: readonly number[];
    readonly boundary?: Boundary;
  };
}

export interface LeafOperations {
  /** A bigint as text. */
  readonly full: { readonly value: number | boolean | string };
  /** start + i * step, in one axis. */
  readonly affine: { readonly start: number; readonly step: number };
  readonly eye: { readonly k: number };
  /** Chunk c of the grid is made by stream c of the seed. */
  readonly random: { readonly distribution: Distribution; readonly seed: number; readonly grid: Chunks };
  /** Element i, in C order, is what the seed gives to i: the same in any chunks. */
  readonly drawn: { readonly draw: Draw; readonly seed: number };
  /** Bytes of the caller's, in C order. */
  readonly data: { readonly bytes: Uint8Array };
  /** A user's function of the indices of an element, or of where a chunk begins and its shape. */
  readonly function: {
    readonly fn: CallableRef;
    readonly of: "element" | "chunk";
    readonly args: readonly ValueJson[];
  };
  /** `grid`: the file's own chunks. */
  readonly file: { readonly file: ArrayFile; readonly grid: Chunks };
  /** What a run keeps: one output a chunk of the grid, `.npy` bytes. */
  readonly kept: { readonly run: string; readonly stage: string; readonly grid: Chunks };
}

/** Uniform in [0, 1), normal with mean 0 and deviation 1, exponential with scale 1, integers in [low, high). */
export type Distribution =
  | { readonly kind: "uniform" }
  | { readonly kind: "normal" }
  | { readonly kind: "exponential" }
  | { readonly kind: "integers"; readonly low: number; readonly high: number };

/** Uniform in [0, 1); one of 0 … count − 1; the first of 0 … count − 1 in an order of chance. */
export type Draw =
  | { readonly kind: "uniform" }
  | { readonly kind: "below"; readonly count: number }
  | { readonly kind: "permuted"; readonly count: number };

/** Where an array's bytes lie. */
export type ArrayFile =
  /** `offset`: of the elements, in bytes; `swapped`: their most significant byte comes first. In C order. */
  | {
      readonly format: "npy";
      readonly url: string;
      readonly etag: string;
      readonly offset: number;
      readonly swapped: boolean;
    }
  /** `path`: of the array in the store's hierarchy. */
  | { readonly format: "zarr"; readonly url: string; readonly path: string }
  | {
      readonly format: "hdf5";
      readonly url: string;
      readonly size: number;
      readonly etag: string;
      readonly dataset: string;
    };

export type ReductionName =
  | "sum"
  | "prod"
  | "mean"
  | "var"
  | "std"
  | "min"
  | "max"
  | "any"
  | "all"
  | "argmin"
  | "argmax"
  | "count"
  | "nansum"
  | "nanmean"
  | "nanvar"
  | "nanstd"
  | "nanmin"
  | "nanmax";

export interface Reduction {
  readonly fn: ReductionName;
  /** Ascending. */
  readonly axes: readonly number[];
  readonly keepdims: boolean;
  /** Of variances: what is taken from the count. */
  readonly ddof: number;
}

export type AlongFunction =
  | { readonly name: "sort" }
  | { readonly name: "argsort" }
  | { readonly name: "quantile"; readonly q: readonly number[]; readonly method: QuantileMethod };

export type QuantileMethod = "linear" | "lower" | "higher" | "nearest" | "midpoint";

export type LocalFunction =
  /** Of rows: the orthonormal factor, or the triangular one. */
  | { readonly name: "qr"; readonly output: "q" | "r" }
  /** Products of the matrices in the last two axes. */
  | { readonly name: "multiply" }
  /** The sum or product along an axis, which stays with length 1. */
  | { readonly name: "total"; readonly fn: "cumsum" | "cumprod"; readonly axis: number }
  /** Sums or products up to each element; with a second input, of all chunks' totals so far along the axis, going on from there. */
  | { readonly name: "running"; readonly fn: "cumsum" | "cumprod"; readonly axis: number }
  /** Discrete Fourier transforms along an axis, see fourier.ts. Complex numbers: a last axis of length 2. */
  | {
      readonly name: "fft";
      readonly axis: number;
      readonly inverse: boolean;
      /** What comes in, what goes out; half: only the frequencies up to n / 2 of a real line's. */
      readonly from: "real" | "complex" | "half";
      readonly to: "real" | "complex" | "half";
      readonly n: number;
    }
  /** For each element how many of the ascending values, float64 and the second input, lie before it; "right": or are equal. */
  | { readonly name: "search"; readonly side: "left" | "right" }
  /** For each element of the first input, int64, the row of the second one with that number: its axes come behind those of the first. */
  | { readonly name: "pick" };

export type WholeFunction =
  /** Of a and b. */
  | { readonly name: "solve" }
  | { readonly name: "cholesky" }
  | { readonly name: "inv" }
  /** The sign of the determinant, the logarithm of its absolute value; the determinant. */
  | { readonly name: "det" }
  /** Q and R. */
  | { readonly name: "qr" }
  /** U, the singular values, Vᵀ. */
  | { readonly name: "svd" }
  /** Eigenvalues, ascending, and the vectors in columns; of the lower triangle. */
  | { readonly name: "eigh" }
  /** Of the triangular factor of [A b] with `columns` columns of A: x, the sums of squares that remain, the rank, A's singular values. `rows`: of A. */
  | { readonly name: "lstsq"; readonly columns: number; readonly rows: number; readonly rcond: number }
  /** Of the smallest and the largest element: the edges of equal bins. */
  | { readonly name: "edges"; readonly bins: number }
  | { readonly name: "quantile"; readonly q: readonly number[]; readonly method: QuantileMethod }
  /** Quantiles, of what the last pass of a selection found among `count` elements. */
  | {
      readonly name: "selected";
      readonly of: DType;
      readonly ranks: readonly number[];
      readonly count: number;
      readonly q: readonly number[];
      readonly method: QuantileMethod;
    };

/** "none": blocks at an edge have nothing beyond it; a number: that number. */
export type Boundary = "none" | "reflect" | "periodic" | "nearest" | number;
