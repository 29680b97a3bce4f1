import type { DType, TypedArray } from "./dtype.ts";
import { formatFloats, scalarText } from "./format-floats.ts";
import { stridesOf, type Shape } from "./shape.ts";

/** More elements than this, and only the first and last three along each axis are printed. */
const THRESHOLD = 1_000;
const EDGE = 3;
/** Characters of a line. */
const LINE_WIDTH = 75;

interface Printed {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TypedArray;
}

/** As `print(array)` of NumPy 2, with its default options (numpy/_core/arrayprint.py). */
export function formatArray({ dtype, shape, data }: Printed): string {
  if (data.length === 0 && shape.length > 0) return "[]";
  if (shape.length === 0) return scalarText(data[0], dtype);
  const brief = data.length > THRESHOLD;
  const shown = shape.map((length) => shownOf(length, brief));
  const texts = formatAll(dtype, elementsOf(data, shape, shown));
  let next = 0;
  const render = (axis: number, indent: string, width: number): string => {
    if (axis === shape.length - 1)
      return wrapped(
        shown[axis].map((i) => (i < 0 ? "..." : texts[next++])),
        indent,
        width - 1,
      );
    const gap = "\n".repeat(shape.length - axis - 1);
    const parts = shown[axis].map((i) => (i < 0 ? "..." : render(axis + 1, `${indent} `, width - 1)));
    return `[${parts.join(gap + indent)}]`;
  };
  return render(0, " ", LINE_WIDTH);
}

/** Indices along an axis; -1 stands for those that are left out. */
function shownOf(length: number, brief: boolean): number[] {
  if (!brief || length <= 2 * EDGE) return Array.from({ length }, (_, i) => i);
  return [0, 1, 2, -1, length - 3, length - 2, length - 1];
}

function elementsOf(data: TypedArray, shape: Shape, shown: readonly (readonly number[])[]): (number | bigint)[] {
  const strides = stridesOf(shape);
  let places = [0];
  for (const [axis, indices] of shown.entries())
    places = places.flatMap((from) => indices.filter((i) => i >= 0).map((i) => from + i * strides[axis]));
  return places.map((place) => data[place]);
}

/** A row in its brackets, broken into lines of at most `width` characters. */
function wrapped(words: readonly string[], indent: string, width: number): string {
  let text = "";
  let line = indent;
  for (const [i, word] of words.entries()) {
    // A word that is longer than a line stands alone: to break before it would not help.
    if (line.length + word.length > width && line.length > indent.length) {
      text += `${line.trimEnd()}\n`;
      line = indent;
    }
    line += i === words.length - 1 ? word : `${word} `;
  }
  return `[${(text + line).slice(indent.length)}]`;
}

function formatAll(dtype: DType, values: readonly (number | bigint)[]): string[] {
  if (dtype === "bool") return values.map((value) => (value === 0 ? "False" : " True"));
  if (dtype === "float64" || dtype === "float32") return formatFloats(values.map(Number), dtype);
  const texts = values.map(String);
  const width = texts.reduce((most, { length }) => Math.max(most, length), 0);
  return texts.map((text) => text.padStart(width));
}
