import { OptionError, ShapeError } from "../../errors.ts";
import { knownKeys, wrong } from "../options.ts";
import { ChunkedArray, type AnyArray } from "./chunked-array.ts";
import { checkChunks, type ChunksOption } from "./chunks.ts";
import { fromArray } from "./from-array.ts";
import type { TypedArray } from "./dtype.ts";
import { makeLocal } from "./make-local.ts";
import type { Scalar } from "./make.ts";
import type { NDArray, Nested } from "./ndarray.ts";
import type { ArrayNode, Draw } from "./nodes.ts";
import { argsort } from "./order.ts";
import { checkSeed } from "./seed.ts";
import { checkShape, sizeOf, type Shape } from "./shape.ts";

/**
 * Choices and orders by chance. Unlike other random numbers these do not depend on chunks: each place of the result is a function of the seed and of where it
 * is (kernels/array/assembly/indexed.ts), so none needs the ones before it.
 */

export interface PermutationOptions {
  /** A whole number from 0 to 2^53 − 1. The same seed gives the same, whatever the chunks and whatever runs it. Default: another for each array. */
  readonly seed?: number;
  /** Of the axes that are chosen along; those that follow stay whole. Default "auto". */
  readonly chunks?: ChunksOption;
}

export interface ChoiceOptions extends PermutationOptions {
  /** Whether an element may be chosen again. Default true, as NumPy. */
  readonly replace?: boolean;
  /** How likely each element is: as many numbers, which add up to 1. Default: all alike. */
  readonly p?: readonly number[] | TypedArray | NDArray;
}

type Elements = AnyArray | NDArray | TypedArray | Nested<Scalar>;

/**
 * Elements of an array (rows, where it has more axes), or whole numbers from 0 up to, without, `a`, chosen by chance: in the given shape, followed by the axes of
 * a row. Without `replace` none comes twice, and the order is by chance too; with `p` then as if drawn one after the other, each by how likely it is among those
 * that are left (Efraimidis and Spirakis 2006). An array is read whole by each task.
 */
export function choice(a: number, shape: number | readonly number[], options?: ChoiceOptions): ChunkedArray<"int64">;
export function choice(a: Elements, shape: number | readonly number[], options?: ChoiceOptions): ChunkedArray;
export function choice(
  a: number | Elements,
  shape: number | readonly number[],
  options: ChoiceOptions = {},
): ChunkedArray {
  const what = "random.choice(…)";
  knownKeys(options, ["seed", "chunks", "replace", "p"], what);
  const wanted = checkShape(shape, what);
  const { count, elements } = populationOf(a, what);
  if (count === 0 && sizeOf(wanted) > 0)
    throw new OptionError(`${what} has nothing to choose from.`, { fix: "give at least one element." });
  const p = options.p === undefined ? undefined : likelihoods(options.p, count);
  const seed = checkSeed(options.seed, what);
  const make = options.replace === false ? withoutReplacing : withReplacing;
  return chosen(elements, wanted, options, (chunks) => make({ count, p, shape: wanted, chunks, seed }));
}

/** The elements of an array along its first axis, or the whole numbers from 0 up to, without, `x`, in an order of chance: each of all orders as likely. */
export function permutation(x: number, options?: PermutationOptions): ChunkedArray<"int64">;
export function permutation(x: Elements, options?: PermutationOptions): ChunkedArray;
export function permutation(x: number | Elements, options: PermutationOptions = {}): ChunkedArray {
  const what = "random.permutation(…)";
  knownKeys(options, ["seed", "chunks"], what);
  const { count, elements } = populationOf(x, what);
  const seed = checkSeed(options.seed, what);
  return chosen(elements, [count], options, (chunks) => drawn({ kind: "permuted", count }, [count], chunks, seed));
}

interface Population {
  readonly count: number;
  /** Absent where it is the whole numbers below `count`. */
  readonly elements?: AnyArray;
}

function populationOf(a: number | Elements, what: string): Population {
  if (typeof a === "number") {
    if (!Number.isSafeInteger(a) || a < 0) throw wrong(what, "a whole number of at least 0, or an array", a);
    return { count: a };
  }
  const elements = a instanceof ChunkedArray ? a : fromArray(a as NDArray, { chunks: -1 }); // any of what fromArray takes
  if (elements.ndim === 0)
    throw new ShapeError(`${what} expects an array of at least one axis, or a number; found one of shape ().`, {
      fields: { shapes: [[]] },
      fix: "give a list, or a plain number.",
    });
  return { count: elements.shape[0], elements };
}

/** What the indices say: themselves, or the rows with these numbers. */
function chosen(
  elements: AnyArray | undefined,
  shape: Shape,
  { chunks }: PermutationOptions,
  indices: (chunks: ArrayNode["chunks"]) => ArrayNode,
): ChunkedArray {
  const row = elements?.shape.slice(1) ?? [];
  const dtype = elements?.dtype ?? "int64";
  const own = chunks === undefined || chunks === "auto" || typeof chunks === "number" ? undefined : chunks;
  const option = own ?? shape.map(() => (typeof chunks === "number" ? chunks : ("auto" as const)));
  const cut = checkChunks([...option, ...row.map(() => -1)], [...shape, ...row], dtype);
  const places = indices(cut.slice(0, shape.length));
  if (elements === undefined) return new ChunkedArray(places);
  return new ChunkedArray(makeLocal([places, elements.rechunk(-1).node], { name: "pick" }, { dtype, chunks: cut }));
}

function drawn(draw: Draw, shape: Shape, chunks: ArrayNode["chunks"], seed: number): ArrayNode {
  return { op: "drawn", draw, seed, shape, dtype: draw.kind === "uniform" ? "float64" : "int64", chunks };
}

/** Which of `count` are chosen: how likely each is, and where they go. */
interface Choosing {
  readonly count: number;
  readonly p: Float64Array | undefined;
  readonly shape: Shape;
  readonly chunks: ArrayNode["chunks"];
  readonly seed: number;
}

function withReplacing({ count, p, shape, chunks, seed }: Choosing): ArrayNode {
  if (p === undefined) return drawn({ kind: "below", count }, shape, chunks, seed);
  let sum = 0;
  const sums = p.map((one) => (sum += one));
  // The last is 1 to the bit: uniform numbers lie below it.
  const ends = fromArray(sums.map((one) => one / sum), { chunks: -1 }); // prettier-ignore
  const uniform = drawn({ kind: "uniform" }, shape, chunks, seed);
  return makeLocal([uniform, ends.node], { name: "search", side: "right" }, { dtype: "int64", chunks });
}

function withoutReplacing({ count, p, shape, chunks, seed }: Choosing): ArrayNode {
  const wanted = sizeOf(shape);
  const there = p === undefined ? count : p.reduce((sum, one) => sum + Number(one > 0), 0);
  if (wanted > there)
    throw new OptionError(
      `random.choice(…) cannot choose ${wanted} of ${there}${p === undefined ? "" : " that have a chance"} without replacing.`,
      { fields: { wanted, found: there }, fix: "choose fewer, or leave out replace: false." },
    );
  if (p === undefined) return drawn({ kind: "permuted", count }, shape, chunks, seed);
  // Waiting times: who is twice as likely waits half as long.
  const uniform = new ChunkedArray(drawn({ kind: "uniform" }, [count], [[count]], seed));
  const times = uniform
    .neg()
    .map("log1p")
    .neg()
    .div(fromArray(p, { chunks: -1 }));
  return argsort(times).slice([0, wanted]).reshape(shape).rechunk(chunks).node;
}

/** As numpy: what rounding leaves of the sum may differ from 1 by the root of a float's precision. */
const SUM_WITHIN = 1.5e-8;

function likelihoods(p: NonNullable<ChoiceOptions["p"]>, count: number): Float64Array {
  const what = "random.choice(…) option p";
  const numbers = Float64Array.from(("data" in p ? p.data : p) as ArrayLike<number>, Number);
  if (numbers.length !== count) throw wrong(what, `${count} numbers, one for each element`, numbers.length);
  const bad = numbers.find((one) => !(one >= 0 && Number.isFinite(one)));
  if (bad !== undefined) throw wrong(what, "numbers that are not negative", bad);
  const sum = numbers.reduce((total, one) => total + one, 0);
  if (Math.abs(sum - 1) > SUM_WITHIN) throw wrong(what, "numbers that add up to 1", sum, "divide each by their sum.");
  return numbers;
}
