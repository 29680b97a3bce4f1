import type { Region } from "../../collections/array/chunks.ts";
import { infoOf, type DType, type TypedArray } from "../../collections/array/dtype.ts";
import { sizeOf } from "../../collections/array/shape.ts";
import type { Arena, Block } from "./arena.ts";
import { cutOut, gathered, layoutOf } from "./boxes.ts";
import type { Evaluator } from "./evaluate.ts";
import { lineFunction } from "./lines.ts";
import { copyStrided } from "./strided.ts";
import type { Of } from "./views.ts";

/** Functions of whole lines along an axis: every box needs the whole of that axis. */
export async function alongAxis(evaluator: Evaluator, node: Of<"along" | "cumulate">, region: Region): Promise<Block> {
  const { arena, program } = evaluator;
  const { axis } = node;
  const input = program[node.inputs[0]];
  const length = input.shape[axis];
  const box = replaced(region, axis, 0, length);
  const block = await evaluator.block(node.inputs[0], box);
  const made = node.op === "cumulate" ? runningTotals(arena, node, block) : byLines(evaluator, node, block, box);
  arena.release(block);
  const whole = node.shape[axis];
  if (region.start[axis] === 0 && region.size[axis] === whole) return made;
  return cutOut(
    arena,
    made,
    made.shape.map((_, i) => (i === axis ? region.start[axis] : 0)),
    region.size,
  );
}

function replaced({ start, size }: Region, axis: number, from: number, length: number): Region {
  return { start: start.with(axis, from), size: size.with(axis, length) };
}

export interface Running {
  readonly fn: "cumsum" | "cumprod";
  readonly axis: number;
  /** Of what comes out: that of sums, or float32. */
  readonly dtype: DType;
}

/** Sums or products up to each element. `before`: what they come to before the block; of the dtype of sums. */
export function runningTotals(arena: Arena, { fn, axis, dtype }: Running, block: Block, before?: Block): Block {
  const size = block.shape;
  const outer = sizeOf(size.slice(0, axis));
  const cols = sizeOf(size.slice(axis + 1));
  const wide = dtype === "float32" ? "float64" : dtype;
  const carry = arena.block(wide, [outer, cols]);
  const carries = arena.view(wide, carry.address, outer * cols) as TypedArray; // of any dtype
  if (before !== undefined) arena.kernel.copy2d(8)(before.address, 0, 8, carry.address, 0, 8, 1, outer * cols);
  else if (carries instanceof BigInt64Array || carries instanceof BigUint64Array)
    carries.fill(fn === "cumsum" ? 0n : 1n);
  else carries.fill(fn === "cumsum" ? 0 : 1);
  const made = arena.block(wide, size);
  const loop = arena.kernel.loop(`${fn}_${infoOf(block.dtype).code}`);
  loop(block.address, outer, size[axis], cols, carry.address, made.address);
  arena.release(carry);
  if (wide === dtype) return made;
  const out = arena.block(dtype, size);
  arena.kernel.loop(`cast_${infoOf(wide).code}_${infoOf(dtype).code}`)(made.address, out.address, sizeOf(size));
  arena.release(made);
  return out;
}

/** Lines are laid one after the other, worked on, and laid back. */
function byLines({ arena }: Evaluator, node: Of<"along">, block: Block, { size }: Region): Block {
  const { axis, dtype } = node;
  const lines = sizeOf(size.with(axis, 1));
  const [from, to] = [size[axis], node.shape[axis]];
  const order = [...size.keys()].filter((i) => i !== axis).concat(axis);
  const turned = (of: Block) => {
    const { address, strides } = layoutOf(of);
    return { address, strides: order.map((i) => strides[i]) };
  };
  const input = gathered(
    arena,
    block.dtype,
    order.map((i) => size[i]),
    turned(block),
  );
  const output = arena.block(dtype, [lines, to]);
  const source = arena.view(block.dtype, input.address, lines * from);
  const target = arena.view(dtype, output.address, lines * to);
  const work = lineFunction(node.fn, from);
  for (let i = 0; i < lines; i++)
    work(source.subarray(i * from, (i + 1) * from), target.subarray(i * to, (i + 1) * to));
  arena.release(input);
  const back = arena.block(dtype, size.with(axis, to));
  const laid = order.map((i) => back.shape[i]);
  copyStrided(arena.kernel, infoOf(dtype).bytes, laid, layoutOf({ ...output, shape: laid }), turned(back));
  arena.release(output);
  return back;
}
