import type { ArrayKernel } from "./wasm.ts";

/** One side of a copy: where element [0, 0, …] is, and how far it is to the next along each axis. In bytes; 0 repeats an element. */
export interface Layout {
  readonly address: number;
  readonly strides: readonly number[];
}

/** Copies a box of elements of `width` bytes from one layout to another, both in the kernel's memory. */
export function copyStrided(
  kernel: ArrayKernel,
  width: number,
  sizes: readonly number[],
  from: Layout,
  to: Layout,
): void {
  if (sizes.includes(0)) return;
  const axes = mergeAxes(sizes, from.strides, to.strides);
  const [inner, outer] = innerTwo(axes, width);
  const copy2d = kernel.loop(`copy2d_${width}`);
  const [rows, cols] = inner;
  each(outer, (source, target) => {
    copy2d(from.address + source, rows.from, cols.from, to.address + target, rows.to, cols.to, rows.size, cols.size);
  });
}

interface Axis {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}
const ONE: Axis = { size: 1, from: 0, to: 0 };

/** Without axes of length 1, and with neighbours that lie in one stretch on both sides made one. */
function mergeAxes(sizes: readonly number[], from: readonly number[], to: readonly number[]): Axis[] {
  const merged: Axis[] = [];
  for (const [i, size] of sizes.entries()) {
    if (size === 1) continue;
    const axis = { size, from: from[i], to: to[i] };
    const last = merged.at(-1);
    if (last !== undefined && last.from === axis.from * size && last.to === axis.to * size)
      merged[merged.length - 1] = { ...axis, size: last.size * size };
    else merged.push(axis);
  }
  return merged;
}

/** The axis along which the target is dense, and beside it the one along which the source is: copies go through caches in both. */
function innerTwo(axes: readonly Axis[], width: number): [readonly [Axis, Axis], readonly Axis[]] {
  if (axes.length === 0) return [[ONE, { size: 1, from: width, to: width }], []];
  const cols = axes.reduce((best, axis) => (Math.abs(axis.to) < Math.abs(best.to) ? axis : best));
  const others = axes.filter((axis) => axis !== cols);
  const dense = others.find(({ from }) => Math.abs(from) === width);
  const rows = dense ?? others.at(-1) ?? ONE;
  return [[rows, cols], others.filter((axis) => axis !== rows)];
}

function each(axes: readonly Axis[], body: (from: number, to: number) => void): void {
  const [axis, ...rest] = axes;
  if (axis === undefined) return body(0, 0);
  for (let i = 0; i < axis.size; i++) each(rest, (from, to) => body(from + i * axis.from, to + i * axis.to));
}

/** Bytes from one element to the next along each axis of an array in C order. */
export function byteStrides(shape: readonly number[], width: number): number[] {
  const strides = new Array<number>(shape.length);
  let stride = width;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}
