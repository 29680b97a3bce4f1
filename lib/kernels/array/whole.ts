import type { TypedArray } from "../../collections/array/dtype.ts";
import type { WholeFunction } from "../../collections/array/nodes.ts";
import { sizeOf, type Shape } from "../../collections/array/shape.ts";
import { InternalError, MatrixError, OptionError } from "../../errors.ts";
import type { Arena, Block } from "./arena.ts";
import { choleskyInPlace } from "./dense/cholesky.ts";
import { eigh } from "./dense/eigh.ts";
import { leastSquares } from "./dense/least-squares.ts";
import { luInPlace, solveFactored } from "./dense/lu.ts";
import { blockOf, firstNotFinite, identity, matrixOf, transposed, copyOf, type Matrix } from "./dense/matrix.ts";
import { qr } from "./dense/qr.ts";
import { svd } from "./dense/svd.ts";
import { quantiles } from "./lines.ts";
import { selectedQuantiles } from "./digits.ts";

/** Functions that need whole arrays in one place. The inputs are used up; the result is output `output` of the function, or several, one after the other. */
export function wholeFunction(
  arena: Arena,
  fn: WholeFunction,
  output: number | readonly number[],
  inputs: readonly Block[],
): Block {
  if (typeof output !== "number") return endToEnd(arena, outputsOf(arena, fn, output, inputs));
  const [only] = outputsOf(arena, fn, [output], inputs);
  return only;
}

/** The outputs that are asked for, from one run of the function. */
function outputsOf(
  arena: Arena,
  fn: WholeFunction,
  asked: readonly number[],
  [first, second]: readonly Block[],
): Block[] {
  const vector = (values: ArrayLike<number>) => vectorBlock(arena, [values.length], values);
  const scalar = (value: number) => vectorBlock(arena, [], [value]);
  const chosen = (...outputs: readonly (() => Block)[]) => asked.map((output) => outputs[output]());
  switch (fn.name) {
    case "solve":
      return [solved(arena, matrixOf(arena, first), second)];
    case "inv":
      return [solved(arena, matrixOf(arena, first), blockOf(identity(arena, first.shape[0])))];
    case "det": {
      const made = determinant(arena, matrixOf(arena, first));
      return asked.map((output) => scalar(made[output]));
    }
    case "cholesky":
      choleskyInPlace(arena, matrixOf(arena, first));
      return [first];
    case "qr": {
      const { q, r } = qr(arena, matrixOf(arena, first), { q: asked.includes(0) });
      return chosen(
        () => blockOf(q ?? r), // it is there where it is asked for
        () => blockOf(r),
      );
    }
    case "svd": {
      const vectors = asked.some((output) => output !== 1);
      const { u, s, vT } = svd(arena, finite(matrixOf(arena, first), "svd(…)"), vectors);
      return chosen(
        () => blockOf(u),
        () => vector(s),
        () => blockOf(vT),
      );
    }
    case "eigh": {
      // By columns, as the function wants it; its vectors come out as rows.
      const vectors = copyOf(arena, transposed(finite(matrixOf(arena, first), "eigh(…)")));
      const values = eigh(vectors.data, vectors.rows);
      return chosen(
        () => vector(values),
        () => blockOf(copyOf(arena, transposed(vectors))),
      );
    }
    case "lstsq": {
      const made = leastSquares(arena, finite(matrixOf(arena, first), "lstsq(…)"), fn);
      return chosen(
        () => blockOf(made.x),
        () => vector(made.residuals),
        () => scalar(made.rank),
        () => vector(made.s),
      );
    }
    case "edges":
      return [edges(arena, numberOf(arena, first), numberOf(arena, second), fn.bins)];
    case "quantile": {
      const made = new Float64Array(fn.q.length);
      quantiles(arena.view(first.dtype, first.address, sizeOf(first.shape)) as TypedArray, made, fn.q, fn.method); // of any dtype
      return [vector(made)];
    }
    case "selected": {
      const known = arena.view("uint64", first.address, sizeOf(first.shape));
      return [vector(selectedQuantiles(known, fn))];
    }
  }
}

/** float64 blocks of any shapes as one vector. */
function endToEnd(arena: Arena, blocks: readonly Block[]): Block {
  const sizes = blocks.map(({ shape }) => sizeOf(shape));
  const all = arena.block("float64", [sizes.reduce((sum, size) => sum + size, 0)]);
  const copy = arena.kernel.copy2d(8);
  let to = all.address;
  for (const [i, block] of blocks.entries()) {
    copy(block.address, 0, 8, to, 0, 8, 1, sizes[i]);
    to += 8 * sizes[i];
    arena.release(block);
  }
  return all;
}

function solved(arena: Arena, a: Matrix, b: Block): Block {
  const factors = luInPlace(arena, a);
  if (factors.singular >= 0)
    throw new MatrixError(`The matrix is singular: pivot ${factors.singular} is 0.`, {
      fields: { pivot: factors.singular },
      fix: "use lstsq(a, b), which gives the best answer there is.",
    });
  const right = matrixOf(arena, b);
  solveFactored(arena, a, factors, right);
  return b;
}

/** The sign, the logarithm of the absolute value, and the determinant. */
function determinant(arena: Arena, a: Matrix): readonly [number, number, number] {
  const { swaps } = luInPlace(arena, a);
  let sign = swaps % 2 === 0 ? 1 : -1;
  let [logarithm, value] = [0, sign];
  for (let i = 0; i < a.rows; i++) {
    const pivot = a.data[i * a.row + i];
    sign *= Math.sign(pivot);
    logarithm += Math.log(Math.abs(pivot));
    value *= pivot;
  }
  return [sign, sign === 0 ? -Infinity : logarithm, value];
}

function finite(a: Matrix, what: string): Matrix {
  const found = firstNotFinite(a);
  if (found === undefined) return a;
  throw new MatrixError(`${what} expects finite numbers; element (${found.join(", ")}) is not.`, {
    fields: { row: found[0], column: found[1] },
    fix: 'replace what is NaN or infinite, as with where(x.map("isfinite"), x, 0).',
  });
}

/** numpy.histogram's edges: of equal values half a unit to either side. */
function edges(arena: Arena, least: number, most: number, bins: number): Block {
  if (!Number.isFinite(least) || !Number.isFinite(most))
    throw new OptionError(`histogram(…) cannot find its range: the elements reach from ${least} to ${most}.`, {
      fields: { range: [String(least), String(most)] },
      fix: "give one: histogram(x, { bins: 10, range: [0, 1] }).",
    });
  const [first, last] = least === most ? [least - 0.5, most + 0.5] : [least, most];
  const step = (last - first) / bins;
  const made = Float64Array.from({ length: bins + 1 }, (_, i) => first + i * step);
  made[bins] = last;
  return vectorBlock(arena, [bins + 1], made);
}

function numberOf(arena: Arena, { dtype, address }: Block): number {
  return Number((arena.view(dtype, address, 1) as TypedArray)[0]); // of any dtype
}

function vectorBlock(arena: Arena, shape: Shape, values: ArrayLike<number>): Block {
  if (values.length !== sizeOf(shape)) throw new InternalError("A result has another size than its shape.");
  const block = arena.block("float64", shape);
  new Float64Array(arena.kernel.memory.buffer, block.address, values.length).set(values);
  return block;
}
