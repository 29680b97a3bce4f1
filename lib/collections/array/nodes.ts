import type { CallableRef } from "../../callables/reference.ts";
import type { Json } from "../../errors.ts";
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
  /** Only the chunks differ. */
  readonly rechunk: { readonly inputs: readonly [Input<By>] };
  readonly reduce: { readonly inputs: readonly [Input<By>] } & Reduction;
  /** Of x [n, d] the sums over n of x xᵀ, [d, d]; centred: of the deviations from the means. */
  readonly gram: { readonly inputs: readonly [Input<By>]; readonly centred: boolean };
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
  /** What needs all of its inputs in one place; `output` says which of its results this is. */
  readonly whole: { readonly inputs: readonly Input<By>[]; readonly fn: WholeFunction; readonly output: number };
  /** A user's function of blocks, see `mapBlocks`; `depth`: elements of the neighbours that each block has on either side, axis by axis, see `mapOverlap`. */
  readonly blocks: {
    readonly inputs: readonly Input<By>[];
    readonly fn: CallableRef;
    readonly args: readonly Json[];
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
  /** Bytes of the caller's, in C order. */
  readonly data: { readonly bytes: Uint8Array };
  /** A user's function of the places where a chunk begins, and of its shape. */
  readonly function: { readonly fn: CallableRef; readonly args: readonly Json[] };
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

/** Where an array's bytes lie. */
export type ArrayFile =
  | {
      readonly format: "npy";
      readonly url: string;
      readonly etag: string;
      readonly offset: number;
      readonly descr: string;
      /** Fortran order: the axes are stored the other way round. */
      readonly fortran: boolean;
    }
  | { readonly format: "zarr"; readonly url: string; readonly path: string }
  | { readonly format: "hdf5"; readonly url: string; readonly etag: string; readonly dataset: string };

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
  | { readonly name: "quantile"; readonly q: readonly number[]; readonly method: QuantileMethod }
  | { readonly name: "fft"; readonly inverse: boolean };

export type QuantileMethod = "linear" | "lower" | "higher" | "nearest" | "midpoint";

export type WholeFunction =
  | { readonly name: "solve" }
  | { readonly name: "cholesky" }
  | { readonly name: "inv" }
  | { readonly name: "qr" }
  | { readonly name: "svd" }
  | { readonly name: "lstsq" }
  | { readonly name: "unique" }
  | { readonly name: "quantile"; readonly q: readonly number[]; readonly method: QuantileMethod };

export type Boundary = "none" | "reflect" | "periodic" | "nearest" | number;
