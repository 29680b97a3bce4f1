import type { Region } from "../../collections/array/chunks.ts";
import type { TypedArray } from "../../collections/array/dtype.ts";
import { stridesOf, type Shape } from "../../collections/array/shape.ts";

/** Puts the elements of a box where it belongs in a whole array of the same dtype, line by line. */
export function copyInto(whole: TypedArray, shape: Shape, part: TypedArray, { start, size }: Region): void {
  if (part.length === 0) return;
  const strides = stridesOf(shape);
  // The last axes that the box has whole make one line with the axis before them.
  let inner = size.length;
  let line = 1;
  while (inner > 0) {
    inner--;
    line *= size[inner];
    if (size[inner] !== shape[inner]) break;
  }
  const copy = (axis: number, from: number, to: number): number => {
    if (axis >= inner) {
      setPart(whole, part.subarray(from, from + line), to + offset(axis));
      return from + line;
    }
    let next = from;
    for (let i = 0; i < size[axis]; i++) next = copy(axis + 1, next, to + (start[axis] + i) * strides[axis]);
    return next;
  };
  const offset = (axis: number) => {
    let sum = 0;
    for (let i = axis; i < size.length; i++) sum += start[i] * strides[i];
    return sum;
  };
  copy(0, 0, 0);
}

function setPart(whole: TypedArray, part: TypedArray, at: number): void {
  if (whole instanceof BigInt64Array || whole instanceof BigUint64Array) {
    if (part instanceof BigInt64Array || part instanceof BigUint64Array) whole.set(part, at);
  } else if (!(part instanceof BigInt64Array) && !(part instanceof BigUint64Array)) whole.set(part, at);
}
