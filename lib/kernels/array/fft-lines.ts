import type { LocalFunction } from "../../collections/array/nodes.ts";
import { sizeOf, type Shape } from "../../collections/array/shape.ts";
import type { Arena, Block } from "./arena.ts";
import { transformOf } from "./fft.ts";

type Fft = Extract<LocalFunction, { name: "fft" }>;

/** Transforms every line along the axis. Complex numbers are pairs in the last axis; lines are cut, or filled up with zeros, to n elements. */
export function transformLines(arena: Arena, { axis, inverse, from, to, n }: Fft, input: Block, size: Shape): Block {
  const out = arena.block("float64", size);
  const [source, target] = [input, out].map(({ address, shape }) => arena.view("float64", address, sizeOf(shape)));
  const [given, wanted] = [input.shape[axis], size[axis]];
  const [readWidth, writeWidth] = [from === "real" ? 1 : 2, to === "real" ? 1 : 2];
  const inner = sizeOf(size.slice(axis + 1)) / writeWidth;
  const outer = sizeOf(size.slice(0, axis));
  const [re, im] = [new Float64Array(n), new Float64Array(n)];
  const transform = transformOf(n);
  const scale = inverse ? 1 / n : 1;
  for (let i = 0; i < outer; i++)
    for (let j = 0; j < inner; j++) {
      const read = (k: number) => ((i * given + k) * inner + j) * readWidth;
      fill(source, read, from, Math.min(given, from === "half" ? (n >> 1) + 1 : n), re, im);
      if (inverse) transform.run(im, re);
      else transform.run(re, im);
      for (let k = 0; k < wanted; k++) {
        const at = ((i * wanted + k) * inner + j) * writeWidth;
        target[at] = re[k] * scale;
        if (writeWidth === 2) target[at + 1] = im[k] * scale;
      }
    }
  return out;
}

/** A line's first `count` elements; of half a line the other half is the conjugate one, as a real line's. */
function fill(
  source: Float64Array,
  read: (k: number) => number,
  from: Fft["from"],
  count: number,
  re: Float64Array,
  im: Float64Array,
): void {
  re.fill(0);
  im.fill(0);
  const n = re.length;
  for (let k = 0; k < count; k++) {
    const at = read(k);
    re[k] = source[at];
    if (from !== "real") im[k] = source[at + 1];
  }
  if (from !== "half") return;
  im[0] = 0;
  if (n % 2 === 0) im[n >> 1] = 0;
  for (let k = (n >> 1) + 1; k < n; k++) {
    re[k] = re[n - k];
    im[k] = -im[n - k];
  }
}
