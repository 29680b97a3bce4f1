import type { ArrayMeta, ArrayOperations, Reduction, WholeFunction } from "../../collections/array/nodes.ts";
import type { Chunks } from "../../collections/array/chunks.ts";
import type { DType } from "../../collections/array/dtype.ts";
import type { Shape } from "../../collections/array/shape.ts";

/** What tasks of array stages compute, as data: nodes that name their inputs by place, each behind its inputs. */
export type ProgramNode = {
  readonly [Op in keyof Operations]: ArrayMeta & { readonly op: Op } & Operations[Op];
}[keyof Operations];

interface Operations extends Omit<ArrayOperations<"place">, "data" | "matmul"> {
  readonly matmul: ArrayOperations<"place">["matmul"] & OtherGemm;
  readonly data: { readonly base64: string };
  /** What an earlier stage keeps: `.npy` bytes, one output a chunk of the grid. */
  readonly input: { readonly stage: string; readonly grid: Chunks };
  /** What this task receives through an exchange: exactly the box that it computes. */
  readonly received: object;
}

export type Program = readonly ProgramNode[];

/** What makes a product of float matrices; absent: our own kernel. Decided by the plan, since it decides the bits. */
interface OtherGemm {
  readonly gemm?: "onnxruntime";
}

/** Parameters of `array.run`: task i computes chunk i of the grid. */
export interface ArrayRunParams {
  readonly program: Program;
  readonly grid: Chunks;
  /** Chunks are numbered with these axes from the slowest to the fastest; absent: C order. */
  readonly order?: readonly number[];
  /**
   * Of a matrix with the same chunks along either axis, a task reduces chunk [i, j] and chunk [j, i], since they have leaves in common: task t is the t-th pair
   * with i ≤ j, by i and then by j.
   */
  readonly pairs?: true;
  readonly sink: ArraySink;
}

export type ArraySink =
  /** The chunk as `.npy` bytes. `root` is a place in the program, here and below. */
  | { readonly to: "block"; readonly root: number }
  /** Partial reductions of the chunk, encoded (see partials.ts). */
  | { readonly to: "reduce"; readonly reductions: readonly ProgramReduction[] }
  /** The chunk's parts of each chunk of another grid: for an exchange. */
  | { readonly to: "sections"; readonly root: number; readonly grid: Chunks }
  /** What a function makes of whole arrays: the output with that number (or several, see `ArrayOperations`), as `.npy` bytes. */
  | {
      readonly to: "whole";
      readonly roots: readonly number[];
      readonly fn: WholeFunction;
      readonly output: number | readonly number[];
    }
  /** The chunk is written to where it belongs. */
  | { readonly to: "write"; readonly root: number; readonly target: ArrayTarget };

/**
 * A reduction of the node at `root`, or of what is one by nature: a Gram matrix, a product of matrices cut along the axis that is summed (its grid has
 * the three axes rows, columns, summed). `dtype`: of what is reduced.
 */
export type ProgramReduction = {
  readonly dtype: DType;
  /** Of the result, reduced axes left out. */
  readonly chunks: Chunks;
} & (
  | ({ readonly kind: "axes"; readonly root: number } & Omit<Reduction, "keepdims">)
  | { readonly kind: "gram"; readonly root: number; readonly centred: boolean; readonly divisor?: number }
  | ({ readonly kind: "product"; readonly left: number; readonly right: number } & OtherGemm)
  | {
      readonly kind: "histogram";
      readonly root: number;
      /** The places of the bins' edges, and of weights. */
      readonly edges: number;
      readonly weights?: number;
    }
  | { readonly kind: "bincount"; readonly root: number; readonly weights?: number }
  | { readonly kind: "unique"; readonly root: number }
  | {
      readonly kind: "digits";
      readonly root: number;
      /** Where what the pass before found is. */
      readonly before?: number;
      readonly ranks: readonly number[];
      readonly pass: number;
    }
);

/** A Zarr array that is written to; `chunk`: the shape of its chunks. */
export interface ArrayTarget {
  readonly format: "zarr";
  readonly url: string;
  readonly version: 2 | 3;
  readonly chunk: Shape;
  readonly compression: "none" | "gzip";
}

/**
 * Parameters of `array.combine`: a stage has `partials` partials for each chunk of the result, one after the other. Task i merges the next `fan` of them; in
 * the last round `fan` is all there are, and the chunk is finished: `.npy` bytes.
 */
export interface ArrayCombineParams {
  readonly stage: string;
  readonly partials: number;
  readonly fan: number;
  readonly reduction: ProgramReduction;
  /** Of what comes out. */
  readonly dtype: DType;
  /** How many elements each result is made of. */
  readonly count: number;
  /** The last round: the shape of the chunks that come out is that of these. */
  readonly finish?: Chunks;
}
