import type { ArrayMeta, ArrayOperations, Reduction } from "../../collections/array/nodes.ts";
import type { Chunks } from "../../collections/array/chunks.ts";
import type { DType } from "../../collections/array/dtype.ts";

/** What tasks of array stages compute, as data: nodes that name their inputs by place, each behind its inputs. */
export type ProgramNode = {
  readonly [Op in keyof Operations]: ArrayMeta & { readonly op: Op } & Operations[Op];
}[keyof Operations];

interface Operations extends Omit<ArrayOperations<"place">, "data"> {
  readonly data: { readonly base64: string };
  /** What an earlier stage keeps: `.npy` bytes, one output a chunk of the grid. */
  readonly input: { readonly stage: string; readonly grid: Chunks };
  /** What this task receives through an exchange: exactly the box that it computes. */
  readonly received: object;
}

export type Program = readonly ProgramNode[];

/** Parameters of `array.run`: task i computes chunk i of the grid. */
export interface ArrayRunParams {
  readonly program: Program;
  readonly grid: Chunks;
  /** Chunks are numbered with these axes from the slowest to the fastest; absent: C order. */
  readonly order?: readonly number[];
  readonly sink: ArraySink;
}

export type ArraySink =
  /** The chunk as `.npy` bytes. `root` is a place in the program, here and below. */
  | { readonly to: "block"; readonly root: number }
  /** Partial reductions of the chunk, encoded (see partials.ts). */
  | { readonly to: "reduce"; readonly reductions: readonly ProgramReduction[] }
  /** The chunk's parts of each chunk of another grid: for an exchange. */
  | { readonly to: "sections"; readonly root: number; readonly grid: Chunks }
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
  | { readonly kind: "gram"; readonly root: number; readonly centred: boolean }
  | { readonly kind: "product"; readonly left: number; readonly right: number }
);

/** Where an array is written to. */
export type ArrayTarget =
  | { readonly format: "npy"; readonly url: string; readonly offset: number }
  | { readonly format: "zarr"; readonly url: string };

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
