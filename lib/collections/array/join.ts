import { OptionError, ShapeError } from "../../errors.ts";
import { knownKeys, wrong } from "../options.ts";
import { ChunkedArray, nodeOf, operandOf, type Operand } from "./chunked-array.ts";
import { promote, type DType } from "./dtype.ts";
import { makeConcat } from "./make.ts";
import { makeMap } from "./make-map.ts";
import { makeBroadcast } from "./make-shape.ts";
import { checkAxis, checkShape, shapeText } from "./shape.ts";

/** The one dtype that all have; of several, whichever holds them. */
type Alike<D extends DType, All = D> = D extends unknown ? ([All] extends [D] ? D : DType) : never;

/** Joined along an axis that there is; the dtype holds all of them. @throws ShapeError */
export function concatenate<D extends DType>(
  arrays: readonly ChunkedArray<D, unknown>[],
  options: { readonly axis?: number } = {},
): ChunkedArray<Alike<D>> {
  checkList(arrays, "concatenate(…)");
  knownKeys(options, ["axis"], "concatenate(…)");
  const [first] = arrays;
  if (first === undefined)
    throw new OptionError("concatenate(…) expects at least one array.", { fix: "give a list of arrays." });
  const dtype = arrays.map((array): DType => array.dtype).reduce(promote);
  return new ChunkedArray(
    makeConcat(
      arrays.map(({ node }) => node),
      checkAxis(options.axis ?? 0, first.ndim, "concatenate(…)"),
      dtype,
    ),
  );
}

/** Joined along a new axis. @throws ShapeError where the shapes differ */
export function stack<D extends DType>(
  arrays: readonly ChunkedArray<D, unknown>[],
  options: { readonly axis?: number } = {},
): ChunkedArray<Alike<D>> {
  checkList(arrays, "stack(…)");
  knownKeys(options, ["axis"], "stack(…)");
  const axis = options.axis ?? 0;
  for (const { shape } of arrays)
    if (shapeText(shape) !== shapeText(arrays[0].shape))
      throw new ShapeError(
        `stack(…) expects arrays of one shape; found ${shapeText(arrays[0].shape)} and ${shapeText(shape)}.`,
        { fields: { shapes: [[...arrays[0].shape], [...shape]] }, fix: "broadcast or slice them first." },
      );
  return concatenate(
    arrays.map((array) => array.expandDims(axis)),
    { axis },
  );
}

/** @throws OptionError */
function checkList(arrays: unknown, what: string): void {
  if (!Array.isArray(arrays)) throw wrong(what, "a list of arrays", arrays, "put them into one: [a, b].");
  for (const array of arrays) nodeOf(array, what);
}

/** Where the condition is other than 0 elements of `a`, elsewhere those of `b`; shapes broadcast. */
export function where(condition: Operand, a: Operand, b: Operand): ChunkedArray {
  return new ChunkedArray(makeMap("where", [operandOf(condition), operandOf(a), operandOf(b)]));
}

/** Stretches axes of length 1, and new ones in front. */
export function broadcastTo<D extends DType>(
  array: ChunkedArray<D, unknown>,
  shape: readonly number[],
): ChunkedArray<D> {
  return new ChunkedArray(makeBroadcast(array.node, checkShape(shape, "broadcastTo(…)")));
}
