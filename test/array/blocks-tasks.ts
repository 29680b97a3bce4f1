import { NDArray } from "../../lib/collections/array/ndarray.ts";
import type { BlockInfo } from "../../lib/collections/array/blocks.ts";

/** Functions of blocks in a module of their own. */

const factor = 3;

export function scaled(block: NDArray<"float64">): NDArray<"float64"> {
  return new NDArray(
    "float64",
    block.shape,
    block.data.map((value) => value * factor),
  );
}

export function placed(block: NDArray<"float64">, offset: number, { index }: BlockInfo): Float64Array {
  return block.data.map(() => offset + 10 * index[0] + index[1]);
}

/** Means of a cross of five. */
export function smoothed(block: NDArray<"float64">): Float64Array {
  const [rows, columns] = block.shape;
  const at = (i: number, j: number) =>
    block.data[Math.min(rows - 1, Math.max(0, i)) * columns + Math.min(columns - 1, Math.max(0, j))];
  return Float64Array.from(block.data, (value, k) => {
    const [i, j] = [Math.floor(k / columns), k % columns];
    return (value + at(i - 1, j) + at(i + 1, j) + at(i, j - 1) + at(i, j + 1)) / 5;
  });
}
