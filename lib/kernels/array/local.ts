import type { Region } from "../../collections/array/chunks.ts";
import { infoOf, type TypedArray } from "../../collections/array/dtype.ts";
import type { LocalFunction } from "../../collections/array/nodes.ts";
import { sizeOf } from "../../collections/array/shape.ts";
import { runningTotals } from "./along.ts";
import type { Arena, Block } from "./arena.ts";
import { gathered, layoutOf } from "./boxes.ts";
import { blockOf, matrixOf } from "./dense/matrix.ts";
import { qr } from "./dense/qr.ts";
import type { Evaluator } from "./evaluate.ts";
import { transformLines } from "./fft-lines.ts";
import { matrixIn, multiplyInto } from "./multiply.ts";
import type { Of } from "./views.ts";

/** Chunk `index` of a function of chunks: `region` is its box. */
export async function localChunk(
  evaluator: Evaluator,
  node: Of<"local">,
  index: number,
  region: Region,
): Promise<Block> {
  const { arena, program } = evaluator;
  const place = evaluator.gridOf(node.chunks).placeOf(index);
  const inputs: Block[] = [];
  for (const input of node.inputs) {
    const grid = evaluator.gridOf(program[input].chunks);
    const own = grid.counts.map((count, axis) => (count === 1 ? 0 : place[axis]));
    inputs.push(await evaluator.block(input, grid.regionAt(own)));
  }
  const made = work(arena, node.fn, inputs, { node, region, place });
  for (const block of inputs) if (block !== made) arena.release(block);
  return made;
}

interface Wanted {
  readonly node: Of<"local">;
  readonly region: Region;
  readonly place: readonly number[];
}

function work(arena: Arena, fn: LocalFunction, inputs: readonly Block[], wanted: Wanted): Block {
  const [first, second] = inputs;
  const { dtype } = wanted.node;
  const { size } = wanted.region;
  switch (fn.name) {
    case "qr":
      return triangularised(arena, first, fn.output);
    case "multiply":
      return multiplied(arena, first, second, size);
    case "total":
      return total(arena, first, fn, dtype);
    case "running": {
      const carry = second === undefined ? undefined : carryAt(arena, second, fn.axis, wanted.place[fn.axis]);
      const made = runningTotals(arena, { ...fn, dtype }, first, carry);
      if (carry !== undefined) arena.release(carry);
      return made;
    }
    case "fft":
      return transformLines(arena, fn, first, size);
    case "pick":
      return picked(arena, first, second, size);
    case "search":
      return searched(arena, first, second, fn.side, size);
  }
}

function triangularised(arena: Arena, block: Block, output: "q" | "r"): Block {
  const made = qr(arena, matrixOf(arena, block), { q: output === "q" });
  if (made.q === undefined) return blockOf(made.r);
  arena.release(made.r);
  return blockOf(made.q);
}

/** The last two axes are matrices. */
function multiplied(arena: Arena, a: Block, b: Block, size: readonly number[]): Block {
  const out = arena.zeros(a.dtype, size);
  const width = infoOf(a.dtype).bytes;
  const count = sizeOf(size.slice(0, -2));
  const at = (block: Block, i: number): Block => {
    const shape = block.shape.slice(-2);
    return { dtype: block.dtype, shape, address: block.address + i * sizeOf(shape) * width };
  };
  if (a.shape[a.shape.length - 1] > 0)
    for (let i = 0; i < count; i++) multiplyInto(arena, matrixIn(at(a, i)), matrixIn(at(b, i)), at(out, i));
  return out;
}

function total(
  arena: Arena,
  block: Block,
  { fn, axis }: Extract<LocalFunction, { name: "total" }>,
  dtype: Block["dtype"],
): Block {
  const { shape } = block;
  const made = arena.block(dtype, shape.with(axis, 1));
  const sums = arena.view(dtype, made.address, sizeOf(made.shape)) as TypedArray; // of any dtype
  const first = fn === "cumsum" ? 0 : 1;
  if (sums instanceof BigInt64Array || sums instanceof BigUint64Array) sums.fill(BigInt(first));
  else sums.fill(first);
  const loop = arena.kernel.loop(`${fn === "cumsum" ? "sum" : "prod"}_${infoOf(block.dtype).code}`);
  loop(block.address, sizeOf(shape.slice(0, axis)), shape[axis], sizeOf(shape.slice(axis + 1)), made.address);
  return made;
}

/** What the chunks before this one come to. */
function carryAt(arena: Arena, totals: Block, axis: number, index: number): Block | undefined {
  if (index === 0) return undefined;
  const start = totals.shape.map((_, i) => (i === axis ? index - 1 : 0));
  return gathered(arena, totals.dtype, totals.shape.with(axis, 1), layoutOf(totals, start));
}

/** The rows with these numbers. */
function picked(arena: Arena, places: Block, rows: Block, size: readonly number[]): Block {
  const { kernel } = arena;
  const out = arena.block(rows.dtype, size);
  const { bytes } = infoOf(rows.dtype);
  const count = sizeOf(places.shape);
  const length = sizeOf(rows.shape.slice(1));
  if (length === 1) {
    const short = arena.bytes(4 * count);
    kernel.loop("cast_i64_i32")(places.address, short, count);
    kernel.loop(`take_${bytes}`)(rows.address, short, out.address, count);
    arena.release({ address: short });
    return out;
  }
  const numbers = arena.view("int64", places.address, count);
  const copy = kernel.copy2d(bytes);
  for (const [i, number] of numbers.entries())
    copy(
      rows.address + Number(number) * length * bytes,
      0,
      bytes,
      out.address + i * length * bytes,
      0,
      bytes,
      1,
      length,
    );
  return out;
}

/** How many of the ascending values lie before each element; "right": or are equal to it. NaN is the largest, as NumPy sorts it. */
function searched(arena: Arena, x: Block, values: Block, side: "left" | "right", size: readonly number[]): Block {
  const out = arena.block("int64", size);
  const elements = arena.view(x.dtype, x.address, sizeOf(size)) as TypedArray; // of any dtype
  const sorted = arena.view("float64", values.address, sizeOf(values.shape));
  const found = arena.view("int64", out.address, elements.length);
  const right = side === "right";
  for (let i = 0; i < elements.length; i++) {
    const value = elements[i];
    let [low, high] = [0, sorted.length];
    if (value !== value) low = high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (right ? sorted[middle] <= value : sorted[middle] < value) low = middle + 1;
      else high = middle;
    }
    found[i] = BigInt(low);
  }
  return out;
}
