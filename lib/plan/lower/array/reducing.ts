import { chunkCount, type Chunks } from "../../../collections/array/chunks.ts";
import type { ArrayNode } from "../../../collections/array/nodes.ts";
import { sizeOf } from "../../../collections/array/shape.ts";
import type { ProgramReduction } from "../../../kernels/array/program.ts";

/** A product of matrices with fewer chunks than this is cut along the axis that is summed. */
const MANY_CHUNKS = 8;

/** A node that is a reduction: over what, by which grid, with which results. */
export interface Reducing {
  readonly inputs: readonly ArrayNode[];
  readonly grid: Chunks;
  /** The axes of the grid, kept ones first: so that the partials of one result lie together. */
  readonly order: readonly number[];
  over(places: readonly number[]): ProgramReduction;
  /** How many partials there are for each chunk of the result. */
  readonly partials: number;
  /** How many elements each result is made of. */
  readonly count: number;
}

export function isReduction(node: ArrayNode): boolean {
  return reductionOf(node) !== undefined;
}

export function reductionOf(node: ArrayNode): Reducing | undefined {
  switch (node.op) {
    case "reduce": {
      const [input] = node.inputs;
      const { fn, axes, ddof } = node;
      const kept = input.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
      const chunks = kept.map((axis) => input.chunks[axis]);
      return {
        inputs: [input],
        grid: input.chunks,
        order: [...kept, ...axes],
        over: ([root]) => ({ kind: "axes", root, fn, axes, ddof, dtype: input.dtype, chunks }),
        partials: chunkCount(axes.map((axis) => input.chunks[axis])),
        count: sizeOf(axes.map((axis) => input.shape[axis])),
      };
    }
    case "gram": {
      const [input] = node.inputs;
      const { centred, divisor } = node;
      const divided = divisor === undefined ? {} : { divisor };
      return {
        inputs: [input],
        grid: [input.chunks[0], [input.shape[1]]],
        order: [0, 1],
        over: ([root]) => ({ kind: "gram", root, centred, ...divided, dtype: input.dtype, chunks: node.chunks }),
        partials: input.chunks[0].length,
        count: input.shape[0],
      };
    }
    case "histogram": {
      const { dtype, chunks } = node;
      return counting(node.inputs, node.inputs[0], ([root, edges, weights]) => ({
        kind: "histogram",
        root,
        edges,
        dtype,
        chunks,
        ...(weights === undefined ? {} : { weights }),
      }));
    }
    case "bincount": {
      const { dtype, chunks } = node;
      return counting(node.inputs, node.inputs[0], ([root, weights]) => ({
        kind: "bincount",
        root,
        dtype,
        chunks,
        ...(weights === undefined ? {} : { weights }),
      }));
    }
    case "digits": {
      const { ranks, pass, chunks } = node;
      const { dtype } = node.inputs[0];
      return counting(node.inputs, node.inputs[0], ([root, before]) => ({
        kind: "digits",
        root,
        ranks,
        pass,
        dtype,
        chunks,
        ...(before === undefined ? {} : { before }),
      }));
    }
    case "unique":
      return counting(node.inputs, node.inputs[0], ([root]) => ({
        kind: "unique",
        root,
        dtype: node.dtype,
        chunks: [],
      }));
    case "matmul": {
      const [left, right] = node.inputs;
      const [, summed] = left.chunks;
      if (summed.length === 1 || chunkCount(node.chunks) >= MANY_CHUNKS) return undefined;
      return {
        inputs: [left, right],
        grid: [...node.chunks, summed],
        order: [0, 1, 2],
        over: ([a, b]) => ({ kind: "product", left: a, right: b, dtype: node.dtype, chunks: node.chunks }),
        partials: summed.length,
        count: left.shape[1],
      };
    }
    default:
      return undefined;
  }
}

/** Over all axes, into one result. */
function counting(inputs: readonly ArrayNode[], x: ArrayNode, over: Reducing["over"]): Reducing {
  const grid = x.chunks;
  return { inputs, grid, order: [...grid.keys()], over, partials: chunkCount(grid), count: sizeOf(x.shape) };
}
