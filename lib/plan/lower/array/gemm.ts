import { largestChunk, type Chunks } from "../../../collections/array/chunks.ts";
import { infoOf, isFloat, type DType } from "../../../collections/array/dtype.ts";
import { sizeOf } from "../../../collections/array/shape.ts";
import type { ArrayRunParams } from "../../../kernels/array/program.ts";

/** When products of matrices are another library's. The plan says so, and so decides the bits. */
export interface OtherGemm {
  /** The operations (two for each product of numbers) of a product from which it may be. Undefined: of any, also in small pieces. */
  readonly from?: number;
  /** Whether the library is there: asked only where a product is large enough. */
  isThere(): boolean;
}

/**
 * Products of a task from which calling it wins, by measure (docs/performance.md): pieces of 128³, with at least 100 products a sum. What is smaller costs it more to
 * be called.
 */
const PIECE = 128 ** 3;
const SUMMED = 100;

export const GEMM_NOTE =
  'products of matrices are made by onnxruntime-node: their last bits are its own. Client.local({ gemm: "abanico" }) goes without it';

/** The same parameters, their large products marked. The very same where there are none. */
export function withGemm(params: ArrayRunParams, other: OtherGemm | undefined): ArrayRunParams {
  if (other === undefined) return params;
  const { sink, grid, program } = params;
  const isOthers = (dtype: DType, pieces: Chunks): boolean =>
    isFloat(dtype) && isLarge(pieces, other) && other.isThere();
  const places = new Set<number>();
  for (const [place, node] of program.entries())
    if (node.op === "matmul" && isOthers(node.dtype, [...node.chunks, program[node.inputs[0]].chunks[1]]))
      places.add(place);
  const marked = program.map((node, place) =>
    node.op === "matmul" && places.has(place) ? { ...node, gemm: "onnxruntime" as const } : node,
  );
  if (sink.to !== "reduce" || !sink.reductions.some(({ kind, dtype }) => kind === "product" && isOthers(dtype, grid)))
    return places.size === 0 ? params : { ...params, program: marked };
  const reductions = sink.reductions.map((one) =>
    one.kind === "product" ? { ...one, gemm: "onnxruntime" as const } : one,
  );
  return { ...params, program: marked, sink: { ...sink, reductions } };
}

/** `pieces`: rows, columns and what is summed. */
function isLarge(pieces: Chunks, { from }: OtherGemm): boolean {
  if (from === undefined) return true;
  const total = pieces.reduce((product, lengths) => product * lengths.reduce((sum, length) => sum + length, 0), 2);
  return total >= from && largestChunk(pieces) >= PIECE && Math.max(0, ...pieces[2]) >= SUMMED;
}

/**
 * What a task holds more: operands that lie transposed are copied, and a product that is added to another is made apart; where Node does not hand shared memory over
 * (before 24), there is a copy of all three.
 */
export function gemmBytes({ program, grid, sink }: ArrayRunParams): number {
  let most = 0;
  const piece = (dtype: DType, [rows, columns, summed]: Chunks) => {
    const sides = [rows, columns, summed].map((lengths) => Math.max(0, ...lengths));
    const faces = sides.map((_, axis) => sizeOf(sides.toSpliced(axis, 1)));
    most = Math.max(most, 2 * infoOf(dtype).bytes * faces.reduce((sum, face) => sum + face, 0));
  };
  for (const node of program)
    if (node.op === "matmul" && node.gemm !== undefined)
      piece(node.dtype, [...node.chunks, program[node.inputs[0]].chunks[1]]);
  if (sink.to === "reduce")
    for (const one of sink.reductions) if (one.kind === "product" && one.gemm !== undefined) piece(one.dtype, grid);
  return most;
}
