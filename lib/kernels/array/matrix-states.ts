import { Grid, type Region } from "../../collections/array/chunks.ts";
import { infoOf, type TypedArray } from "../../collections/array/dtype.ts";
import type { Arena, Block } from "./arena.ts";
import type { Evaluator } from "./evaluate.ts";
import { gramInto, multiplyBy, operandBox } from "./multiply.ts";
import type { State } from "./partials.ts";
import type { ProgramReduction } from "./program.ts";

/**
 * Products of matrices as reductions over the axis that is summed. Of a centred Gram matrix the state is the count, the means and the sums of products of
 * deviations: these merge stably (Chan, Golub, LeVeque 1983, for pairs of columns), where sums of products and squares of sums would cancel.
 */
type Matrix = Extract<ProgramReduction, { kind: "gram" | "product" }>;

/** The rows of one box; the grid is cut along the first axis alone. */
export async function gramState(
  evaluator: Evaluator,
  { root, centred }: Extract<Matrix, { kind: "gram" }>,
  region: Region,
): Promise<State> {
  const { arena } = evaluator;
  const x = await evaluator.block(root, region);
  const [n, d] = x.shape;
  const means = centred ? centre(evaluator, x) : undefined;
  const c = arena.zeros(x.dtype, [d, d]);
  if (n > 0) gramInto(arena, x, c);
  arena.release(x);
  const product = upperHalf(arena, c);
  return { place: 0, fields: means === undefined ? [product] : [Float64Array.of(n), means, product] };
}

/** The elements on and above the diagonal, row by row, moved together where they lie: all there is to a symmetric matrix. */
function upperHalf(arena: Arena, { address, shape: [d] }: Block): Float64Array {
  const move = arena.kernel.copy2d(8);
  let at = address;
  for (let i = 0; i < d; i++) {
    move(address + 8 * i * (d + 1), 0, 8, at, 0, 8, 1, d - i);
    at += 8 * (d - i);
  }
  return arena.view("float64", address, (d * (d + 1)) / 2);
}

/** Takes its mean from each column, and gives the means. */
function centre({ arena }: Evaluator, x: Block): Float64Array {
  const [n, d] = x.shape;
  const { code, bytes } = infoOf(x.dtype);
  const sums = arena.bytes(8 * d);
  arena.view("float64", sums, d).fill(0);
  arena.kernel.loop(`sum_${code}`)(x.address, 1, n, d, sums);
  const means = arena.view("float64", sums, d);
  for (let j = 0; j < d; j++) means[j] = n === 0 ? 0 : means[j] / n;
  const sub = arena.kernel.loop(`sub_${code}`);
  for (let i = 0; i < n; i++) {
    const row = x.address + i * d * bytes;
    sub(row, sums, row, d);
  }
  const copy = means.slice();
  arena.release({ address: sums });
  return copy;
}

/** One box of the three axes rows, columns, summed. */
export async function productState(
  evaluator: Evaluator,
  { left, right, dtype, chunks, gemm }: Extract<Matrix, { kind: "product" }>,
  { start, size }: Region,
  place: readonly number[],
): Promise<State> {
  const { arena } = evaluator;
  const a = await operandBox(evaluator, left, { start: [start[0], start[2]], size: [size[0], size[2]] });
  const b = await operandBox(evaluator, right, { start: [start[2], start[1]], size: [size[2], size[1]] });
  const c = arena.zeros(dtype, [size[0], size[1]]);
  if (!size.includes(0)) await multiplyBy(gemm, arena, a, b, c, true);
  const product = arena.view(dtype, c.address, size[0] * size[1]).slice();
  for (const block of [a.block, b.block, c]) arena.release(block);
  return { place: new Grid(chunks).indexOf(place.slice(0, 2)), fields: [product] };
}

export function matrixMerge(reduction: Matrix): (a: readonly TypedArray[], b: readonly TypedArray[]) => void {
  if (reduction.kind === "gram" && reduction.centred)
    return (a, b) => mergeCentred(a as readonly Float64Array[], b as readonly Float64Array[]); // its fields are float64
  return ([a], [b]) => addProducts(a, b);
}

function addProducts(a: TypedArray, b: TypedArray): void {
  if (a instanceof BigInt64Array || a instanceof BigUint64Array)
    for (let i = 0; i < a.length; i++) a[i] += BigInt(b[i]);
  else for (let i = 0; i < a.length; i++) a[i] += Number(b[i]);
}

function mergeCentred(
  [countA, meanA, c]: readonly Float64Array[],
  [countB, meanB, other]: readonly Float64Array[],
): void {
  const [na, nb] = [countA[0], countB[0]];
  if (nb === 0) return;
  const n = na + nb;
  const d = meanA.length;
  const delta = meanA.map((mean, j) => meanB[j] - mean);
  for (let i = 0, at = 0; i < d; i++) {
    const factor = (delta[i] * na * nb) / n;
    for (let j = i; j < d; j++, at++) c[at] += other[at] + factor * delta[j];
  }
  for (let j = 0; j < d; j++) meanA[j] += (delta[j] * nb) / n;
  countA[0] = n;
}

/** The elements of the product; of a Gram matrix both halves. */
export function matrixFinish(reduction: Matrix, fields: readonly TypedArray[]): TypedArray {
  const product = fields[fields.length - 1];
  if (reduction.kind === "product") return product;
  const half = product as Float64Array; // its fields are float64
  const d = Math.round((Math.sqrt(8 * half.length + 1) - 1) / 2);
  const { divisor = 1 } = reduction;
  const whole = new Float64Array(d * d);
  for (let i = 0, at = 0; i < d; i++) for (let j = i; j < d; j++, at++) whole[i * d + j] = half[at] / divisor;
  // In squares, so that what is written down the columns stays in the caches.
  const side = 32;
  for (let top = 0; top < d; top += side)
    for (let left = 0; left <= top; left += side)
      for (let i = top; i < Math.min(d, top + side); i++)
        for (let j = left; j < Math.min(i, left + side); j++) whole[i * d + j] = whole[j * d + i];
  return whole;
}
